"""Undoing a merge: two leads again, as they were (domain rule 18)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from leads.models import Attempt, Company, EventType, FormerEmail, Lead, Merge, Note, StageChange
from leads.services.events import record_event
from leads.services.identity import current_id, find_by_email, lineage
from leads.services.leads import update_lead
from leads.services.unmerging import forget
from people.models import User
from sla.models import Clock, Escalation, Handoff
from sla.services.handoffs import reassign
from sla.services.merge import merge_leads
from sla.services.unmerge import undo_merge
from sla.timeline import Wish, story
from tests.cast import NOW, MakeLead
from tests.work import build_notice, build_work

LATER = NOW + timedelta(hours=1)
THEN = LATER + timedelta(minutes=1)


@pytest.fixture
def ana(make_lead: MakeLead) -> Lead:
    return make_lead(first_name="Ana", last_name="Nowak", email="ana@acme.example")


@pytest.fixture
def double(make_lead: MakeLead) -> Lead:
    return make_lead("mql", first_name="Anna", last_name="Nowak", email="a.nowak@acme.example", job_title="CTO")


def merge(winner: Lead, loser: Lead, **choices: str) -> Merge:
    return merge_leads(winner=winner, loser=loser, choices=choices, by=None, now=LATER)


def test_both_are_as_they_were(ana: Lead, double: Lead, owner: User) -> None:
    Note.objects.create(lead=double, author=owner, body="Hers")
    Note.objects.create(lead=ana, author=owner, body="Mine")
    columns = [field.attname for field in Lead._meta.concrete_fields if field.attname != "updated_at"]
    before = list(Lead.objects.order_by("pk").values_list(*columns))

    undone = undo_merge(merge=merge(ana, double, email="loser", first_name="loser"), by=owner, now=THEN)

    assert list(Lead.objects.order_by("pk").values_list(*columns)) == before
    assert undone.kept == []
    assert (double.notes.get().body, ana.notes.get().body) == ("Hers", "Mine")
    assert not FormerEmail.objects.exists()
    assert not StageChange.objects.exists()
    assert (current_id(double.pk), find_by_email("a.nowak@acme.example")) == (double.pk, double)
    record = Merge.objects.get()
    assert (record.undone_at, record.undone_by) == (THEN, owner)


def test_what_somebody_changed_since_stays_and_is_said(ana: Lead, double: Lead) -> None:
    record = merge(ana, double)
    update_lead(lead=ana, now=THEN, by=None, data={"job_title": "CEO"})

    undone = undo_merge(merge=record, by=None, now=THEN)

    ana.refresh_from_db()
    assert undone.kept == ["job_title"]
    assert (ana.job_title, undone.loser.job_title, ana.stage.key) == ("CEO", "CTO", "lead")


def test_what_happened_since_stays_with_the_winner(ana: Lead, double: Lead, owner: User) -> None:
    kind = EventType.objects.get(key="demo_requested")
    old, _new = record_event(lead=double, event_type=kind, occurred_at=NOW, now=NOW)
    record = merge(ana, double)
    new, _new = record_event(lead=double, event_type=kind, occurred_at=LATER, now=THEN)
    gone = Note.objects.create(lead=ana, author=owner, body="gone")
    gone.delete()

    undo_merge(merge=record, by=None, now=THEN)

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.lead, new.lead) == (double, ana)


@pytest.mark.parametrize(("due_in", "state"), [(1, "running"), (0, "cancelled"), (-1, "cancelled")])
def test_a_cancelled_clock_runs_again_unless_its_time_is_past(
    ana: Lead, double: Lead, owner: User, colleague: User, due_in: int, state: str
) -> None:
    mine = build_work(ana, owner, due_at=THEN + timedelta(hours=1))
    theirs = build_work(double, colleague, due_at=THEN + timedelta(seconds=due_in), next_level=2)
    notice = build_notice(theirs, colleague, state="pending")
    before = Clock.objects.filter(pk=theirs.pk).values().get()

    undone = undo_merge(merge=merge(ana, double), by=None, now=THEN)

    theirs.refresh_from_db()
    assert (theirs.state, undone.cancelled) == (state, 0 if state == "running" else 1)
    if state == "running":
        assert Clock.objects.filter(pk=theirs.pk).values().get() == before
        assert Escalation.objects.get().state == "recorded"
    notice.refresh_from_db()
    assert notice.state == "withdrawn"
    assert set(Handoff.objects.open().values_list("lead", "owner")) == {(ana.pk, owner.pk), (double.pk, colleague.pk)}
    mine.refresh_from_db()
    assert (mine.lead, mine.state) == (ana, "running")


def test_a_handoff_that_moved_goes_back_to_whoever_has_it_now(
    ana: Lead, double: Lead, owner: User, colleague: User, manager: User
) -> None:
    clock = build_work(double, owner, due_at=LATER)
    record = merge(ana, double)
    reassign(handoff=clock.handoff, to=colleague, by=manager, now=THEN)

    undone = undo_merge(merge=record, by=None, now=THEN)

    clock.refresh_from_db()
    ana.refresh_from_db()
    assert (clock.lead, clock.owner, clock.handoff.lead) == (double, colleague, double)
    assert undone.loser.owner == colleague


def test_an_owner_that_the_merge_chose_gives_back(ana: Lead, double: Lead, owner: User, colleague: User) -> None:
    clock = build_work(double, colleague, due_at=LATER + timedelta(hours=1))
    Lead.objects.filter(pk=ana.pk).update(owner=owner)

    undone = undo_merge(merge=merge(ana, double, owner="winner"), by=None, now=THEN)

    clock.refresh_from_db()
    ana.refresh_from_db()
    assert (undone.loser.owner, clock.owner, clock.handoff.owner, ana.owner) == (colleague, colleague, colleague, owner)


def test_refuse_twice_and_out_of_order(ana: Lead, double: Lead, make_lead: MakeLead) -> None:
    third, fourth = make_lead(last_name="Third"), make_lead(last_name="Fourth")
    first = merge(ana, double)
    second = merge(ana, third)
    into_other = merge(fourth, ana)

    for record in (first, second):
        with pytest.raises(ValidationError, match="undo that first"):
            undo_merge(merge=record, by=None, now=THEN)
    assert {current_id(lead.pk) for lead in (ana, double, third, fourth)} == {fourth.pk}

    for record in (into_other, second, first):
        undo_merge(merge=record, by=None, now=THEN)
    with pytest.raises(ValidationError, match="undone already"):
        undo_merge(merge=first, by=None, now=THEN)
    assert Lead.objects.filter(pk__in=[ana.pk, double.pk, third.pk, fourth.pk]).count() == 4


def test_refuse_when_the_address_is_somebody_elses_by_now(ana: Lead, double: Lead, make_lead: MakeLead) -> None:
    record = merge(ana, double)
    FormerEmail.objects.all().delete()
    make_lead(email="a.nowak@acme.example")

    with pytest.raises(ValidationError, match="e-mail address"):
        undo_merge(merge=record, by=None, now=THEN)
    assert not Lead.objects.filter(pk=double.pk).exists()


def test_what_is_erased_does_not_come_back(ana: Lead, double: Lead) -> None:
    record = merge(ana, double)
    assert lineage(ana.pk) == [ana.pk, double.pk]

    forget(lead_ids=[ana.pk])

    record.refresh_from_db()
    kept = Merge.objects.values_list("loser_name", "loser", "winner_before", "winner_after", "dropped").get()
    assert kept == ("", {}, {}, {}, {})
    assert not FormerEmail.objects.exists()
    assert story(ana, wish=Wish(group="stages")).items[0].undo_url == ""
    with pytest.raises(ValidationError, match="erased"):
        undo_merge(merge=record, by=None, now=THEN)


def test_a_company_that_is_gone_by_now_is_left_out(ana: Lead, double: Lead) -> None:
    company = Company.objects.create(name="Acme")
    Lead.objects.filter(pk=double.pk).update(company=company)
    record = merge(ana, double, company="winner")
    Company.objects.filter(pk=company.pk).delete()

    assert undo_merge(merge=record, by=None, now=THEN).loser.company is None


def test_later_stages_keep_the_merges_line(ana: Lead, double: Lead) -> None:
    from leads.models import LifecycleStage
    from leads.services.stages import StageMove, move_stages

    record = merge(ana, double)
    sql = LifecycleStage.objects.get(key="sql")
    move_stages(moves=[StageMove(ana.pk, sql.pk, "threshold")], now=THEN)

    undone = undo_merge(merge=record, by=None, now=THEN)

    ana.refresh_from_db()
    assert ana.stage == sql
    assert undone.kept == ["stage"]
    assert ana.stage_changes.count() == 2


def test_an_attempt_since_the_merge_keeps_its_clock_met(ana: Lead, double: Lead, owner: User) -> None:
    from sla.services.attempts import log_attempt

    clock = build_work(double, owner, due_at=LATER + timedelta(minutes=2))
    record = merge(ana, double)
    log_attempt(lead=ana, user=owner, channel="call", outcome="connected", occurred_at=THEN, now=THEN)

    undo_merge(merge=record, by=None, now=THEN)

    clock.refresh_from_db()
    assert (clock.lead, clock.state, Attempt.objects.get().lead) == (double, "met", ana)
