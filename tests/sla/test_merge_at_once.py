"""Merges at the same moment as everything else: nobody waits for ever, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from leads.imports import mapping, run, staging
from leads.imports.report import Report
from leads.models import ChangedLead, Event, EventType, Lead, Merge, Note, StageChange
from leads.services.events import record_event
from leads.services.leads import create_lead, update_lead
from leads.services.notes import add_note
from people.models import User
from scoring.models import LeadScore
from sla import flow
from sla.services import merge as merging
from sla.services.attempts import log_attempt
from sla.services.merge import merge_leads
from sla.services.unmerge import undo_merge
from tests.cast import NOW, MakeLead
from tests.leads.importing import PEOPLE
from tests.sla.build import build_model, build_policy, build_routing, request_demo

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LATER = NOW + timedelta(hours=1)


class Crowd:
    """Threads with a connection each; what they raise is shown."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.threads: list[threading.Thread] = []

    def start(self, act: Callable[[], Any]) -> None:
        def work() -> None:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
                self.errors.append(error)
            finally:
                connection.close()

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def wait(self) -> list[Exception]:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "somebody waits for ever"
        return self.errors


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture
def ana(make_lead: MakeLead) -> Lead:
    return make_lead(first_name="Ana", email="ana@acme.example")


@pytest.fixture
def double(make_lead: MakeLead) -> Lead:
    return make_lead(first_name="Anna", email="anna@acme.example")


def merge(winner: Lead, loser: Lead) -> Merge:
    return merge_leads(winner=winner, loser=loser, choices={}, by=None, now=LATER)


def held_up() -> bool:
    """Whether somebody waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def while_merging(crowd: Crowd, winner: Lead, loser: Lead, *acts: Callable[[], Any]) -> list[Exception]:
    """Start the acts while a merge is done but not committed; it commits once they wait."""
    with transaction.atomic():
        merge(winner, loser)
        for act in acts:
            crowd.start(act)
        until(held_up)
    return crowd.wait()


def test_two_merges_of_one_pair_make_one(ana: Lead, double: Lead, crowd: Crowd) -> None:
    start = threading.Barrier(2)

    def act(winner: Lead, loser: Lead) -> None:
        start.wait()
        merge(winner, loser)

    crowd.start(lambda: act(ana, double))
    crowd.start(lambda: act(double, ana))
    errors = crowd.wait()
    assert [type(error) for error in errors] == [ValidationError]
    assert (Merge.objects.count(), Lead.objects.count()) == (1, 1)


def test_what_is_recorded_for_the_loser_meanwhile_lands_on_the_winner(
    ana: Lead, double: Lead, owner: User, crowd: Crowd
) -> None:
    kind = EventType.objects.get(key="demo_requested")
    errors = while_merging(
        crowd,
        ana,
        double,
        lambda: record_event(lead=double, event_type=kind, occurred_at=NOW, now=LATER),
        lambda: add_note(lead=double, author=owner, body="Called back", now=LATER),
        lambda: log_attempt(lead=double, user=owner, channel="call", outcome="no_answer", occurred_at=NOW, now=LATER),
        lambda: update_lead(lead=double, now=LATER, by=owner, data={"job_title": "CTO"}),
    )
    assert errors == []
    ana.refresh_from_db()
    assert (Event.objects.get().lead, Note.objects.get().lead, ana.attempts.count()) == (ana, ana, 1)
    assert ana.job_title == "CTO"
    assert set(ChangedLead.objects.values_list("lead", flat=True)) == {ana.pk}


def test_an_event_that_is_just_being_recorded_moves_too(ana: Lead, double: Lead, crowd: Crowd) -> None:
    kind = EventType.objects.get(key="demo_requested")
    with transaction.atomic():
        record_event(lead=double, event_type=kind, occurred_at=NOW, now=LATER)
        crowd.start(lambda: merge(ana, double))
        until(held_up)
    assert crowd.wait() == []
    assert Event.objects.get().lead == ana


def test_a_lead_made_by_the_losers_address_meanwhile_is_refused(ana: Lead, double: Lead, crowd: Crowd) -> None:
    data: Any = {"email": "anna@acme.example"}
    errors = while_merging(crowd, ana, double, lambda: create_lead(now=LATER, by=None, data=data))
    assert [type(error) for error in errors] == [ValidationError]
    assert "email" in errors[0].message_dict  # type: ignore[attr-defined]  # it is a ValidationError
    assert Lead.objects.count() == 1


def test_a_merge_during_an_import_loses_nothing(ana: Lead, double: Lead, tmp_path: Path, crowd: Crowd) -> None:
    """The batch has matched its row with the loser when the merge commits: it begins again, and finds the winner."""
    file, told = tmp_path / "leads.csv", tmp_path / "mapping.toml"
    rows = "".join(f"n{n}@other.example,N,{n},\n" for n in range(200))
    file.write_text(f"E-mail,First,Last,Title\n{rows}anna@acme.example,Anna,Nowak,Head of IT\n")
    told.write_text(PEOPLE + '"Title" = "job_title"\n')
    report = Report()

    def bring_in() -> None:
        run.run(run.Order(file, mapping.load(told), timezone.now(), batch=500), report=report)

    assert while_merging(crowd, ana, double, bring_in) == []
    ana.refresh_from_db()
    assert (report.created, report.updated, report.rejected) == (200, 1, 0)
    assert (ana.job_title, ana.email, Lead.objects.count()) == ("Head of IT", "ana@acme.example", 201)


def test_many_merges_during_a_large_import_lose_nothing(make_lead: MakeLead, tmp_path: Path, crowd: Crowd) -> None:
    pairs = [
        (make_lead(email=f"w{n}@acme.example"), make_lead(email=f"l{n}@acme.example", job_title="")) for n in range(20)
    ]
    file, told = tmp_path / "leads.csv", tmp_path / "mapping.toml"
    rows = "".join(f"l{n}@acme.example,L,{n},Title {n}\n" for n in range(20))
    file.write_text("E-mail,First,Last,Title\n" + rows)
    told.write_text(PEOPLE + '"Title" = "job_title"\n')
    report = Report()
    crowd.start(lambda: run.run(run.Order(file, mapping.load(told), timezone.now(), batch=3), report=report))
    crowd.start(lambda: [merge(*pair) for pair in pairs[:10]])
    crowd.start(lambda: [merge(*pair) for pair in reversed(pairs[10:])])
    assert crowd.wait() == []
    assert report.rejected == 0
    titles = dict(Lead.objects.values_list("email", "job_title"))
    assert titles == {f"w{n}@acme.example": f"Title {n}" for n in range(20)}


def test_an_import_that_holds_the_loser_is_waited_for(ana: Lead, double: Lead, crowd: Crowd) -> None:
    with transaction.atomic():
        staging.lock()
        list(Lead.objects.filter(pk=double.pk).select_for_update(no_key=True))
        crowd.start(lambda: merge(ana, double))
        until(held_up)
        Lead.objects.filter(pk=double.pk).update(job_title="Said by the import")
    assert crowd.wait() == []
    ana.refresh_from_db()
    assert ana.job_title == "Said by the import"


def test_merging_while_the_flow_scores_and_hands_over(make_lead: MakeLead, owner: User, crowd: Crowd) -> None:
    build_model()
    build_policy()
    assert owner.team is not None
    build_routing(owner.team)
    pairs = [(make_lead(country="Spain"), make_lead(country="Spain")) for _n in range(15)]
    for pair in pairs:
        for lead in pair:
            request_demo(lead, NOW)

    def drain() -> None:
        for _round in range(30):
            flow.run(now=LATER, limit=7)

    crowd.start(drain)
    crowd.start(drain)
    crowd.start(lambda: [merge(*pair) for pair in pairs])
    assert crowd.wait() == []
    flow.run(now=LATER)
    winners = {pair[0].pk for pair in pairs}
    assert set(Lead.objects.values_list("pk", flat=True)) == winners
    assert set(LeadScore.objects.values_list("lead", flat=True)) == winners
    assert Event.objects.filter(lead__in=winners).count() == 30
    assert not ChangedLead.objects.exists()
    assert set(StageChange.objects.values_list("lead", flat=True)) <= winners
    for winner in Lead.objects.select_related("stage"):
        assert winner.stage.key == "mql"
        assert winner.handoffs.filter(closed_at=None).count() == 1
        assert winner.clocks.filter(state="running").count() == 1


def test_two_undo_at_once(ana: Lead, double: Lead, crowd: Crowd) -> None:
    record = merge(ana, double)
    start = threading.Barrier(2)

    def act() -> None:
        start.wait()
        undo_merge(merge=record, by=None, now=LATER)

    crowd.start(act)
    crowd.start(act)
    assert [type(error) for error in crowd.wait()] == [ValidationError]
    assert Lead.objects.count() == 2


def test_who_waited_crosswise_begins_again(ana: Lead, double: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    class DeadlockError(Exception):
        sqlstate = "40P01"

    tries: list[int] = []
    hold = merging.hold

    def once(lead_ids: list[int]) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("deadlock detected") from DeadlockError()
        return hold(lead_ids)

    monkeypatch.setattr(merging, "hold", once)
    merge(ana, double)
    assert len(tries) == 2
