"""Many events at once, in a fixed number of statements; each is judged by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from leads.models import Event, EventType, ExternalId
from leads.services.consent import UNSUBSCRIBED, obey_unsubscribes
from leads.services.errors import refuse_impossible
from leads.services.events import clean_properties
from leads.services.identity import hold_living, ids_by_email
from leads.services.queue import mark_changed
from leads.text import normalise_email

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

Names = tuple[str, Any]

# Sorted by key, so that two batches with the same keys wait for each other in the same order; the numbers are drawn
# before, so that those that come back say which are new.
NUMBERS = "SELECT nextval(pg_get_serial_sequence('leads_event', 'id')) FROM generate_series(1, %s)"
INSERT = """
INSERT INTO leads_event (id, lead_id, event_type_id, occurred_at, received_at, idempotency_key, properties)
SELECT id, lead_id, type_id, occurred_at, %s, key, properties::jsonb
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[])
    AS given (id, lead_id, type_id, occurred_at, key, properties)
ORDER BY key, id
ON CONFLICT (idempotency_key) WHERE NOT (idempotency_key = '') DO NOTHING
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a lead did; ``lead`` names it: ("id", 7), ("email", "…") or ("external_id", (system, number))."""

    lead: Names
    event_type: str
    occurred_at: datetime
    idempotency_key: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What became of it: its event's number, whether it is new, or the reasons by field why it was refused."""

    id: int | None = None
    created: bool = False
    errors: dict[str, list[str]] = field(default_factory=dict)


@transaction.atomic
def record_events(*, items: Sequence[Behaviour], now: datetime) -> list[Outcome]:
    """Keep what is sound and new, once per idempotency key, and queue its leads for scoring.

    The outcomes stand in the order of the items. Never raises for what is wrong with one of them.
    """
    types = dict(EventType.objects.filter(is_active=True).values_list("key", "pk"))
    leads = _resolve({item.lead for item in items})
    outcomes = [_checked(item, types, leads, now) for item in items]
    rows = _first_of_each_key(items, outcomes)
    new = _insert([_row(items[n], types, leads) for n in rows], now)
    for n, pk in zip(rows, new, strict=True):
        outcomes[n].id, outcomes[n].created = pk, pk is not None
    _find_duplicates(items, outcomes)
    _obey(items, outcomes, leads, now)
    mark_changed(lead_ids=[leads[items[n].lead] for n in rows if outcomes[n].created], now=now)
    return outcomes


def _resolve(names: Iterable[Names]) -> dict[Names, int]:
    """The leads that are meant, held until the end of the transaction: a query for each way to name them.

    A lead that was merged stands for its winner; nothing is added to what is left of an erased person.
    """
    by_kind: dict[str, set[Any]] = {"id": set(), "email": set(), "external_id": set()}
    for kind, value in names:
        by_kind[kind].add(value)
    found: dict[Names, int] = {("id", pk): pk for pk in by_kind["id"]}
    if by_kind["email"]:
        emails = {value: normalise_email(value) for value in by_kind["email"]}
        known = ids_by_email(emails.values())
        found |= {("email", value): known[email] for value, email in emails.items() if email in known}
    if by_kind["external_id"]:
        numbers = {number for _system, number in by_kind["external_id"]}
        rows = ExternalId.objects.filter(value__in=numbers).values_list("system", "value", "lead")
        found |= {("external_id", (system, value)): pk for system, value, pk in rows}
    standing = hold_living(set(found.values())) if found else {}
    return {name: standing[pk] for name, pk in found.items() if pk in standing}


def _obey(items: Sequence[Behaviour], outcomes: Sequence[Outcome], leads: Mapping[Names, int], now: datetime) -> None:
    """Whoever unsubscribed is mailed no more: the latest time of each."""
    times: dict[int, datetime] = {}
    for item, outcome in zip(items, outcomes, strict=True):
        if outcome.created and item.event_type == UNSUBSCRIBED:
            lead = leads[item.lead]
            times[lead] = max(item.occurred_at, times.get(lead, item.occurred_at))
    if times:
        obey_unsubscribes(times=times, now=now)


def _checked(item: Behaviour, types: Mapping[str, int], leads: Mapping[Names, int], now: datetime) -> Outcome:
    outcome = Outcome()
    if item.lead not in leads:
        name = {"id": "lead_id"}.get(item.lead[0], item.lead[0])
        outcome.errors[name] = [_("There is no such lead.")]
    if item.event_type not in types:
        outcome.errors["event_type"] = [_("There is no such event type.")]
    try:
        refuse_impossible(field="occurred_at", at=item.occurred_at, now=now)
        if item.properties:
            clean_properties(item.properties)
    except ValidationError as error:
        outcome.errors |= error.message_dict
    return outcome


def _first_of_each_key(items: Sequence[Behaviour], outcomes: Sequence[Outcome]) -> list[int]:
    """Which items to write: the sound ones; of those with the same key the first."""
    seen: set[str] = set()
    rows = []
    for n, item in enumerate(items):
        key = item.idempotency_key.strip()
        if not outcomes[n].errors and (not key or key not in seen):
            rows.append(n)
            seen.add(key)
    return rows


def _row(item: Behaviour, types: Mapping[str, int], leads: Mapping[Names, int]) -> tuple[Any, ...]:
    properties = json.dumps(item.properties) if item.properties else "{}"
    return leads[item.lead], types[item.event_type], item.occurred_at, item.idempotency_key.strip(), properties


def _insert(rows: Sequence[tuple[Any, ...]], now: datetime) -> Iterator[int | None]:
    """The number of each new event; None where its key was there already."""
    if not rows:
        return iter(())
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, [len(rows)])
        ids = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(INSERT, [now, ids, *(list(column) for column in zip(*rows, strict=True))])
        new = {pk for (pk,) in cursor.fetchall()}
    return iter([pk if pk in new else None for pk in ids])


def _find_duplicates(items: Sequence[Behaviour], outcomes: Sequence[Outcome]) -> None:
    """The events that had their keys first, from before or from this batch."""
    unwritten = [n for n, one in enumerate(outcomes) if one.id is None and not one.errors]
    missing = {n: items[n].idempotency_key.strip() for n in unwritten}
    if missing:
        known = dict(
            Event.objects.filter(idempotency_key__in=set(missing.values())).values_list("idempotency_key", "pk")
        )
        for n, key in missing.items():
            outcomes[n].id = known.get(key)
