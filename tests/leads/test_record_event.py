from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.models import ChangedLead, Event, EventType, Lead
from leads.services.events import record_event
from tests.cast import NOW, MakeLead, build_lead

Types = Callable[[str], EventType]


def test_keep_when_it_happened_and_when_it_came(make_lead: MakeLead, event_type: Types) -> None:
    lead = make_lead()
    happened = NOW - timedelta(days=3)

    event, created = record_event(
        lead=lead, event_type=event_type("page_viewed"), occurred_at=happened, now=NOW, properties={"page": "/x"}
    )

    event.refresh_from_db()
    assert created
    assert (event.occurred_at, event.received_at, event.properties) == (happened, NOW, {"page": "/x"})
    assert ChangedLead.objects.filter(lead=lead).count() == 1


def test_the_same_key_twice_is_one_event(make_lead: MakeLead, event_type: Types) -> None:
    lead = make_lead()
    facts: dict[str, Any] = {"lead": lead, "event_type": event_type("demo_requested"), "now": NOW}
    facts["idempotency_key"] = "k1"

    first, created = record_event(occurred_at=NOW, **facts)
    again, created_again = record_event(occurred_at=NOW - timedelta(days=1), **facts)

    assert (created, created_again) == (True, False)
    assert again == first
    assert again.occurred_at == NOW
    assert ChangedLead.objects.count() == 1


def test_without_a_key_every_event_counts(make_lead: MakeLead, event_type: Types) -> None:
    lead = make_lead()
    for _ in range(2):
        record_event(lead=lead, event_type=event_type("page_viewed"), occurred_at=NOW, now=NOW)

    assert Event.objects.filter(lead=lead).count() == 2


@pytest.mark.parametrize(("seconds", "refused"), [(300, False), (301, True)])
def test_five_minutes_ahead_and_no_more(make_lead: MakeLead, event_type: Types, seconds: int, refused: bool) -> None:
    lead = make_lead()
    facts: dict[str, Any] = {"lead": lead, "event_type": event_type("page_viewed"), "now": NOW}
    ahead = NOW + timedelta(seconds=seconds)

    if refused:
        with pytest.raises(ValidationError) as error:
            record_event(occurred_at=ahead, **facts)
        assert "occurred_at" in error.value.message_dict
    else:
        record_event(occurred_at=ahead, **facts)

    assert Event.objects.count() == (0 if refused else 1)


@pytest.mark.parametrize("properties", [{"x": float("nan")}, {"x": object()}, {"x": "a\x00"}, {"x": "y" * 20_001}])
def test_refuse_properties_that_json_cannot_keep(
    make_lead: MakeLead, event_type: Types, properties: dict[str, Any]
) -> None:
    lead = make_lead()

    with pytest.raises(ValidationError) as error:
        record_event(lead=lead, event_type=event_type("page_viewed"), occurred_at=NOW, now=NOW, properties=properties)

    assert "properties" in error.value.message_dict
    assert not Event.objects.exists()


@pytest.mark.parametrize("key", ["x" * 201, "a\x00b"])
def test_refuse_a_key_that_cannot_be_kept(make_lead: MakeLead, event_type: Types, key: str) -> None:
    with pytest.raises(ValidationError) as error:
        record_event(
            lead=make_lead(), event_type=event_type("page_viewed"), occurred_at=NOW, now=NOW, idempotency_key=key
        )

    assert "idempotency_key" in error.value.message_dict


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_keep_one_row() -> None:
    lead = build_lead()
    kind = EventType.objects.get(key="demo_requested")
    start = threading.Barrier(4)
    results: list[tuple[int, bool]] = []

    def work() -> None:
        try:
            start.wait()
            event, created = record_event(
                lead=Lead(pk=lead.pk), event_type=kind, occurred_at=NOW, now=NOW, idempotency_key="same"
            )
            results.append((event.pk, created))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert sorted(created for _, created in results) == [False, False, False, True]
    assert len({pk for pk, _ in results}) == 1
    assert Event.objects.count() == ChangedLead.objects.count() == 1
