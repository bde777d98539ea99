"""Acts on many leads: each once, only those one may see, with the reason where not, and back again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import OperationalError

from leads.models import (
    Attempt,
    ChangedLead,
    DuplicatePair,
    ForbiddenMove,
    ImportChange,
    ImportJob,
    Lead,
    LeadStatus,
    LifecycleStage,
    Note,
    StageChange,
    StatusReason,
    Submission,
    Visitor,
    WebhookDelivery,
)
from people.models import Team, User
from sla.models import BulkItem, BulkJob, Clock, Handoff, Notice
from sla.services import bulk
from sla.services.bulk import acts_of, cancel_job, run_batch, start_job, undo_job
from sla.services.bulk_acts import ACTS
from sla.services.merge import merge_leads
from sla.tasks import bulk as task
from tests.cast import NOW, MakeLead
from tests.leads.capture.building import build_form
from tests.leads.hooks import build_delivery, build_endpoint
from tests.sla.build import everything
from tests.work import build_notice, build_work

LATER = NOW + timedelta(hours=1)


def start(act: str, by: User, leads: Any = None, **params: Any) -> BulkJob:
    leads = Lead.objects.all() if leads is None else leads
    return start_job(act=act, by=by, leads=leads.values("pk"), params=params, summary=act, now=NOW)


def why(job: BulkJob) -> dict[int, str]:
    return dict(job.items.filter(state="skipped").values_list("lead_id", "reason"))


def status(key: str) -> LeadStatus:
    return LeadStatus.objects.get(key=key)


def test_assigning_hands_over_what_is_in_hand(
    make_lead: MakeLead, manager: User, owner: User, colleague: User, other_team_sdr: User
) -> None:
    in_hand, free, had = make_lead("mql"), make_lead(), make_lead(owner=colleague)
    other, foreign = make_lead("mql"), make_lead(owner=other_team_sdr)
    clock = build_work(in_hand, owner, due_at=LATER)
    build_work(other, None, team=other_team_sdr.team, due_at=LATER)
    ChangedLead.objects.all().delete()

    job = start("assign", manager, to=colleague.pk)

    assert (job.state, job.total, job.done, job.skipped) == ("done", 5, 2, 3)
    assert why(job) == {
        had.pk: "Has this owner already.",
        other.pk: "Is in the hands of another team.",
        foreign.pk: "Is gone, or not yours to see.",
    }
    clock.refresh_from_db()
    assert (clock.owner, clock.state, clock.due_at) == (colleague, "running", LATER)
    assert Handoff.objects.get(lead=in_hand).owner == colleague
    assert set(Lead.objects.filter(owner=colleague)) == {in_hand, free, had}
    assert set(ChangedLead.objects.values_list("lead", flat=True)) >= {free.pk}


def test_somebody_who_takes_no_leads_gets_none_that_is_in_hand(
    make_lead: MakeLead, manager: User, owner: User, ae: User
) -> None:
    lead, free = make_lead("mql"), make_lead()
    build_work(lead, owner, due_at=LATER)
    job = start("assign", manager, to=ae.pk)
    assert why(job) == {lead.pk: f"{ae} cannot take leads."}
    assert Lead.objects.get(pk=free.pk).owner == ae


def test_a_status_and_its_reason(make_lead: MakeLead, marketer: User) -> None:
    lead, so_already = make_lead(), make_lead(status="postponed", status_reason="Next year")
    job = start("status", marketer, status=status("postponed").pk, reason="Next year")
    lead.refresh_from_db()
    assert (lead.status.key, lead.status_reason) == ("postponed", "Next year")
    assert why(job) == {so_already.pk: "Is so already."}
    assert ChangedLead.objects.filter(lead=lead).exists()


def test_nurture_sets_the_step(make_lead: MakeLead, marketer: User) -> None:
    lead = make_lead(journey_step="decision")
    start("nurture", marketer, journey_step="", reason="")
    lead.refresh_from_db()
    assert (lead.status.key, lead.journey_step) == ("nurturing", "decision")
    start("nurture", marketer, journey_step="awareness", reason="")
    lead.refresh_from_db()
    assert lead.journey_step == "awareness"


def test_a_stage_is_moved_by_hand_with_its_history(make_lead: MakeLead, marketer: User) -> None:
    lead, there = make_lead("lead"), make_lead("mql")
    mql = LifecycleStage.objects.get(key="mql")
    job = start("stage", marketer, stage=mql.pk, reason="Met at the fair")
    change = StageChange.objects.get(lead=lead)
    assert (change.to_stage, change.by, change.reason, change.detail) == (mql, marketer, "by_hand", "Met at the fair")
    assert why(job) == {there.pk: "Is in this stage already."}


def test_a_move_that_is_not_allowed_says_why(make_lead: MakeLead, marketer: User) -> None:
    lead, moved = make_lead("customer"), make_lead("lead")
    mql = LifecycleStage.objects.get(key="mql")
    ForbiddenMove.objects.create(from_stage=lead.stage, to_stage=mql)
    job = start("stage", marketer, stage=mql.pk, reason="So")
    assert why(job) == {lead.pk: "A lead in “Customer” cannot move to “Marketing qualified lead (MQL)”."}
    assert Lead.objects.get(pk=moved.pk).stage == mql
    assert list(StageChange.objects.values_list("lead", flat=True)) == [moved.pk]


@pytest.mark.parametrize("act", ["status", "nurture"])
def test_a_reason_that_is_offered_no_more_is_none(make_lead: MakeLead, marketer: User, act: str) -> None:
    lead, resting = make_lead(), status("nurturing")
    LeadStatus.objects.filter(pk=resting.pk).update(takes_other_reasons=False)
    StatusReason.objects.create(status=resting, text="No budget")
    job = start(act, marketer, status=resting.pk, reason="No time")
    assert why(job) == {lead.pk: "This status does not offer that reason any more."}
    assert start(act, marketer, status=resting.pk, reason="no budget").done == 1


def test_the_erased_are_left_out_of_every_act(make_lead: MakeLead, administrator: User, owner: User) -> None:
    lead = make_lead(erased_at=NOW, first_name="", last_name="", email="")
    params = {"to": owner.pk, "status": status("connected").pk, "reason": "So", "stage": lead.stage_id + 1}
    for act in ("assign", "status", "stage", "nurture", "delete"):
        assert why(start(act, administrator, **params)) == {lead.pk: "Is gone, or not yours to see."}
    before = (lead.owner, lead.status, lead.stage)
    lead.refresh_from_db()
    assert (lead.owner, lead.status, lead.stage) == before


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("new", "returned", ["lead.returned"]),
        ("returned", "returned", []),
        ("new", "disqualified", ["lead.lost"]),
        ("disqualified", "unqualified", []),
        ("new", "connected", []),
    ],
)
def test_other_programs_hear_of_those_returned_and_lost(
    make_lead: MakeLead, administrator: User, before: str, after: str, told: list[str]
) -> None:
    LeadStatus.objects.get_or_create(key="unqualified", defaults={"name": "Unqualified", "is_closed": True})
    lead = make_lead(status=before)
    build_endpoint(administrator)
    start("status", administrator, status=status(after).pk, reason="No budget")
    lead.refresh_from_db()
    assert lead.status.key == after
    found = WebhookDelivery.objects.filter(lead=lead).order_by("pk")
    assert [(one.kind, one.payload["data"]["lead"]["status"]) for one in found] == [(kind, after) for kind in told]


def test_deleting_takes_everything_along(make_lead: MakeLead, administrator: User, owner: User) -> None:
    lead, kept = make_lead("mql"), make_lead("mql")
    clock, other = build_work(lead, owner, due_at=NOW), build_work(kept, owner, due_at=NOW)
    build_notice(clock, owner)
    both = build_notice(clock, owner, level=2)
    both.escalations.add(build_notice(other, owner).escalations.get())
    Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=NOW)
    Note.objects.create(lead=lead, author=owner, body="A note")
    Lead.objects.filter(pk=lead.pk).update(city="Vigo")

    job = start("delete", administrator, Lead.objects.filter(pk=lead.pk))

    assert (job.done, job.skipped) == (1, 0)
    assert list(Lead.objects.all()) == [kept]
    assert (Handoff.objects.count(), Clock.objects.count(), Note.objects.count()) == (1, 1, 0)
    assert Notice.objects.count() == 2, "a message that is about another lead as well stays"
    assert not apps.get_model("leads", "LeadBefore").objects.filter(id=lead.pk).exists()
    assert job.items.get().lead_id == lead.pk


def test_deleting_leaves_the_person_nowhere(make_lead: MakeLead, administrator: User, owner: User) -> None:
    """Whatever door they came in by, and whoever was told of them: no row of any table knows them."""
    lead = make_lead("mql", first_name="Zenobia", last_name="Quux", email="z@quux.example", phone="+48 22 5550123")
    mine = Lead.objects.filter(pk=lead.pk)
    loser, kept = make_lead(first_name="Zenobia", last_name="Quux", email="old@quux.example"), make_lead()
    Lead.objects.filter(pk=loser.pk).update(last_name="Quux-Corge")
    clock = build_work(lead, owner, due_at=NOW)
    notice = build_notice(clock, owner, subject="Zenobia Quux waits", body="Call Zenobia")
    notice.escalations.add(build_notice(build_work(kept, owner, due_at=NOW), owner).escalations.get())
    mine.update(status=status("postponed"), status_reason="Zenobia is ill")
    status_job = start("status", administrator, mine, status=status("connected").pk, reason="")
    form = build_form()
    visitor = Visitor.objects.create(lead=lead)
    Submission.objects.create(form=form, lead=lead, visitor=visitor, values={"email": lead.email}, idempotency_key="z")
    DuplicatePair.objects.create(low=lead, high=kept, reasons=["phone"], score=50)
    upload = ImportJob.objects.create(file_name="x.csv", size=1, uploaded_by=administrator)
    ImportChange.objects.create(job=upload, lead_id=lead.pk, kind="updated", before={"city": "Zenobia"}, left_at=NOW)
    build_delivery(build_endpoint(administrator), lead=lead, payload={"data": {"lead": {"email": lead.email}}})
    merge_leads(winner=lead, loser=loser, choices={}, by=administrator, now=NOW)
    ChangedLead.objects.all().delete()
    assert "quux" in everything().lower()

    job = start("delete", administrator, mine)

    found = everything().lower()
    assert [word for word in ("zenobia", "quux", "5550123") if word in found] == []
    assert (job.by, job.done, job.state) == (administrator, 1, "done")
    assert Lead.objects.get() == kept
    assert Notice.objects.get(pk=notice.pk).body == "The text named a lead that was deleted."
    assert status_job.items.get().before is None


def test_many_wait_for_the_background_and_are_frozen_when_asked(
    make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    for _number in range(7):
        make_lead()
    job = start("status", marketer, status=status("connected").pk, reason="")
    make_lead()
    assert (job.state, job.total, job.done) == ("waiting", 7, 0)
    assert run_batch(now=NOW, limit=3) == 3
    job.refresh_from_db()
    assert (job.state, job.done) == ("waiting", 3)
    task()
    job.refresh_from_db()
    assert (job.state, job.done, Lead.objects.filter(status__key="connected").count()) == ("done", 7, 7)
    assert run_batch(now=NOW) == 0, "the second run finds nothing to do"


def test_a_killed_worker_leaves_the_batch_to_do(
    make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    make_lead(), make_lead()
    job = start("status", marketer, status=status("connected").pk, reason="")

    def killed(*_args: Any) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setitem(ACTS, "status", killed)
        with pytest.raises(OperationalError):
            run_batch(now=NOW)
    assert job.items.filter(state="pending").count() == 2
    task()
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 2)


def test_one_that_breaks_stops_no_other(make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = make_lead(), make_lead()
    real = ACTS["status"]

    def breaks(job: BulkJob, lead_ids: Any, now: Any) -> Any:
        if bad.pk in lead_ids:
            raise RuntimeError("poison")
        return real(job, lead_ids, now)

    monkeypatch.setitem(ACTS, "status", breaks)
    job = start("status", marketer, status=status("connected").pk, reason="")
    assert why(job) == {bad.pk: "RuntimeError: poison"}
    assert Lead.objects.get(status__key="connected") == good


def test_what_was_stopped_stays_stopped(make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    make_lead(), make_lead()
    job = start("status", marketer, status=status("connected").pk, reason="")
    run_batch(now=NOW, limit=1)
    assert cancel_job(job=job, now=NOW)
    assert not cancel_job(job=job, now=NOW)
    assert run_batch(now=NOW) == 0
    job.refresh_from_db()
    assert (job.state, job.done) == ("cancelled", 1)


def test_rights_are_looked_at_when_it_is_done(
    make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch, sales_team: Team
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    lead = make_lead()
    job = start("status", marketer, status=status("connected").pk, reason="")
    User.objects.filter(pk=marketer.pk).update(role="sdr", team=sales_team)
    task()
    assert why(job) == {lead.pk: "Is gone, or not yours to see."}


def test_taking_back_what_nobody_changed_since(
    make_lead: MakeLead, manager: User, owner: User, colleague: User
) -> None:
    in_hand, free, since = make_lead("mql"), make_lead(), make_lead(owner=owner)
    build_work(in_hand, owner, due_at=LATER)
    job = start("assign", manager, to=colleague.pk)
    Lead.objects.filter(pk=since.pk).update(owner=manager)
    undone = undo_job(job=job, by=manager, now=LATER)
    assert why(undone) == {since.pk: "Was changed since."}
    assert Handoff.objects.get(lead=in_hand).owner == owner
    assert Lead.objects.get(pk=free.pk).owner is None
    for again in (job, undone):
        with pytest.raises(ValidationError):
            undo_job(job=again, by=manager, now=LATER)


def test_taking_back_a_status(make_lead: MakeLead, marketer: User) -> None:
    lead, since = make_lead(status="postponed", status_reason="Spring"), make_lead()
    job = start("status", marketer, status=status("connected").pk, reason="")
    Lead.objects.filter(pk=since.pk).update(status=status("disqualified"))
    undone = undo_job(job=job, by=marketer, now=LATER)
    lead.refresh_from_db()
    assert (lead.status.key, lead.status_reason) == ("postponed", "Spring")
    assert why(undone) == {since.pk: "Was changed since."}


def test_what_may_be_done_by_whom(everybody: dict[str, User]) -> None:
    assert {role: [str(act) for act in acts_of(user)] for role, user in everybody.items()} == {
        "sdr": ["status", "nurture"],
        "colleague": ["status", "nurture"],
        "other_team_sdr": ["status", "nurture"],
        "ae": [],
        "manager": ["assign", "status", "stage", "nurture"],
        "marketer": ["status", "stage", "nurture"],
        "executive": [],
        "administrator": ["assign", "status", "stage", "nurture", "delete"],
    }


def test_a_batch_of_two_hundred_costs_as_many_queries_as_two(
    make_lead: MakeLead, marketer: User, django_assert_max_num_queries: Any
) -> None:
    for _number in range(40):
        make_lead()
    with django_assert_max_num_queries(40):
        start("status", marketer, status=status("connected").pk, reason="")
    assert BulkItem.objects.filter(state="done").count() == 40
