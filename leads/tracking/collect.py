"""What the tracking snippet sends: read, bounded, and kept once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

from leads.capture.touch import bare_address, utm_of_address
from leads.models import Event, EventType, SiteCount, TrackedSite, VisitorEvent
from leads.services.identity import hold_living
from leads.services.locks import patiently
from leads.services.queue import mark_changed
from leads.text import tidy
from leads.tracking.visitors import hold, uuid_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_EVENTS = 20
MOST_BYTES = 32_768
MOST_PROPERTIES = 20
LONGEST_NAME = 64
LONGEST_TEXT = 500
# A browser that was asleep sends late; what it says is older than this is taken as this old.
OLDEST = timedelta(days=7)
# Names that a site may not send are shown by name up to so many a day.
MOST_REFUSED_NAMES = 50
OTHER = "…"
COUNT = """
    INSERT INTO leads_sitecount (site_id, day, name, is_kept, number, last_at)
    SELECT %(site)s, %(day)s, u.name, u.is_kept, u.number, %(now)s
    FROM unnest(%(names)s::text[], %(kept)s::boolean[], %(numbers)s::int[]) AS u (name, is_kept, number)
    ORDER BY u.name, u.is_kept
    ON CONFLICT (site_id, day, name, is_kept)
    DO UPDATE SET number = leads_sitecount.number + excluded.number, last_at = excluded.last_at
"""


class UnreadableError(ValueError):
    """The body is none of ours."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing a visitor did; ``key`` is the browser's own number for it."""

    key: str
    name: str
    age: timedelta
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    site_key: str
    visitor: UUID
    consent: bool
    hits: tuple[Hit, ...]


def read(body: bytes) -> Batch:
    """The batch in a body. Raises UnreadableError when it is none, or holds more than twenty events."""
    try:
        told = json.loads(body, parse_constant=_no_number)
        visitor, events, sent = uuid_of(told["v"]), told["e"], float(told["now"])
        if visitor is None or not isinstance(events, list) or not 0 < len(events) <= MOST_EVENTS:
            raise UnreadableError
        hits = tuple(_hit(event, sent) for event in events)
        return Batch(str(told["k"])[:LONGEST_NAME], visitor, told.get("c") is True, hits)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise UnreadableError from error


def _no_number(text: str) -> float:
    raise ValueError(text)


def _hit(event: dict[str, Any], sent: float) -> Hit:
    """Its age by the browser's own clock, which may be wrong: only the difference counts."""
    seconds = (sent - float(event["t"])) / 1000
    age = timedelta(seconds=min(max(seconds, 0.0), OLDEST.total_seconds()))
    name, key = _text(event["n"])[:LONGEST_NAME], _text(event["id"])[:LONGEST_NAME]
    if not name or not key:
        raise UnreadableError
    return Hit(key, name, age, _properties(event.get("p") or {}))


def _properties(told: dict[str, Any]) -> dict[str, Any]:
    """Plain values only, bounded; of addresses without their query, which may hold what is private, but for UTM."""
    kept: dict[str, Any] = {}
    for name, value in list(told.items())[:MOST_PROPERTIES]:
        if isinstance(value, str):
            kept[_text(name)[:LONGEST_NAME]] = _text(value)[:LONGEST_TEXT]
        elif isinstance(value, bool | int) or (isinstance(value, float) and abs(value) < float("inf")):
            kept[_text(name)[:LONGEST_NAME]] = value if abs(value) < 10**15 else str(value)[:LONGEST_TEXT]
    if "page" in kept:
        kept |= utm_of_address(str(told["page"])) | {"page": bare_address(told["page"])}
    if "referrer" in kept:
        kept["referrer"] = bare_address(told["referrer"])
    return {name: value for name, value in kept.items() if name and value != ""}


def _text(value: object) -> str:
    """One line; half a surrogate pair, which JSON can write and nothing can store, is dropped."""
    return " ".join(tidy(str(value)[:5_000].encode("utf-8", "ignore").decode()).replace("\x00", "").split())


def collect(*, batch: Batch, site: TrackedSite, allowed: dict[str, EventType], now: datetime) -> int:
    """Keep what the site may send, each event once; how many were new.

    Of a visitor nobody knows the events wait; those of somebody identified are the lead's at once, or its winner's
    when it was merged. The visitor is held, so that none slips in between while it is being identified. Nothing is
    kept of somebody who was erased.
    """
    return patiently(lambda: _collect(batch, site, allowed, now))


def _collect(batch: Batch, site: TrackedSite, allowed: dict[str, EventType], now: datetime) -> int:
    kept = [hit for hit in batch.hits if hit.name in allowed]
    new = _keep(kept, batch, site, allowed, now) if kept else 0
    _count(site, kept, [hit for hit in batch.hits if hit.name not in allowed], now)
    return new


def _keep(hits: list[Hit], batch: Batch, site: TrackedSite, allowed: dict[str, EventType], now: datetime) -> int:
    held = hold(uuid=batch.visitor, site_id=site.pk, consent=batch.consent, now=now)
    lead_id = hold_living([held.lead_id]).get(held.lead_id) if held.lead_id is not None else None
    if held.lead_id is not None and lead_id is None:
        return 0
    rows = [
        {
            "event_type": allowed[hit.name],
            "occurred_at": now - hit.age,
            "received_at": now,
            "idempotency_key": f"t:{batch.visitor.hex}:{hit.key}",
            "properties": hit.properties,
        }
        for hit in hits
    ]
    keys = {str(row["idempotency_key"]) for row in rows}
    table = VisitorEvent if lead_id is None else Event
    before = table._default_manager.filter(idempotency_key__in=keys).count()
    if lead_id is None:
        VisitorEvent.objects.bulk_create(
            [VisitorEvent(visitor_id=held.id, **row) for row in rows], ignore_conflicts=True
        )
    else:
        Event.objects.bulk_create([Event(lead_id=lead_id, **row) for row in rows], ignore_conflicts=True)
    new = len(keys) - before
    if new and lead_id is not None:
        mark_changed(lead_ids=[lead_id], now=now)
    return new


def _count(site: TrackedSite, kept: Iterable[Hit], refused: list[Hit], now: datetime) -> None:
    """Written last, so that the rows that everybody counts on are held but for a moment."""
    numbers = Counter((hit.name, True) for hit in kept)
    numbers += Counter((name, False) for name in _named(site, refused, now))
    rows = sorted(numbers.items())
    terms: dict[str, Any] = {
        "site": site.pk,
        "day": now.date(),
        "now": now,
        "names": [name for (name, _is_kept), _number in rows],
        "kept": [is_kept for (_name, is_kept), _number in rows],
        "numbers": [number for _key, number in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, terms)


def _named(site: TrackedSite, refused: list[Hit], now: datetime) -> list[str]:
    """The names to show: once a site sent too many different ones today, new ones share a line."""
    if not refused:
        return []
    today = SiteCount.objects.filter(site=site, day=now.date(), is_kept=False)
    known = set(today.values_list("name", flat=True))
    names = []
    for hit in refused:
        fits = hit.name in known or len(known) < MOST_REFUSED_NAMES
        name = hit.name if fits else OTHER
        known.add(name)
        names.append(name)
    return names
