"""What a browser reports: from which site, what of it is kept, when it happened, and that twice is once."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from leads.models import ChangedLead, Event, SiteCount, TrackedSite, Visitor, VisitorEvent
from leads.tracking.collect import MOST_BYTES, MOST_REFUSED_NAMES
from leads.tracking.collector import PER_ADDRESS
from tests.cast import NOW, MakeLead
from tests.leads.tracking.building import ORIGIN, Browser, build_site, event


def test_a_page_view_of_an_unknown_visitor_waits_with_the_visitor(db: None) -> None:
    site = build_site()
    browser = Browser(site)
    seen = NOW - timedelta(seconds=2)
    page = f"{ORIGIN}/pricing?utm_source=Fair&token=secret#x"
    assert browser(event(at=seen, page=page, title=" Pricing ", referrer="https://duckduckgo.com/?q=private")) == 204
    visitor = Visitor.objects.get()
    assert (visitor.uuid, visitor.site, visitor.lead, visitor.consent) == (browser.uuid, site, None, False)
    kept = VisitorEvent.objects.get()
    assert (kept.visitor, kept.event_type.key, kept.occurred_at, kept.received_at) == (
        visitor,
        "page_viewed",
        seen,
        NOW,
    )
    assert kept.properties == {
        "page": f"{ORIGIN}/pricing",
        "title": "Pricing",
        "referrer": "https://duckduckgo.com/",
        "utm_source": "Fair",
    }
    assert not ChangedLead.objects.exists()


def test_what_an_identified_visitor_does_is_the_leads_at_once(make_lead: MakeLead) -> None:
    lead, site = make_lead(), build_site()
    visitor = Visitor.objects.create(lead=lead, first_seen=NOW, last_seen=NOW)
    later = NOW + timedelta(minutes=5)
    assert Browser(site, visitor.uuid)(event("pricing_viewed", at=later), at=later) == 204
    assert (lead.events.get().event_type.key, lead.events.get().occurred_at) == ("pricing_viewed", later)
    assert not VisitorEvent.objects.exists()
    assert ChangedLead.objects.filter(lead=lead).count() == 1
    visitor.refresh_from_db()
    assert (visitor.last_seen, visitor.site) == (later, site)


@pytest.mark.parametrize("is_known", [False, True])
def test_the_same_event_twice_is_one(make_lead: MakeLead, is_known: bool) -> None:
    browser = Browser(build_site())
    if is_known:
        Visitor.objects.create(uuid=browser.uuid, lead=make_lead())
    for _time in range(2):
        assert browser(event(key="one"), event(key="two")) == 204
    browser(event(key="one"), event(key="three"))
    assert (Event if is_known else VisitorEvent).objects.count() == 3
    marks = ChangedLead.objects.count()
    browser(event(key="three"))
    assert ChangedLead.objects.count() == marks


@pytest.mark.parametrize("skew", [0.0, -7200.0, 86_400.0 * 400])
def test_a_browsers_wrong_clock_does_not_matter(db: None, skew: float) -> None:
    Browser(build_site(), skew=skew)(event(at=NOW - timedelta(seconds=30)))
    assert VisitorEvent.objects.get().occurred_at == NOW - timedelta(seconds=30)


@pytest.mark.parametrize(
    ("offset", "kept"),
    [(60, 0), (0, 0), (-60, -60), (-7 * 86_400, -7 * 86_400), (-8 * 86_400, -7 * 86_400), (-(10**12), -7 * 86_400)],
)
def test_times_stay_between_a_week_ago_and_now(db: None, offset: float, kept: float) -> None:
    told = event() | {"t": NOW.timestamp() * 1000 + offset * 1000}
    Browser(build_site())(told)
    assert VisitorEvent.objects.get().occurred_at == NOW + timedelta(seconds=kept)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN}, 204),
        ({"Origin": "HTTPS://WWW.ACME.EXAMPLE"}, 204),
        ({"Origin": "https://acme.example"}, 403),
        ({"Origin": "http://www.acme.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
    ids=["its own", "in capitals", "another host", "another scheme", "null", "none"],
)
def test_only_the_sites_own_pages_may_report(db: None, headers: dict[str, str], status: int) -> None:
    assert Browser(build_site(), headers=headers)() == status
    assert VisitorEvent.objects.count() == (1 if status == 204 else 0)
    assert SiteCount.objects.count() == (1 if status == 204 else 0)


def test_a_site_that_is_off_or_unknown_is_refused(db: None) -> None:
    browser = Browser(build_site(is_active=False))
    assert browser() == 403
    assert browser(k="nowhere") == 403
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_who_asks_not_to_be_tracked_is_not(db: None, header: str) -> None:
    assert Browser(build_site(), headers={"Origin": ORIGIN, header: "1"})() == 204
    assert not Visitor.objects.exists()


def test_what_a_site_may_not_send_is_not_kept_but_counted(db: None) -> None:
    site = build_site()
    assert Browser(site)(event("demo_requested"), event("hacked"), event("hacked"), event()) == 204
    assert [row.event_type.key for row in VisitorEvent.objects.all()] == ["page_viewed"]
    found = set(SiteCount.objects.values_list("name", "is_kept", "number", "day"))
    day = NOW.date()
    assert found == {
        ("demo_requested", False, 1, day),
        ("hacked", False, 2, day),
        ("page_viewed", True, 1, day),
    }
    # Only what may not be sent: nobody is remembered for it.
    Browser(site)(event("hacked"))
    assert Visitor.objects.count() == 1
    assert SiteCount.objects.get(name="hacked").number == 3


def test_a_retired_event_type_is_not_kept(db: None) -> None:
    site = build_site("page_viewed")
    site.event_types.update(is_active=False)
    Browser(site)()
    assert (VisitorEvent.objects.count(), SiteCount.objects.get().is_kept) == (0, False)


def test_many_made_up_names_share_a_line(db: None) -> None:
    browser = Browser(build_site())
    for start in range(0, 80, 20):
        browser(*(event(f"made_up_{number}") for number in range(start, start + 20)))
    names = set(SiteCount.objects.values_list("name", flat=True))
    assert len(names) == MOST_REFUSED_NAMES + 1
    assert SiteCount.objects.get(name="…").number == 30


@pytest.mark.parametrize(("number", "status"), [(0, 400), (1, 204), (20, 204), (21, 400)])
def test_a_batch_has_up_to_twenty(db: None, number: int, status: int) -> None:
    browser = Browser(build_site())
    assert browser.post(browser.body(*(event() for _each in range(number)))) == status
    assert VisitorEvent.objects.count() == (number if status == 204 else 0)


def test_a_body_has_a_largest_size(db: None) -> None:
    browser = Browser(build_site())
    fits = browser.body(event(text="")).encode()
    for length, status in ((MOST_BYTES, 204), (MOST_BYTES + 1, 413)):
        body = fits.replace(b'"text": ""', b'"text": "' + b"x" * (length - len(fits)) + b'"')
        assert (len(body), browser.post(body)) == (length, status)
    assert browser.post(b"") == 413


def raw(body: str | bytes) -> Any:
    return lambda _browser: body


def wrong(**changes: Any) -> Any:
    return lambda browser: browser.body(**{"e": [event()], **changes})


@pytest.mark.parametrize(
    "body",
    [
        raw("no json"),
        raw(b"\xff\xfe"),
        raw("[]"),
        raw("null"),
        raw("[" * 20_000),
        wrong(v="nobody"),
        wrong(v=uuid.UUID(int=0).hex),
        wrong(now="soon"),
        wrong(now=1e400),
        wrong(e="many"),
        wrong(e=[1]),
        wrong(e=[{"id": "1"}]),
        wrong(e=[event() | {"n": " "}]),
        wrong(e=[event() | {"id": ""}]),
        wrong(e=[event() | {"t": None}]),
        wrong(e=[event() | {"p": [1]}]),
    ],
)
def test_nonsense_is_a_bad_request(db: None, body: Any) -> None:
    browser = Browser(build_site())
    assert browser.post(body(browser)) == 400
    assert not Visitor.objects.exists()


def test_odd_properties_are_bounded(db: None) -> None:
    odd = {
        "nul": "a\x00b", "long": "x" * 2_000, "list": [1], "none": None, "yes": True, "n": 1.5, "big": 10**30,
        "half": "\ud83d", "x" * 100: "y", "page": "javascript:1", "referrer": "http://[",
    }  # fmt: skip
    browser = Browser(build_site())
    assert browser(event() | {"p": odd}) == 204
    kept = VisitorEvent.objects.get().properties
    assert kept == {"nul": "ab", "long": "x" * 500, "yes": True, "n": 1.5, "big": str(10**30), "x" * 64: "y"}
    assert browser(event() | {"p": {f"p{n}": n for n in range(50)}}) == 204
    assert len(VisitorEvent.objects.latest("pk").properties) == 20
    assert browser(event() | {"t": float("nan")}) in {204, 400}
    assert json.dumps(kept)


def test_one_address_may_report_so_often(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.tracking.collector.PER_ADDRESS", type(PER_ADDRESS)("track", 3, 60))
    browser = Browser(build_site())
    assert [browser() for _each in range(4)] == [204, 204, 204, 429]
    assert browser(at=NOW + timedelta(seconds=60)) == 204


def test_consent_once_given_stays_on_record(db: None) -> None:
    browser = Browser(build_site())
    for consent in (False, True, False):
        browser(event(), c=consent)
    assert Visitor.objects.get().consent is True


def test_neither_address_nor_browser_is_kept(db: None) -> None:
    names = {field.name for model in (Visitor, VisitorEvent, TrackedSite, SiteCount) for field in model._meta.fields}
    assert not any(part in name for name in names for part in ("ip", "agent", "address") if name != "idempotency_key")


def test_it_costs_few_queries_however_many_events(db: None, django_assert_max_num_queries: Any) -> None:
    browser = Browser(build_site())
    browser()
    with django_assert_max_num_queries(10):
        browser(*(event() for _each in range(20)))


@pytest.mark.parametrize(
    ("table", "index"),
    [("leads_event", "event_idempotency_key_unique"), ("leads_visitorevent", "leads_visitorevent_idempotency_key")],
)
def test_what_came_before_is_asked_of_an_index(db: None, table: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT count(*) FROM {table} WHERE idempotency_key IN ('t:1:a', 't:1:b')")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert index in plan, plan
