"""The main flow: facts → score → stage → hand-off → clock, once, in batches, whatever fails."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError, connection

from leads.models import ChangedLead, LifecycleStage, StageChange
from leads.services.queue import mark_changed
from leads.services.stages import move_by_hand
from scoring.models import LeadScore, ScoringModel
from scoring.services.score import score_leads
from sla import flow
from sla.models import Clock, Handoff
from tests.cast import NOW, build_lead, build_user
from tests.sla.build import build_model, build_policy, build_routing, request_demo

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import Team, User
    from tests.cast import MakeLead

pytestmark = pytest.mark.django_db


def drain(now: datetime, limit: int = 500) -> flow.FlowResult:
    return flow.run(now=now, limit=limit)


@pytest.fixture
def ready(sales_team: Team) -> None:
    build_model()
    build_routing(sales_team)
    build_policy(seconds=300)


def test_nothing_changed_does_nothing(ready: None, now: datetime) -> None:
    assert drain(now) == flow.FlowResult()


def test_a_demo_request_goes_straight_to_an_sdr_with_a_clock(
    ready: None, owner: User, make_lead: MakeLead, now: datetime
) -> None:
    lead = make_lead()
    request_demo(lead, now)

    result = drain(now)

    lead.refresh_from_db()
    assert (result.scored, result.moved, result.handed_off, result.clocks) == (1, 1, 1, 1)
    assert lead.stage.key == "mql"
    assert lead.owner == owner
    change = StageChange.objects.get(lead=lead)
    assert (change.reason, change.detail, change.version) == ("decisive", "Asked for a demo", "Scoring 1")
    clock = Clock.objects.get(lead=lead)
    assert clock.owner == owner
    assert clock.due_at == now + timedelta(minutes=5)
    assert clock.next_at == clock.due_at
    assert not ChangedLead.objects.exists()


def test_a_threshold_moves_and_hands_over_with_the_explanation(
    ready: None, owner: User, make_lead: MakeLead, now: datetime
) -> None:
    lead = make_lead("subscriber", country="Spain")
    mark_changed(lead_ids=[lead.pk], now=now)

    drain(now)

    handoff = Handoff.objects.get(lead=lead)
    assert handoff.owner == owner
    assert handoff.model == ScoringModel.objects.published()
    assert handoff.explanation["total"] == 30
    assert [(line["name"], line["points"]) for line in handoff.explanation["lines"]] == [("In Spain", 30)]
    assert handoff.stage_change is not None
    assert (handoff.stage_change.reason, handoff.stage_change.detail) == ("threshold", "30")
    assert handoff.stage_change == StageChange.objects.get(lead=lead, reason=StageChange.Reason.THRESHOLD)


def test_just_below_the_threshold_stays(ready: None, owner: User, make_lead: MakeLead, now: datetime) -> None:
    lead = make_lead("lead", country="France")
    mark_changed(lead_ids=[lead.pk], now=now)

    result = drain(now)

    lead.refresh_from_db()
    assert (result.scored, result.moved) == (1, 0)
    assert lead.stage.key == "lead"
    assert LeadScore.objects.get(lead=lead).total == 0


def test_the_second_run_changes_nothing(ready: None, owner: User, make_lead: MakeLead, now: datetime) -> None:
    lead = make_lead(country="Spain")
    mark_changed(lead_ids=[lead.pk, lead.pk], now=now)
    mark_changed(lead_ids=[lead.pk], now=now)
    drain(now)

    mark_changed(lead_ids=[lead.pk], now=now)
    again = drain(now + timedelta(minutes=1))

    assert (again.moved, again.handed_off, again.clocks) == (0, 0, 0)
    assert Handoff.objects.count() == Clock.objects.count() == StageChange.objects.count() == 1


def test_a_lead_moved_by_hand_is_handed_over_too(
    ready: None, owner: User, marketer: User, make_lead: MakeLead, now: datetime
) -> None:
    lead = make_lead()
    move_by_hand(
        lead=lead, to_stage=LifecycleStage.objects.get(key="mql"), by=marketer, reason="Met at the fair", now=now
    )

    drain(now)

    assert Handoff.objects.get(lead=lead).owner == owner


def test_before_any_model_is_published_a_lead_moved_by_hand_is_handed_over(
    sales_team: Team, owner: User, marketer: User, make_lead: MakeLead, now: datetime
) -> None:
    build_routing(sales_team)
    build_policy(seconds=300)
    lead = make_lead()
    move_by_hand(
        lead=lead, to_stage=LifecycleStage.objects.get(key="mql"), by=marketer, reason="Met at the fair", now=now
    )

    result = drain(now)

    assert (result.handed_off, result.clocks, result.set_aside) == (1, 1, 0)
    handoff = Handoff.objects.get(lead=lead)
    assert (handoff.owner, handoff.model, handoff.explanation) == (owner, None, {})


def test_an_imported_stage_opens_no_handoff(ready: None, owner: User, make_lead: MakeLead, now: datetime) -> None:
    lead = make_lead("mql")
    StageChange.objects.create(lead=lead, to_stage=lead.stage, changed_at=now, reason=StageChange.Reason.IMPORTED)
    mark_changed(lead_ids=[lead.pk], now=now)

    assert drain(now).handed_off == 0


def test_a_disqualified_lead_is_left_alone(ready: None, owner: User, make_lead: MakeLead, now: datetime) -> None:
    lead = make_lead(country="Spain", status="disqualified")
    mark_changed(lead_ids=[lead.pk], now=now)

    assert (drain(now).moved, Handoff.objects.count()) == (0, 0)


def test_being_handed_off_wakes_a_nurtured_lead(ready: None, owner: User, make_lead: MakeLead, now: datetime) -> None:
    lead = make_lead(country="Spain", status="nurturing")
    mark_changed(lead_ids=[lead.pk], now=now)

    drain(now)

    lead.refresh_from_db()
    assert lead.status.key == "new"


def test_without_a_published_model_leads_wait_in_their_stage(owner: User, make_lead: MakeLead, now: datetime) -> None:
    lead = make_lead(country="Spain")
    mark_changed(lead_ids=[lead.pk], now=now)

    assert drain(now).moved == 0
    assert not ChangedLead.objects.exists()


def test_many_leads_are_shared_out_evenly_over_batches(
    ready: None, owner: User, colleague: User, sales_team: Team, make_lead: MakeLead, now: datetime
) -> None:
    build_user("Third", team=sales_team)
    leads = [make_lead(country="Spain") for _ in range(20)]
    mark_changed(lead_ids=[lead.pk for lead in leads], now=now)

    while drain(now, limit=6).drained:
        pass

    counts = Counter(Handoff.objects.values_list("owner", flat=True))
    assert sum(counts.values()) == 20
    assert max(counts.values()) - min(counts.values()) <= 1


def test_one_bad_lead_is_set_aside_and_the_others_go_on(
    ready: None, owner: User, make_lead: MakeLead, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, also_good = (make_lead(country="Spain") for _ in range(3))
    mark_changed(lead_ids=[good.pk, bad.pk, also_good.pk], now=now)
    real = score_leads

    def fail_on_bad(*, lead_ids: list[int], now: datetime) -> int:
        if bad.pk in lead_ids:
            raise ValueError("numbers that make no sense")
        return real(lead_ids=lead_ids, now=now)

    monkeypatch.setattr(flow, "score_leads", fail_on_bad)
    result = drain(now)

    assert (result.handed_off, result.set_aside) == (2, 1)
    mark = ChangedLead.objects.get()
    assert (mark.lead, mark.set_aside_at, mark.error) == (bad, now, "ValueError: numbers that make no sense")
    assert drain(now).drained == 0


def test_trouble_of_the_server_sets_no_lead_aside(
    ready: None, owner: User, make_lead: MakeLead, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_changed(lead_ids=[make_lead(country="Spain").pk], now=now)

    def deadlocked(**_: object) -> int:
        raise OperationalError("deadlock detected")

    with monkeypatch.context() as patch:
        patch.setattr(flow, "score_leads", deadlocked)
        with pytest.raises(OperationalError):
            drain(now)

    assert drain(now).handed_off == 1


def test_a_crash_before_commit_leaves_everything_as_it_was(
    ready: None, owner: User, make_lead: MakeLead, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = make_lead(country="Spain")
    mark_changed(lead_ids=[lead.pk], now=now)

    def killed(**_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(flow, "start_clocks", killed)
        with pytest.raises(SystemExit):
            drain(now)

    lead.refresh_from_db()
    assert (lead.stage.key, lead.owner, Handoff.objects.count()) == ("lead", None, 0)
    assert drain(now).clocks == 1


def test_a_returned_lead_does_not_bounce_on_old_behaviour(
    ready: None, owner: User, make_lead: MakeLead, now: datetime
) -> None:
    lead = make_lead(status="returned", behaviour_from=now)
    request_demo(lead, now)
    assert drain(now).moved == 0

    request_demo(lead, now + timedelta(days=1))
    assert drain(now + timedelta(days=1)).handed_off == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_hand_every_lead_over_once(ready: None, owner: User, colleague: User) -> None:
    leads = [build_lead(country="Spain") for _ in range(60)]
    for _ in range(3):
        mark_changed(lead_ids=[lead.pk for lead in leads], now=NOW)

    def work(_: int) -> int:
        try:
            handed, result = 0, flow.run(now=NOW, limit=7)
            while result.drained:
                handed, result = handed + result.handed_off, flow.run(now=NOW, limit=7)
            return handed
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        handed = sum(pool.map(work, range(4)))

    assert handed == Handoff.objects.count() == Clock.objects.count() == StageChange.objects.count() == 60
    assert set(Counter(Handoff.objects.values_list("owner", flat=True)).values()) == {30}
    assert not ChangedLead.objects.exists()
