"""One person, one lead: what a merge keeps, moves, stops and records (domain rule 18)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from leads.models import (
    ChangedLead,
    Event,
    EventType,
    ExternalId,
    ForbiddenMove,
    FormerEmail,
    Lead,
    LifecycleStage,
    Merge,
    Note,
    StageChange,
)
from leads.services.events import record_event
from leads.services.identity import current_id, find_by_email
from leads.services.leads import create_lead
from leads.services.merging import SEEN_TO
from leads.services.moving import links
from people.models import Team, User
from scoring.models import LeadScore
from sla import flow
from sla.models import Clock, Escalation, Handoff
from sla.services.attempts import log_attempt
from sla.services.merge import merge_leads
from sla.services.unmerge import undo_merge
from tests.cast import NOW, MakeLead
from tests.sla.build import build_model, build_routing
from tests.work import build_notice, build_work

LATER = NOW + timedelta(hours=1)


def merge(winner: Lead, loser: Lead, by: User | None = None, **choices: str) -> Merge:
    named = {name.replace("__", "."): side for name, side in choices.items()}
    return merge_leads(winner=winner, loser=loser, choices=named, by=by, now=LATER)


@pytest.fixture
def ana(make_lead: MakeLead, owner: User) -> Lead:
    return make_lead(first_name="Ana", last_name="Nowak", email="ana@acme.example", phone="+34 600 100 200")


@pytest.fixture
def double(make_lead: MakeLead) -> Lead:
    return make_lead(
        "mql", first_name="Anna", last_name="Nowak", email="a.nowak@acme.example", phone="", job_title="Head of IT"
    )


def test_the_winners_word_stays_and_the_losers_fills_what_is_empty(ana: Lead, double: Lead) -> None:
    merge(ana, double)

    ana.refresh_from_db()
    assert (ana.first_name, ana.phone, ana.job_title) == ("Ana", "+34 600 100 200", "Head of IT")
    assert not Lead.objects.filter(pk=double.pk).exists()


def test_a_choice_per_field(ana: Lead, double: Lead) -> None:
    Lead.objects.filter(pk=ana.pk).update(custom={"size": "S", "room": "12"})
    Lead.objects.filter(pk=double.pk).update(custom={"size": "L", "seats": 4})

    merge(ana, double, first_name="loser", custom__size="loser", job_title="winner")

    ana.refresh_from_db()
    assert (ana.first_name, ana.job_title) == ("Anna", "")
    assert ana.custom == {"size": "L", "room": "12", "seats": 4}


@pytest.mark.parametrize("choices", [{"first_name": "both"}, {"shoe_size": "loser"}, {"custom.none": "winner"}])
def test_refuse_a_choice_there_is_none_of(ana: Lead, double: Lead, choices: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        merge_leads(winner=ana, loser=double, choices=choices, by=None, now=LATER)
    assert Lead.objects.filter(pk=double.pk).exists()


def test_refuse_oneself_and_who_is_gone(ana: Lead, double: Lead) -> None:
    with pytest.raises(ValidationError, match="itself"):
        merge(ana, ana)
    merge(ana, double)
    with pytest.raises(ValidationError, match="gone"):
        merge(ana, double)
    assert Merge.objects.count() == 1


@pytest.mark.parametrize("winner_withdrew", [True, False])
def test_a_withdrawal_and_a_do_not_flag_are_never_lost(ana: Lead, double: Lead, winner_withdrew: bool) -> None:
    strict, other = (ana, double) if winner_withdrew else (double, ana)
    Lead.objects.filter(pk=strict.pk).update(consent="withdrawn", consent_at=NOW, do_not_call=True)
    Lead.objects.filter(pk=other.pk).update(consent="granted", consent_at=LATER, do_not_email=True)

    merge(ana, double, consent="loser" if winner_withdrew else "winner")

    ana.refresh_from_db()
    assert (ana.consent, ana.consent_at) == ("withdrawn", NOW)
    assert (ana.do_not_call, ana.do_not_email) == (True, True)


def test_the_further_stage_wins_and_its_history_says_why(ana: Lead, double: Lead, manager: User) -> None:
    merge(ana, double, manager)

    ana.refresh_from_db()
    change = StageChange.objects.get(lead=ana)
    assert (ana.stage.key, change.to_stage.key, change.reason) == ("mql", "mql", "merged")
    assert (change.detail, change.by) == ("Anna Nowak", manager)


@pytest.mark.parametrize("closed", ["forbidden", "retired"])
def test_a_merge_takes_the_further_stage_whatever_moves_are_allowed(ana: Lead, double: Lead, closed: str) -> None:
    if closed == "forbidden":
        ForbiddenMove.objects.create(from_stage=ana.stage, to_stage=double.stage)
    else:
        LifecycleStage.objects.filter(pk=double.stage_id).update(is_active=False)

    record = merge(ana, double)

    ana.refresh_from_db()
    change = StageChange.objects.get(lead=ana)
    assert (ana.stage, ana.stage_since, change.reason) == (double.stage, double.stage_since, "merged")
    undo_merge(merge=record, by=None, now=LATER)
    ana.refresh_from_db()
    assert ana.stage.key == "lead"


def test_a_returned_lead_does_not_bounce_back_by_a_merge(ana: Lead, double: Lead) -> None:
    Lead.objects.filter(pk=double.pk).update(behaviour_from=NOW, captured_at=NOW - timedelta(days=9))
    merge(ana, double)
    ana.refresh_from_db()
    assert (ana.behaviour_from, ana.captured_at) == (NOW, NOW - timedelta(days=9))


def test_the_other_address_finds_the_winner_and_makes_no_new_lead(ana: Lead, double: Lead) -> None:
    merge(ana, double)

    assert find_by_email(" A.Nowak@ACME.example ") == ana
    assert find_by_email("ana@acme.example") == ana
    assert find_by_email("") is None
    with pytest.raises(ValidationError) as refused:
        create_lead(now=LATER, by=None, data={"email": "a.nowak@acme.example"})
    assert "email" in refused.value.message_dict
    assert current_id(double.pk) == ana.pk


def test_an_address_is_one_persons_says_the_database(ana: Lead, double: Lead) -> None:
    merge(ana, double, email="loser")

    ana.refresh_from_db()
    assert ana.email == "a.nowak@acme.example"
    assert FormerEmail.objects.get().email == "ana@acme.example"
    for act in (
        lambda: Lead.objects.filter(pk=ana.pk).update(email="ana@acme.example"),
        lambda: FormerEmail.objects.create(lead=ana, email="a.nowak@acme.example"),
        lambda: FormerEmail.objects.create(lead=ana, email="Upper@acme.example"),
        lambda: FormerEmail.objects.create(lead=ana, email="ana@acme.example"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_every_table_that_points_to_a_lead_moves_or_is_seen_to(ana: Lead, double: Lead, owner: User) -> None:
    """A new table needs nothing done here, unless what must be unique in it cannot be compared by its fields."""
    for link in links(Lead):
        if link.label in SEEN_TO:
            continue
        for rule in link.model._meta.constraints:
            expressions = getattr(rule, "expressions", ())
            assert not any(link.field.name in repr(one) for one in expressions), (link.name, rule.name)
    _everything(double, owner)

    record = merge(ana, double)

    left = {link.name: link.model._base_manager.filter(**{link.field.name: double.pk}).count() for link in links(Lead)}
    assert not any(left.values()), left
    assert {
        "leads.event.lead",
        "leads.attempt.lead",
        "leads.note.lead",
        "leads.externalid.lead",
        "leads.stagechange.lead",
        "sla.handoff.lead",
        "sla.clock.lead",
    } <= record.moved.keys()


def test_two_numbers_in_one_system_are_both_the_winners(ana: Lead, double: Lead) -> None:
    ExternalId.objects.create(lead=ana, system="crm", value="1")
    ExternalId.objects.create(lead=double, system="crm", value="2")
    merge(ana, double)
    assert set(ana.external_ids.values_list("system", "value")) == {("crm", "1"), ("crm", "2")}


def test_an_event_keeps_its_key_so_that_it_is_not_counted_twice(ana: Lead, double: Lead) -> None:
    kind = EventType.objects.get(key="demo_requested")
    told: dict[str, Any] = {"event_type": kind, "occurred_at": NOW, "now": NOW, "idempotency_key": "k1"}
    first, _new = record_event(lead=double, **told)
    merge(ana, double)
    again, new = record_event(lead=ana, **told)
    assert (again.pk, new, again.lead_id) == (first.pk, False, ana.pk)


def test_a_fact_that_comes_for_the_loser_lands_on_the_winner(ana: Lead, double: Lead) -> None:
    merge(ana, double)
    kind = EventType.objects.get(key="demo_requested")
    event, _new = record_event(lead=double, event_type=kind, occurred_at=NOW, now=LATER)
    assert event.lead_id == ana.pk


def test_the_winner_is_scored_anew_and_the_losers_score_is_gone(ana: Lead, double: Lead) -> None:
    build_model()
    flow.run(now=NOW)
    for lead in (ana, double):
        ChangedLead.objects.create(lead=lead)
    flow.run(now=NOW)
    merge(ana, double)
    assert set(LeadScore.objects.values_list("lead", flat=True)) == {ana.pk}
    assert set(ChangedLead.objects.values_list("lead", flat=True)) == {ana.pk}


def test_both_in_hand_the_winners_promise_stays_and_the_losers_stops(
    ana: Lead, double: Lead, owner: User, colleague: User
) -> None:
    mine = build_work(ana, owner, due_at=LATER + timedelta(minutes=5))
    theirs = build_work(double, colleague, due_at=LATER + timedelta(minutes=2))
    notice = build_notice(theirs, colleague, state="pending")

    merge(ana, double)

    mine.refresh_from_db()
    theirs.refresh_from_db()
    notice.refresh_from_db()
    ana.refresh_from_db()
    assert (mine.state, mine.next_at) == ("running", mine.level_at[0])
    assert (theirs.state, theirs.stopped_at, theirs.next_at) == ("cancelled", LATER, None)
    assert (notice.state, Escalation.objects.get().state) == ("withdrawn", "withdrawn")
    assert Handoff.objects.get(closed_at__isnull=True) == mine.handoff
    assert Handoff.objects.get(closed_at=LATER) == theirs.handoff
    assert set(Clock.objects.values_list("lead", flat=True)) == {ana.pk}
    assert ana.owner == owner


def test_only_the_loser_in_hand_its_clock_runs_on_as_it_was(ana: Lead, double: Lead, colleague: User) -> None:
    clock = build_work(double, colleague, due_at=LATER + timedelta(minutes=2), next_level=2)
    before = (clock.started_at, clock.warn_at, clock.due_at, clock.level_at, clock.next_level, clock.next_at)

    merge(ana, double)

    clock.refresh_from_db()
    ana.refresh_from_db()
    after = (clock.started_at, clock.warn_at, clock.due_at, clock.level_at, clock.next_level, clock.next_at)
    assert (clock.lead, clock.state, clock.owner, clock.handoff.lead) == (ana, "running", colleague, ana)
    assert after == before
    assert ana.owner == colleague


def test_the_owner_that_was_chosen_has_lead_handoff_and_clock(
    ana: Lead, double: Lead, owner: User, colleague: User, manager: User
) -> None:
    clock = build_work(double, colleague, due_at=LATER + timedelta(minutes=2))
    Lead.objects.filter(pk=ana.pk).update(owner=owner)

    merge(ana, double, manager, owner="winner")

    clock.refresh_from_db()
    ana.refresh_from_db()
    assert (ana.owner, clock.owner, clock.handoff.owner) == (owner, owner, owner)


def test_the_owner_of_whoever_is_in_hand_is_no_choice_that_hands_over_anew(
    ana: Lead, double: Lead, ae: User, sales_team: Team
) -> None:
    clock = build_work(double, None, due_at=LATER, team=sales_team)
    Lead.objects.filter(pk=double.pk).update(owner=ae)
    merge(ana, double, owner="loser")
    clock.refresh_from_db()
    assert (clock.owner, clock.handoff.owner) == (None, None)


def test_refuse_an_owner_who_cannot_take_leads(ana: Lead, double: Lead, owner: User, ae: User) -> None:
    build_work(double, owner, due_at=LATER)
    Lead.objects.filter(pk=ana.pk).update(owner=ae)
    with pytest.raises(ValidationError) as refused:
        merge(ana, double, owner="winner")
    assert "owner" in refused.value.message_dict
    assert Lead.objects.filter(pk=double.pk).exists()


def test_a_lead_that_was_handed_over_is_not_handed_over_again(ana: Lead, double: Lead, owner: User) -> None:
    clock = build_work(double, owner, due_at=LATER)
    log_attempt(lead=double, user=owner, channel="call", outcome="connected", occurred_at=NOW, now=NOW)
    Handoff.objects.filter(pk=clock.handoff_id).update(closed_at=NOW)
    build_model()
    assert owner.team is not None
    build_routing(owner.team)
    merge(ana, double)
    flow.run(now=LATER)
    assert Handoff.objects.count() == 1


def test_a_lead_that_waits_to_be_handed_over_is_not_forgotten(ana: Lead, double: Lead, owner: User) -> None:
    StageChange.objects.create(lead=double, to_stage=double.stage, changed_at=NOW, reason="threshold")
    build_model()
    assert owner.team is not None
    build_routing(owner.team)
    merge(ana, double)
    flow.run(now=LATER)
    assert Handoff.objects.get().lead == ana


def test_the_history_of_the_loser_stays_readable(ana: Lead, double: Lead) -> None:
    Lead.objects.filter(pk=double.pk).update(job_title="CTO")
    merge(ana, double)
    with connection.cursor() as cursor:
        cursor.execute("SELECT job_title FROM leads_leadbefore WHERE pgh_obj_id = %s", [double.pk])
        assert cursor.fetchall() == [("Head of IT",)]


def _everything(lead: Lead, owner: User) -> None:
    """One row in every table of ours that points to a lead."""
    build_work(lead, owner, due_at=LATER)
    kind = EventType.objects.get(key="demo_requested")
    Event.objects.create(lead=lead, event_type=kind, occurred_at=NOW)
    Note.objects.create(lead=lead, author=owner, body="Call in the morning")
    log_attempt(lead=lead, user=owner, channel="call", outcome="no_answer", occurred_at=NOW, now=NOW)
    ExternalId.objects.create(lead=lead, system="crm", value="7")
    FormerEmail.objects.create(lead=lead, email="older@acme.example")
    ChangedLead.objects.create(lead=lead)
