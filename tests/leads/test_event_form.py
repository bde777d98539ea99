from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import ChangedLead, Event, EventType
from people.models import User
from tests.cast import MakeLead


def filled(*properties: tuple[str, str], **fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "event_type": EventType.objects.get(key="demo_requested").pk,
        "occurred_at": "2026-01-05T10:30",
        "properties-TOTAL_FORMS": len(properties),
        "properties-INITIAL_FORMS": 0,
    }
    for number, (name, value) in enumerate(properties):
        sent |= {f"properties-{number}-name": name, f"properties-{number}-value": value}
    return sent | fields


def test_record_what_the_lead_did(client: Client, make_lead: MakeLead, owner: User) -> None:
    lead = make_lead(owner=owner)
    client.force_login(owner)
    url = reverse("event-create", args=[lead.pk])
    assert client.get(url).status_code == 200

    response = client.post(url, filled(("page", "/pricing"), ("", ""), ("seats", "5")))

    event = Event.objects.get(lead=lead)
    assert response["Location"] == reverse("lead-detail", args=[lead.pk])
    assert event.event_type.key == "demo_requested"
    assert str(event.occurred_at) == "2026-01-05 09:30:00+00:00"  # typed in Madrid
    assert event.properties == {"page": "/pricing", "seats": "5"}
    assert ChangedLead.objects.filter(lead=lead).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"event_type": "0"},
        {"occurred_at": ""},
        {"occurred_at": "soon"},
        {"properties-0-name": "no blanks"},
        {"properties-0-name": ""},
        {"properties-TOTAL_FORMS": "x"},
    ],
)
def test_refuse_what_makes_no_sense(client: Client, make_lead: MakeLead, owner: User, wrong: dict[str, Any]) -> None:
    lead = make_lead(owner=owner)
    client.force_login(owner)

    response = client.post(reverse("event-create", args=[lead.pk]), filled(("page", "/x"), **wrong))

    assert response.status_code == 422
    assert not Event.objects.exists()


def test_the_future_is_refused_at_its_field(client: Client, make_lead: MakeLead, owner: User) -> None:
    lead = make_lead(owner=owner)
    client.force_login(owner)
    ahead = timezone.localtime(timezone.now() + timedelta(hours=2), owner.zone)

    response = client.post(
        reverse("event-create", args=[lead.pk]), filled(occurred_at=ahead.strftime("%Y-%m-%dT%H:%M"))
    )

    assert response.status_code == 422
    assert "occurred_at" in response.context["form"].errors


def test_a_year_half_typed_is_refused_at_its_field(client: Client, make_lead: MakeLead, owner: User) -> None:
    client.force_login(owner)
    url = reverse("event-create", args=[make_lead(owner=owner).pk])

    for typed in ("0026-11-18T10:00", "0001-01-01T00:00"):
        response = client.post(url, filled(occurred_at=typed))

        assert response.status_code == 422
        assert "occurred_at" in response.context["form"].errors


def test_who_may_not_see_the_lead_records_nothing(
    client: Client, make_lead: MakeLead, owner: User, other_team_sdr: User
) -> None:
    lead = make_lead(owner=owner)
    client.force_login(other_team_sdr)

    assert client.post(reverse("event-create", args=[lead.pk]), filled()).status_code == 404
    assert not Event.objects.exists()
