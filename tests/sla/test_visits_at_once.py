"""Forms, visits and scoring at the moment of a merge or an erasure: what comes in lands on the winner, or nowhere."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from leads.capture.submit import Sent, submit
from leads.capture.tokens import Ticket
from leads.models import ChangedLead, Event, EventType, Lead, Submission, Visitor, VisitorEvent
from leads.services.queue import mark_all_changed
from leads.services.upsert import LeadAsKnown, save_lead
from leads.tracking.collect import Batch, Hit, collect
from leads.tracking.visitors import identify
from scoring.models import LeadScore
from scoring.services.queue import queue_all, queue_stale
from sla.services.erase import erase_lead
from tests.cast import NOW, MakeLead
from tests.leads.capture.building import build_form
from tests.leads.tracking.building import build_site
from tests.scoring.build import a_model, a_rule, condition
from tests.sla.test_merge_at_once import LATER, Crowd, held_up, until, while_merging

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture
def ana(make_lead: MakeLead) -> Lead:
    return make_lead(first_name="Ana", email="ana@acme.example")


@pytest.fixture
def double(make_lead: MakeLead) -> Lead:
    return make_lead(first_name="Anna", email="anna@acme.example")


def visit(visitor: Visitor, key: str) -> Callable[[], int]:
    """A page view that its browser reports."""
    site, kind = visitor.site or build_site(), EventType.objects.get(key="page_viewed")
    hits = (Hit(key, kind.key, timedelta(), {}),)
    batch = Batch(site.key, visitor.uuid, consent=False, hits=hits)
    return lambda: collect(batch=batch, site=site, allowed={kind.key: kind}, now=LATER)


def visitor_of(lead: Lead | None) -> Visitor:
    return Visitor.objects.create(lead=lead, site=build_site(name=uuid.uuid4().hex), first_seen=NOW, last_seen=NOW)


def test_a_form_of_the_loser_meanwhile_lands_on_the_winner(ana: Lead, double: Lead, crowd: Crowd) -> None:
    form, visitor = build_form(), visitor_of(double)
    by_address = Sent(form, Ticket(form.key, NOW, ()), {"email": double.email, "first_name": "Annie"})
    by_browser = Sent(form, Ticket(form.key, NOW, ()), {"phone": "123"}, visitor=visitor.uuid, known=double)
    acts = [lambda sent=sent: submit(sent=sent, now=LATER) for sent in (by_address, by_browser)]
    assert while_merging(crowd, ana, double, *acts) == []
    ana.refresh_from_db()
    assert (ana.first_name, ana.phone, Lead.objects.count()) == ("Annie", "123", 1)
    assert list(Submission.objects.values_list("lead", flat=True)) == [ana.pk, ana.pk]
    assert list(Event.objects.values_list("lead", flat=True)) == [ana.pk, ana.pk]
    assert Visitor.objects.get().lead == ana


def test_a_visit_of_the_loser_meanwhile_is_the_winners(ana: Lead, double: Lead, crowd: Crowd) -> None:
    visitor = visitor_of(double)
    assert while_merging(crowd, ana, double, visit(visitor, "a"), visit(visitor, "b")) == []
    visit(visitor, "c")()
    assert list(Event.objects.values_list("lead", flat=True)) == [ana.pk] * 3
    assert (Visitor.objects.get().lead, VisitorEvent.objects.count()) == (ana, 0)


def test_who_is_identified_as_the_loser_meanwhile_is_the_winner(ana: Lead, double: Lead, crowd: Crowd) -> None:
    visitor, other = visitor_of(None), visitor_of(None)
    visit(visitor, "before")()
    known = LeadAsKnown(data={"email": double.email, "city": "Madrid"}, visitor=other.uuid)
    errors = while_merging(
        crowd,
        ana,
        double,
        lambda: identify(visitor=visitor, lead=double, now=LATER),
        lambda: save_lead(known=known, key="Website", now=LATER),
    )
    assert errors == []
    ana.refresh_from_db()
    assert (ana.city, set(Visitor.objects.values_list("lead", flat=True))) == ("Madrid", {ana.pk})
    assert Event.objects.get().lead == ana


def while_erasing(crowd: Crowd, lead: Lead, *acts: Callable[[], Any]) -> list[Exception]:
    with transaction.atomic():
        erase_lead(lead=lead, by=None, reason="retention", now=LATER)
        for act in acts:
            crowd.start(act)
        until(held_up)
    return crowd.wait()


def test_a_visit_during_an_erasure_is_nobodys(ana: Lead, crowd: Crowd) -> None:
    visitor = visitor_of(ana)
    assert while_erasing(crowd, ana, visit(visitor, "a")) == []
    assert not Event.objects.exists()
    assert not Visitor.objects.filter(lead__isnull=False).exists()


def test_nobody_is_identified_as_somebody_who_is_being_erased(ana: Lead, crowd: Crowd) -> None:
    visitor = visitor_of(None)
    visit(visitor, "a")()
    assert while_erasing(crowd, ana, lambda: identify(visitor=visitor, lead=ana, now=LATER)) == []
    assert (Visitor.objects.get().lead, VisitorEvent.objects.count(), Event.objects.count()) == (None, 1, 0)


def test_an_erasure_waits_for_a_visit_and_takes_it_away(ana: Lead, crowd: Crowd) -> None:
    visitor = visitor_of(ana)
    with transaction.atomic():
        visit(visitor, "a")()
        crowd.start(lambda: erase_lead(lead=ana, by=None, reason="retention", now=LATER))
        until(held_up)
    assert crowd.wait() == []
    assert not Visitor.objects.filter(lead=ana).exists()
    ana.refresh_from_db()
    assert ana.is_erased


@pytest.mark.parametrize(
    "act",
    [
        lambda: queue_all(now=LATER),
        lambda: queue_stale(older_than=timedelta(days=1), now=LATER),
        lambda: mark_all_changed(leads=Lead.objects.filter(city=""), now=LATER),
    ],
)
def test_leads_are_queued_while_one_is_merged_away(
    ana: Lead, double: Lead, crowd: Crowd, act: Callable[[], int]
) -> None:
    model = a_model()
    a_rule(model, "New", 5, conditions=[condition("captured_at", "within_last_days", 7)])
    for lead in (ana, double):
        LeadScore.objects.create(lead=lead, model=model, scored_at=NOW - timedelta(days=9))
    counts: list[int] = []
    assert while_merging(crowd, ana, double, lambda: counts.append(act())) == []
    assert counts == [1]
    assert set(ChangedLead.objects.values_list("lead", flat=True)) == {ana.pk}
