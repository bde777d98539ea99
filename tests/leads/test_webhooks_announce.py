"""What is told, when, and to whom: written with the fact, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from leads.models import Lead, LeadStatus, LifecycleStage, WebhookDelivery
from leads.services.leads import create_lead, update_lead
from leads.services.stages import StageMove, move_by_hand, move_stages
from leads.services.webhooks import announce, forget_leads
from people.models import User
from tests.cast import MakeLead
from tests.leads.hooks import NOW, build_delivery, build_endpoint
from tests.leads.importing import Importer


def told() -> list[tuple[str, int | None]]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("kind", "lead"))


def status(key: str) -> LeadStatus:
    return LeadStatus.objects.get(key=key)


def test_a_new_lead(administrator: User) -> None:
    build_endpoint(administrator)

    lead = create_lead(now=NOW, by=None, data={"email": "ann@example.com", "first_name": "Ann"})

    delivery = WebhookDelivery.objects.get()
    assert (delivery.kind, delivery.lead, delivery.state, delivery.next_try_at) == (
        "lead.created",
        lead,
        "pending",
        NOW,
    )
    assert delivery.payload == {
        "type": "lead.created",
        "timestamp": NOW.isoformat(),
        "data": {
            "lead": {
                "id": lead.pk, "email": "ann@example.com", "first_name": "Ann", "last_name": "", "company": None,
                "source": None, "stage": "lead", "status": "new", "status_reason": "", "owner": None,
            }
        },
    }  # fmt: skip


def test_only_those_who_want_to_hear_and_are_on(administrator: User) -> None:
    hears = build_endpoint(administrator, "https://a.example/", "lead.created", "lead.won")
    also = build_endpoint(administrator, "https://b.example/", "lead.created")
    build_endpoint(administrator, "https://c.example/", "lead.lost")
    build_endpoint(administrator, "https://d.example/", "lead.created", is_active=False)

    create_lead(now=NOW, by=None, data={})

    deliveries = WebhookDelivery.objects.all()
    assert {one.endpoint for one in deliveries} == {hears, also}
    assert len({one.event_id for one in deliveries}) == 1


def test_a_fact_that_did_not_happen_is_not_told(administrator: User) -> None:
    build_endpoint(administrator)

    with pytest.raises(ValidationError):
        create_lead(now=NOW, by=None, data={"email": "nobody"})
    with transaction.atomic():
        create_lead(now=NOW, by=None, data={})
        transaction.set_rollback(True)

    assert told() == []


def test_a_stage_by_hand_or_by_score(administrator: User, make_lead: MakeLead) -> None:
    build_endpoint(administrator)
    lead = make_lead("mql")
    sql, customer = LifecycleStage.objects.get(key="sql"), LifecycleStage.objects.get(key="customer")

    move_by_hand(lead=lead, to_stage=sql, by=administrator, reason="Said yes", now=NOW)
    move_by_hand(lead=lead, to_stage=sql, by=administrator, reason="Said yes", now=NOW)
    move_stages(moves=[StageMove(lead.pk, customer.pk, "threshold", "Score 99", "Scoring 1")], now=NOW)

    assert told() == [("lead.stage_changed", lead.pk)] * 2 + [("lead.won", lead.pk)]
    data = [one.payload["data"] for one in WebhookDelivery.objects.order_by("pk")]
    assert data[0] == {
        "lead": data[0]["lead"], "from": "mql", "to": "sql", "reason": "by_hand", "detail": "Said yes", "version": ""
    }  # fmt: skip
    assert (data[1]["from"], data[1]["to"], data[1]["version"]) == ("sql", "customer", "Scoring 1")
    assert data[1]["lead"]["stage"] == "customer"


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ("new", "returned", ["lead.returned"]),
        ("returned", "returned", []),
        ("new", "disqualified", ["lead.lost"]),
        ("disqualified", "disqualified", []),
        ("disqualified", "returned", ["lead.returned"]),
        ("disqualified", "new", []),
        ("new", "connected", []),
    ],
)
def test_a_status(administrator: User, make_lead: MakeLead, before: str, after: str, kinds: list[str]) -> None:
    build_endpoint(administrator)
    lead = make_lead(status=before, status_reason="No budget")

    update_lead(lead=lead, now=NOW, by=None, data={"status": status(after), "city": "Madrid"})

    assert [kind for kind, _lead in told()] == kinds


def test_an_import_tells_of_new_leads_only(importer: Importer, administrator: User, make_lead: MakeLead) -> None:
    make_lead(email="old@example.com")
    build_endpoint(administrator)
    rows = "E-mail,First\nold@example.com,Old\nnew@example.com,New\nnobody,X\nother@example.com,Other\n"

    for _ in range(2):
        importer(rows)

    new = Lead.objects.filter(email__in=["new@example.com", "other@example.com"]).order_by("pk")
    assert told() == [("lead.created", lead.pk) for lead in new]


def test_without_an_address_it_costs_a_query(make_lead: MakeLead, django_assert_num_queries: Any) -> None:
    lead = make_lead()
    with django_assert_num_queries(1):
        assert announce(kind="lead.created", lead_ids=[lead.pk], now=NOW) == 0


def test_thousands_are_a_few_statements(
    administrator: User, make_lead: MakeLead, django_assert_max_num_queries: Any
) -> None:
    build_endpoint(administrator)
    build_endpoint(administrator, "https://b.example/")
    leads = [make_lead().pk for _ in range(40)]
    with django_assert_max_num_queries(8):
        assert announce(kind="lead.won", lead_ids=leads, now=NOW, detail=[{"n": n} for n in range(40)]) == 80
    assert WebhookDelivery.objects.filter(lead=leads[7]).first().payload["data"]["n"] == 7  # type: ignore[union-attr]  # there is one


def test_a_lead_that_is_gone_is_not_told_of(administrator: User) -> None:
    build_endpoint(administrator)
    assert announce(kind="lead.won", lead_ids=[987_654], now=NOW) == 0


def test_what_was_told_of_a_person_can_be_forgotten(administrator: User, make_lead: MakeLead) -> None:
    endpoint, lead, other = build_endpoint(administrator), make_lead(), make_lead()
    for one in (lead, other):
        build_delivery(endpoint, lead=one)
        build_delivery(endpoint, lead=one, state="delivered", next_try_at=None, delivered_at=NOW)

    assert forget_leads(lead_ids=[lead.pk]) == 2

    assert not WebhookDelivery.objects.filter(lead=lead).exists()
    forgotten = WebhookDelivery.objects.filter(lead=None)
    assert sorted(forgotten.values_list("state", flat=True)) == ["delivered", "failed"]
    assert all(one.payload == {} for one in forgotten)
    assert WebhookDelivery.objects.filter(lead=other, state="pending", payload__type="ping").exists()


def test_the_same_message_goes_to_an_address_once(administrator: User) -> None:
    delivery = build_delivery(build_endpoint(administrator))
    with pytest.raises(IntegrityError), transaction.atomic():
        build_delivery(delivery.endpoint, event_id=delivery.event_id, created_at=NOW + timedelta(days=1))
