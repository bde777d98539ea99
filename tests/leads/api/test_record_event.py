from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from leads.models import ChangedLead, Event, EventType, ExternalId
from tests.cast import MakeLead
from tests.leads.api.conftest import Caller, errors_of

AT = "2026-11-18T08:00:00Z"


def test_an_event_is_kept_and_its_lead_scored(caller: Caller, make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@example.com")
    event = {"email": " ANN@example.com", "event_type": "demo_requested", "occurred_at": AT, "properties": {"seats": 4}}

    response = caller("POST", "/events", event)

    kept = Event.objects.select_related("event_type").get()
    assert (response.status_code, response.json()) == (201, {"status": "created", "id": kept.pk})
    assert (kept.lead, kept.event_type.key, kept.properties) == (lead, "demo_requested", {"seats": 4})
    assert kept.occurred_at == datetime(2026, 11, 18, 8, tzinfo=UTC)
    assert ChangedLead.objects.get().lead == lead


def test_the_same_key_is_the_same_event(caller: Caller, make_lead: MakeLead) -> None:
    event = {"lead_id": make_lead().pk, "event_type": "demo_requested", "occurred_at": AT, "idempotency_key": "a"}
    first = caller("POST", "/events", event)

    again = caller("POST", "/events", {**event, "event_type": "page_viewed"})

    assert (again.status_code, again.json()) == (200, {"status": "duplicate", "id": first.json()["id"]})
    assert Event.objects.count() == ChangedLead.objects.count() == 1


def test_by_the_number_in_another_system(caller: Caller, make_lead: MakeLead) -> None:
    lead, other = make_lead(), make_lead()
    ExternalId.objects.create(lead=lead, system="crm", value="7")
    ExternalId.objects.create(lead=other, system="erp", value="7")

    caller("POST", "/events", {"external_id": "7", "system": "crm", "event_type": "page_viewed", "occurred_at": AT})

    assert Event.objects.get().lead == lead


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lead_id": 2**62}, "lead_id"),
        ({"lead_id": 2**63}, "lead_id"),
        ({"lead_id": "1"}, "lead_id"),
        ({"lead_id": None, "email": "nobody@example.com"}, "email"),
        ({"lead_id": None, "email": ""}, "email"),
        ({"lead_id": None, "external_id": "1", "system": "crm"}, "external_id"),
        ({"lead_id": None}, ""),
        ({"email": "a@example.com"}, ""),
        ({"system": "crm"}, ""),
        ({"event_type": "nonsense"}, "event_type"),
        ({"event_type": "retired"}, "event_type"),
        ({"event_type": None}, "event_type"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-11-18T08:00:00"}, "occurred_at"),
        ({"occurred_at": "2035-11-18T08:00:00Z"}, "occurred_at"),
        ({"occurred_at": "1899-12-31T23:59:59Z"}, "occurred_at"),
        ({"idempotency_key": "x" * 201}, "idempotency_key"),
        ({"properties": {"a": "\u0000"}}, "properties"),
        ({"properties": {"a": "\ud800"}}, "properties"),
        ({"properties": {"a": "x" * 20_001}}, "properties"),
        ({"properties": [1]}, "properties"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    caller: Caller, make_lead: MakeLead, change: dict[str, Any], field: str
) -> None:
    EventType.objects.create(key="retired", name="Retired", is_active=False)
    event = {"lead_id": make_lead().pk, "event_type": "page_viewed", "occurred_at": AT}

    response = caller("POST", "/events", event | change)

    assert (response.status_code, field in errors_of(response)) == (422, True), response.content
    assert not Event.objects.exists()
