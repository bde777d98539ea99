from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from leads.models import ChangedLead, Event, ExternalId
from leads.services.event_batches import Behaviour, record_events
from tests.cast import MakeLead, build_lead
from tests.leads.api.conftest import Caller, errors_of

AT = "2026-11-18T08:00:00Z"


def event(**more: Any) -> dict[str, Any]:
    return {"event_type": "page_viewed", "occurred_at": AT, **more}


def test_a_result_for_each_in_their_order(caller: Caller, make_lead: MakeLead) -> None:
    one, two = make_lead(email="one@example.com"), make_lead()
    ExternalId.objects.create(lead=two, system="crm", value="2")
    batch = [
        event(lead_id=one.pk, idempotency_key="a"),
        event(email="ONE@example.com"),
        event(external_id="2", system="crm", properties={"x": {"y": [1, None, "ż"]}}),
        event(lead_id=one.pk, idempotency_key=" a "),
        event(lead_id=999_999),
        event(email="x", lead_id=1),
        event(lead_id=one.pk, event_type="nonsense", occurred_at="2035-01-01T00:00:00Z"),
        event(lead_id=one.pk, more=1),
        "nonsense",
        None,
    ]

    response = caller("POST", "/events/batch", {"events": batch})

    told = response.json()
    first, second, third = Event.objects.order_by("pk")
    assert response.status_code == 200
    assert (told["created"], told["duplicates"], told["errors"]) == (3, 1, 6)
    assert [one["status"] for one in told["results"]] == ["created"] * 3 + ["duplicate"] + ["error"] * 6
    assert [one["id"] for one in told["results"][:4]] == [first.pk, second.pk, third.pk, first.pk]
    assert [[error["field"] for error in one["errors"]] for one in told["results"][4:]] == [
        ["lead_id"], [""], ["event_type", "occurred_at"], ["more"], [""], [""],
    ]  # fmt: skip
    assert (third.lead, third.properties) == (two, {"x": {"y": [1, None, "ż"]}})
    assert set(ChangedLead.objects.values_list("lead", flat=True)) == {one.pk, two.pk}


def test_the_same_batch_again_is_all_duplicates(caller: Caller, make_lead: MakeLead) -> None:
    lead = make_lead()
    batch = {"events": [event(lead_id=lead.pk, idempotency_key=str(n)) for n in range(20)]}
    first = caller("POST", "/events/batch", batch).json()

    again = caller("POST", "/events/batch", batch).json()

    assert (again["created"], again["duplicates"]) == (0, 20)
    assert [one["id"] for one in again["results"]] == [one["id"] for one in first["results"]]
    assert (Event.objects.count(), ChangedLead.objects.count()) == (20, 1)


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "events"), ({"events": []}, "events"), ({"events": [{}] * 1001}, "events"), ({"events": {}}, "events")],
)
def test_no_batch(caller: Caller, body: Any, field: str) -> None:
    response = caller("POST", "/events/batch", body)

    assert (response.status_code, list(errors_of(response))) == (422, [field])


def test_a_thousand_are_as_many_statements_as_one(
    caller: Caller, make_lead: MakeLead, django_assert_max_num_queries: Any
) -> None:
    leads = [make_lead() for _ in range(50)]
    batch = {"events": [event(lead_id=leads[n % 50].pk, idempotency_key=str(n)) for n in range(1000)]}

    with django_assert_max_num_queries(20):
        told = caller("POST", "/events/batch", batch).json()

    assert told["created"] == Event.objects.count() == 1000


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_batches_at_once_keep_each_event_once_and_never_wait_crosswise() -> None:
    lead = build_lead()
    items = [Behaviour(("id", lead.pk), "page_viewed", timezone.now(), f"key {n}") for n in range(500)]
    start, tallies, errors = threading.Barrier(4), [], []

    def work(mine: list[Behaviour]) -> None:
        try:
            start.wait()
            outcomes = record_events(items=mine, now=timezone.now())
            tallies.append(sum(one.created for one in outcomes))
            assert all(one.id for one in outcomes)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(items[:: 1 if n % 2 else -1],)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert errors == []
    assert sum(tallies) == Event.objects.count() == 500
