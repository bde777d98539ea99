"""A visitor who says who they are: what they did joins the lead, and somebody else's stays somebody else's."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from leads.capture.tokens import Ticket, known_lead_token
from leads.models import ChangedLead, Event, Lead, Visitor, VisitorEvent
from leads.tracking.visitors import hold, identify
from tests.cast import NOW, MakeLead, build_lead
from tests.leads.capture.building import Sender, build_form
from tests.leads.tracking.building import ORIGIN, Browser, build_site, event

NOBODY: dict[str, Any] = {"email": "", "first_name": "", "last_name": "", "erased_at": NOW, "do_not_email": True}
NOBODY |= {"do_not_call": True}


def test_events_join_the_lead_at_the_time_they_happened(
    make_lead: MakeLead, django_assert_max_num_queries: Any
) -> None:
    lead, browser = make_lead(), Browser(build_site())
    times = [NOW - timedelta(minutes=minute) for minute in (5, 3)]
    browser(event(at=times[0], key="a", page=f"{ORIGIN}/"), event("pricing_viewed", at=times[1], key="b"))
    ChangedLead.objects.all().delete()
    visitor = Visitor.objects.get()
    with django_assert_max_num_queries(11):
        identify(visitor=visitor, lead=lead, now=NOW)
    found = lead.events.order_by("occurred_at")
    assert [row.occurred_at for row in found] == times
    assert found[0].properties == {"page": f"{ORIGIN}/"}
    assert found[0].idempotency_key == f"t:{browser.uuid.hex}:a"
    assert not VisitorEvent.objects.exists()
    assert ChangedLead.objects.filter(lead=lead).count() == 1
    # What comes again is known, what is new is the lead's.
    browser(event(key="a"), event(key="c"))
    assert lead.events.count() == 3


def test_identifying_twice_does_nothing_more(make_lead: MakeLead) -> None:
    lead = make_lead()
    Browser(build_site())()
    for _time in range(2):
        identify(visitor=Visitor.objects.get(), lead=lead, now=NOW)
    assert (lead.events.count(), ChangedLead.objects.filter(lead=lead).count()) == (1, 1)


def test_an_event_the_lead_has_under_the_same_key_counts_once(make_lead: MakeLead, event_type: Any) -> None:
    lead, browser = make_lead(), Browser(build_site())
    browser(event(key="a"))
    key = f"t:{browser.uuid.hex}:a"
    Event.objects.create(lead=lead, event_type=event_type("page_viewed"), occurred_at=NOW, idempotency_key=key)
    identify(visitor=Visitor.objects.get(), lead=lead, now=NOW)
    assert lead.events.count() == 1


def test_somebody_else_in_the_same_browser_starts_anew(make_lead: MakeLead) -> None:
    ann, bob, browser = make_lead(), make_lead(), Browser(build_site())
    browser(event(key="before"))
    first = identify(visitor=Visitor.objects.get(), lead=ann, now=NOW)
    browser(event(key="as ann"))
    second = identify(visitor=first, lead=bob, now=NOW + timedelta(hours=1))
    browser(event(key="as bob"), at=NOW + timedelta(hours=2))
    assert (ann.events.count(), bob.events.count()) == (2, 1)
    first.refresh_from_db()
    assert (first.lead, first.ended_at, second.first_seen) == (ann, NOW + timedelta(hours=1), NOW + timedelta(hours=1))
    # And back again.
    third = identify(visitor=second, lead=ann, now=NOW + timedelta(hours=3))
    assert third.pk not in {first.pk, second.pk}
    browser(event(key="ann again"), at=NOW + timedelta(hours=4))
    assert (ann.events.count(), bob.events.count()) == (3, 1)
    assert Visitor.objects.filter(uuid=browser.uuid, ended_at=None).count() == 1


def test_a_form_with_the_visitors_number_identifies_it(db: None) -> None:
    browser = Browser(build_site())
    page = f"{ORIGIN}/landing?utm_source=Newsletter&utm_campaign=Spring"
    browser(event(at=NOW - timedelta(minutes=2), page=page), event("pricing_viewed", page=f"{ORIGIN}/pricing"))
    form = build_form()
    Sender(form, f"?v={browser.uuid.hex}&page={ORIGIN}/demo&ref={ORIGIN}/pricing", embed=True)(email="ann@acme.example")
    lead = Lead.objects.get()
    assert {row.event_type.key for row in lead.events.all()} == {"page_viewed", "pricing_viewed", "form_submitted"}
    assert (str(lead.source), str(lead.campaign)) == ("Newsletter", "Spring")
    assert Visitor.objects.get().lead == lead
    assert lead.submissions.get().visitor == Visitor.objects.get()


def test_a_form_makes_a_visitor_known_that_was_never_seen(db: None) -> None:
    browser = Browser(build_site())
    Sender(build_form(), f"?v={browser.uuid}")(email="ann@acme.example")
    later = NOW + timedelta(minutes=5)
    browser(event(at=later), at=later)
    assert Lead.objects.get().events.filter(event_type__key="page_viewed").count() == 1


def test_coming_from_our_own_site_is_no_source(db: None) -> None:
    build_site()
    Sender(build_form(), headers={"Referer": f"{ORIGIN}/"})(email="ann@acme.example")
    assert Lead.objects.get().source is None


def test_nobody_is_an_erased_lead(make_lead: MakeLead) -> None:
    lead, browser = make_lead(**NOBODY), Browser(build_site())
    browser(event(key="a"))
    anonymous = Visitor.objects.get()
    assert identify(visitor=anonymous, lead=lead, now=NOW).lead is None
    assert (lead.events.count(), VisitorEvent.objects.count()) == (0, 1)
    # Were a browser theirs still, what it does would not be kept.
    Visitor.objects.update(lead=lead)
    assert browser(event(key="b")) == 204
    assert (lead.events.count(), VisitorEvent.objects.count()) == (0, 1)


def test_a_signed_link_to_an_erased_person_knows_nobody(make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@acme.example")
    link = f"?k={known_lead_token(lead)}"
    Lead.objects.filter(pk=lead.pk).update(**NOBODY)
    assert Sender(build_form(), link)(email="new@acme.example").status_code == 302
    assert list(Lead.objects.exclude(pk=lead.pk).values_list("email", flat=True)) == ["new@acme.example"]
    assert not lead.submissions.exists()


@pytest.mark.django_db(transaction=True)
def test_what_arrives_while_a_visitor_is_identified_is_not_stranded() -> None:
    """The collector waits for whoever holds the visitor, and then knows the lead."""
    lead, browser = build_lead(), Browser(build_site())
    browser(event(key="early"))
    held, answers = threading.Event(), []

    def report() -> None:
        try:
            held.wait(10)
            answers.append(browser(event(key="late")))
        finally:
            connection.close()

    worker = threading.Thread(target=report)
    worker.start()
    with transaction.atomic():
        hold(uuid=browser.uuid, site_id=None, consent=False, now=NOW)
        held.set()
        worker.join(0.5)
        assert worker.is_alive()
        identify(visitor=Visitor.objects.get(), lead=lead, now=timezone.now())
    worker.join(10)
    assert answers == [204]
    assert (lead.events.count(), VisitorEvent.objects.count()) == (2, 0)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_visitor_and_count_right() -> None:
    browser, answers = Browser(build_site()), []
    start = threading.Barrier(4)

    def report(number: int) -> None:
        try:
            start.wait()
            answers.append([browser(event(key=f"{number} {each}"), event("hacked")) for each in range(5)])
        finally:
            connection.close()

    workers = [threading.Thread(target=report, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert answers == [[204] * 5] * 4
    assert (Visitor.objects.count(), VisitorEvent.objects.count()) == (1, 20)
    site = browser.site
    assert sorted(site.counts.values_list("name", "number")) == [("hacked", 20), ("page_viewed", 20)]


@pytest.mark.django_db(transaction=True)
def test_forms_and_page_views_of_one_visitor_at_once_do_not_block_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both take the visitor before the lead."""
    for name in ("is_too_quick", "is_stale"):  # threads share no frozen clock
        monkeypatch.setattr(Ticket, name, lambda _ticket, _now: False)
    browser, form = Browser(build_site()), build_form()
    browser(event())
    sender = Sender(form, f"?v={browser.uuid}")
    ticket = sender.open().context["ticket"]
    start = threading.Barrier(2)
    answers: list[int] = []

    def report() -> None:
        try:
            start.wait()
            answers.extend(browser(event()) for _each in range(10))
        finally:
            connection.close()

    def send() -> None:
        try:
            start.wait()
            for number in range(10):
                data = {"ticket": ticket, "email": f"{number % 2}@acme.example", "first_name": f"N{number}"}
                answers.append(sender.client.post(sender.url, data).status_code)
        finally:
            connection.close()

    workers = [threading.Thread(target=report), threading.Thread(target=send)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(answers) == [204] * 10 + [302] * 10
    assert Lead.objects.count() == 2
    assert VisitorEvent.objects.count() == 0
    assert Event.objects.filter(event_type__key="page_viewed").count() == 11
    assert Visitor.objects.filter(uuid=browser.uuid, ended_at=None).count() == 1
