"""Erasure: nothing of the person is left in any table, and no figure changes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum

from leads.models import (
    Attempt,
    ChangedLead,
    CustomField,
    ErasedAddress,
    Event,
    ExternalId,
    Lead,
    LifecycleStage,
    Note,
    PrivacyAct,
    StageChange,
)
from leads.personal import tables
from leads.services.attempts import record_attempt
from leads.services.events import record_event
from leads.services.leads import create_lead, update_lead
from leads.services.notes import add_note
from leads.services.queue import mark_changed
from leads.services.stages import StageMove, move_by_hand, move_stages
from people.models import User
from scoring.models import LeadScore
from scoring.services.queue import queue_stale
from sla import flow
from sla.models import BulkItem, BulkJob, Clock, Escalation, Handoff, Notice
from sla.personal import FURTHER, HANDLED
from sla.services.attempts import log_attempt
from sla.services.erase import erase_lead
from sla.services.handoffs import strays
from tests.cast import NOW, MakeLead
from tests.sla.build import build_model, build_policy, build_routing, everything, request_demo
from tests.work import build_notice, build_work

SECRETS = (
    "Grace", "Hopper", "grace@navy.example", "old@navy.example", "555 1234", "Rear Admiral", "Arlington", "loves cobol",
    "K-4711", "said hello", "needs ships", "born 1906", "by word of mouth", "bought-a-moth",
    "went to Yale",
)  # fmt: skip
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def grace(make_lead: MakeLead, owner: User, event_type: Any) -> Lead:
    """Somebody of whom every table knows something."""
    CustomField.objects.create(key="memo", name="Memo", kind="text")
    CustomField.objects.create(key="plan", name="Plan", kind="choice", choices=["Gold"])
    lead = make_lead(
        "mql", first_name="Grace", last_name="Hopper", email="old@navy.example", phone="555 1234", city="Arlington",
        job_title="Rear Admiral", company="US Navy", source="Fair", custom={"memo": "born 1906", "plan": "Gold"},
        bant_need="needs ships", consent="granted", consent_at=NOW, consent_source="by word of mouth",
    )  # fmt: skip
    lead.email = "grace@navy.example"
    lead.save()
    clock = build_work(lead, owner, due_at=NOW + timedelta(minutes=5))
    clock.handoff.explanation["lines"][0]["fact"] = "City: Arlington"
    clock.handoff.explanation["lines"][0]["facts"] = [{"value": "Arlington"}]
    clock.handoff.save()
    build_notice(clock, owner, subject="Grace Hopper waits", body="Call Grace Hopper, 555 1234")
    LeadScore.objects.create(lead=lead, model=build_model(), fit=Decimal(10), total=Decimal(10), scored_at=NOW)
    Event.objects.create(
        lead=lead, event_type=event_type("page_viewed"), occurred_at=NOW, idempotency_key="bought-a-moth",
        properties={"who": "Grace"},
    )  # fmt: skip
    Note.objects.create(lead=lead, author=owner, body="loves cobol")
    Attempt.objects.create(
        lead=lead, user=owner, channel="call", outcome="connected", note="said hello", occurred_at=NOW
    )
    ExternalId.objects.create(lead=lead, system="crm", value="K-4711")
    StageChange.objects.create(
        lead=lead, from_stage=lead.stage, to_stage_id=lead.stage_id - 1, changed_at=NOW, by=owner, reason="by_hand",
        detail="Grace said hello",
    )  # fmt: skip
    ChangedLead.objects.create(lead=lead, set_aside_at=NOW, error="KeyError: Grace")
    act = BulkJob.objects.create(act="status", by=owner, summary="Status", total=1, done=1, created_at=NOW)
    BulkItem.objects.create(job=act, lead_id=lead.pk, state="done", before={"status_reason": "went to Yale"})
    return lead


def erase(lead: Lead, by: User, **options: Any) -> PrivacyAct | None:
    return erase_lead(lead=lead, by=by, reason="requested", now=LATER, **options)


def figures() -> dict[str, Any]:
    """What reports count."""
    leads = Lead.objects.order_by().values("stage", "status", "source", "company", "owner")
    moves = StageChange.objects.order_by("pk").values("from_stage", "to_stage", "changed_at", "reason", "by")
    return {
        "leads": list(leads.annotate(n=Count("pk"))),
        "events": list(Event.objects.order_by("pk").values("lead", "event_type", "occurred_at")),
        "attempts": list(Attempt.objects.order_by("pk").values("lead", "user", "channel", "outcome", "occurred_at")),
        "notes": Note.objects.count(),
        "stages": list(moves),
        "scores": LeadScore.objects.aggregate(n=Count("pk"), total=Sum("total")),
        "handoffs": list(Handoff.objects.order_by("pk").values("stage", "owner", "team", "opened_at")),
        "clocks": list(Clock.objects.order_by("pk").values("owner", "team", "started_at", "due_at", "kind")),
        "fired": list(Escalation.objects.order_by("pk").values("clock", "level", "recorded_at")),
        "sent": Notice.objects.filter(state="sent").count(),
        "points": [[line["points"] for line in one.explanation["lines"]] for one in Handoff.objects.order_by("pk")],
    }


def test_every_table_about_a_lead_is_covered() -> None:
    """A new table that points to a lead says here, or in ``sla.personal``, what becomes of it when they are erased."""
    labels = {table.label for table in tables()}
    assert labels - HANDLED.keys() == set()
    assert HANDLED.keys() - labels == set(), "a table that is gone"
    assert all(apps.get_model(label) for label in FURTHER)


def test_the_words_are_there_before(grace: Lead) -> None:
    found = everything()
    assert [secret for secret in SECRETS if secret not in found] == []


def test_nothing_of_the_person_is_left_anywhere(grace: Lead, administrator: User) -> None:
    erase(grace, administrator, block=True)
    found = everything()
    assert [secret for secret in SECRETS if secret in found] == []


def test_the_figures_stay(grace: Lead, administrator: User) -> None:
    before = figures()
    erase(grace, administrator)
    assert figures() == before


def test_what_is_left_of_the_lead(grace: Lead, administrator: User) -> None:
    erase(grace, administrator)
    grace.refresh_from_db()
    assert (str(grace), grace.erased_at, grace.custom) == ("Erased person", LATER, {"plan": "Gold"})
    assert (grace.do_not_email, grace.do_not_call) == (True, True)
    act = PrivacyAct.objects.get()
    assert (act.lead, act.kind, act.by, act.at) == (grace, "erased", administrator, LATER)


def test_running_clocks_are_cancelled_and_the_handoff_closed(grace: Lead, administrator: User, owner: User) -> None:
    waiting = build_notice(Clock.objects.get(), owner, level=2, state="pending")
    erase(grace, administrator)
    clock, handoff = Clock.objects.get(), Handoff.objects.get()
    assert (clock.state, clock.stopped_at, clock.next_at) == ("cancelled", LATER, None)
    assert (handoff.closed_at, handoff.routing["closed"]) == (LATER, "the person was erased")
    waiting.refresh_from_db()
    assert waiting.state == "withdrawn"
    assert not Clock.objects.for_inbox(owner).exists()


def test_twice_is_once(grace: Lead, administrator: User) -> None:
    assert erase(grace, administrator) is not None
    assert erase(grace, administrator) is None
    assert PrivacyAct.objects.count() == 1


def test_another_lead_keeps_its_words(grace: Lead, make_lead: MakeLead, administrator: User, owner: User) -> None:
    other = make_lead(first_name="Ada", email="ada@navy.example")
    Note.objects.create(lead=other, author=owner, body="likes engines")
    erase(grace, administrator)
    other.refresh_from_db()
    assert (other.first_name, other.notes.get().body) == ("Ada", "likes engines")


def test_nothing_is_added_to_an_erased_person(grace: Lead, administrator: User, event_type: Any) -> None:
    erase(grace, administrator)
    grace.refresh_from_db()
    attempts = (
        lambda: update_lead(lead=grace, now=LATER, by=None, data={"last_name": "Back"}),
        lambda: add_note(lead=grace, author=administrator, body="Grace", now=LATER),
        lambda: record_event(lead=grace, event_type=event_type("page_viewed"), occurred_at=LATER, now=LATER),
        lambda: record_attempt(
            lead=grace, user=administrator, channel="call", outcome="busy", occurred_at=LATER, now=LATER
        ),
        lambda: log_attempt(
            lead=grace, user=administrator, channel="call", outcome="busy", occurred_at=LATER, now=LATER
        ),
        lambda: move_by_hand(lead=grace, to_stage=grace.stage, by=administrator, reason="x", now=LATER),
    )
    for attempt in attempts:
        with pytest.raises(ValidationError, match="was erased"):
            attempt()
    assert move_stages(moves=[StageMove(grace.pk, grace.stage_id - 1, "threshold")], now=LATER) == []
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead.objects.filter(pk=grace.pk).update(first_name="Grace")


def test_the_flow_leaves_it_alone(make_lead: MakeLead, administrator: User, owner: User) -> None:
    assert owner.team is not None
    build_model()
    build_routing(owner.team)
    build_policy(seconds=300)
    lead = make_lead(country="Spain")
    request_demo(lead, NOW)
    flow.run(now=NOW)
    before = LeadScore.objects.filter(lead=lead).values().get()
    erase(lead, administrator)
    mark_changed(lead_ids=[lead.pk], now=LATER)
    assert flow.run(now=LATER + timedelta(days=30)).drained == 1
    assert LeadScore.objects.filter(lead=lead).values().get() == before
    assert queue_stale(older_than=timedelta(days=1), now=LATER + timedelta(days=30)) == 0


def test_it_is_nobodys_stray(make_lead: MakeLead, administrator: User, owner: User, marketer: User) -> None:
    assert owner.team is not None
    lead = make_lead("lead")
    move_by_hand(lead=lead, to_stage=LifecycleStage.objects.get(key="mql"), by=marketer, reason="x", now=NOW)
    build_routing(owner.team)
    assert list(strays()) == [lead]
    erase(lead, administrator)
    assert list(strays()) == []


def test_whoever_is_kept_out_does_not_come_back(grace: Lead, administrator: User, make_lead: MakeLead) -> None:
    erase(grace, administrator, block=True)
    assert ErasedAddress.objects.count() == 2
    for email in ("Grace@Navy.example ", "old@navy.example"):
        with pytest.raises(ValidationError) as refused:
            create_lead(now=LATER, by=None, data={"email": email})
        assert list(refused.value.message_dict) == ["email"]
    with pytest.raises(ValidationError):
        update_lead(lead=make_lead(), now=LATER, by=None, data={"email": "grace@navy.example"})
    assert create_lead(now=LATER, by=None, data={"email": "other@navy.example"}).pk


def test_without_the_switch_they_may_come_back(grace: Lead, administrator: User) -> None:
    erase(grace, administrator)
    assert create_lead(now=LATER, by=None, data={"email": "grace@navy.example"}).pk != grace.pk


def test_the_context_of_changes_keeps_who_and_forgets_the_page(grace: Lead, administrator: User, client: Any) -> None:
    from django.urls import reverse
    from pghistory.models import Context

    client.force_login(administrator)
    data = {"confirm": "grace  HOPPER", "reason": "requested", "block": "on"}
    assert client.post(reverse("lead-erase", args=[grace.pk]), data).status_code == 302
    history = apps.get_model("leads", "LeadBefore")._default_manager.filter(pgh_obj_id=grace.pk)
    contexts = Context.objects.filter(pk__in=history.values("pgh_context"))
    assert [context.metadata for context in contexts] == [{"user": administrator.pk}]
