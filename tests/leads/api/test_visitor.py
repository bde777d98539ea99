"""A program that says which browser a lead is: what that browser did joins the lead."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from leads.models import Event, Lead, Scope, Visitor, VisitorEvent
from tests.cast import MakeLead
from tests.leads.api.conftest import Caller, MakeCaller, errors_of
from tests.leads.tracking.building import Browser, build_site, event


@pytest.fixture
def browser(db: None) -> Browser:
    browser = Browser(build_site())
    browser(event(key="a"), event("pricing_viewed", key="b"))
    return browser


@pytest.mark.parametrize("is_known", [True, False])
def test_what_it_did_joins_the_lead(caller: Caller, browser: Browser, make_lead: MakeLead, is_known: bool) -> None:
    if is_known:
        make_lead(email="ann@example.com")
    for _time in range(2):
        response = caller.put({"email": "ann@example.com", "visitor": str(browser.uuid)})
    browser(event(key="c"))
    lead = Lead.objects.get()
    assert response.json() == {"id": lead.pk, "created": False}
    assert (lead.events.count(), VisitorEvent.objects.count(), Visitor.objects.get().lead) == (3, 0, lead)


def test_a_browser_that_never_came_by_changes_nothing(caller: Caller) -> None:
    assert caller.put({"email": "ann@example.com", "visitor": str(uuid.uuid4())}).status_code == 201
    assert caller.put({"email": "ann@example.com", "visitor": None}).status_code == 200
    assert not Visitor.objects.exists()


def test_somebody_elses_browser_starts_anew(caller: Caller, browser: Browser) -> None:
    for name in ("ann", "bob"):
        assert caller.put({"email": f"{name}@example.com", "visitor": browser.uuid.hex}).status_code == 201
    browser(event(key="c"))
    ann, bob = Lead.objects.order_by("pk")
    assert (ann.events.count(), bob.events.count()) == (2, 1)
    assert Visitor.objects.filter(lead=ann, ended_at__isnull=False).count() == 1
    assert Visitor.objects.get(ended_at=None).lead == bob


@pytest.mark.parametrize("wrong", ["", "7", 7, "x" * 36, ["a"]])
def test_what_is_no_number_of_a_browser_is_refused(caller: Caller, wrong: Any) -> None:
    response = caller.put({"email": "ann@example.com", "visitor": wrong})
    assert (response.status_code, list(errors_of(response))) == (422, ["visitor"])
    assert not Lead.objects.exists()


def test_a_refused_lead_identifies_nobody(caller: Caller, browser: Browser) -> None:
    assert caller.put({"email": "no address", "visitor": str(browser.uuid)}).status_code == 422
    assert (Visitor.objects.get().lead, Event.objects.count()) == (None, 0)


def test_it_takes_the_scope_of_saving_leads(make_caller: MakeCaller, browser: Browser) -> None:
    reader = make_caller(Scope.LEADS_READ)
    assert reader.put({"email": "ann@example.com", "visitor": str(browser.uuid)}).status_code == 403
    assert Visitor.objects.get().lead is None
