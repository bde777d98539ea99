"""Behaviour of a lead, recorded once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from leads.models import Event, EventType, Lead
from leads.services.consent import UNSUBSCRIBED, obey_unsubscribes
from leads.services.errors import constraint_of, refuse_erased_since, refuse_impossible, refuse_nul
from leads.services.identity import hold_lead
from leads.services.locks import lock_leads
from leads.services.queue import mark_changed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PROPERTIES_LENGTH = 20_000


@transaction.atomic
def record_event(
    *,
    lead: Lead,
    event_type: EventType,
    occurred_at: datetime,
    now: datetime,
    idempotency_key: str = "",
    properties: Mapping[str, Any] | None = None,
) -> tuple[Event, bool]:
    """Keep what the lead did, at the time it did it (domain rule 17), and queue the lead for scoring.

    Unsubscribing is obeyed at once. With a key that was used before, the first event comes back and False; two
    workers at once keep one row. A lead that is being merged is waited for, and the event lands on the winner. Raises
    ValidationError for a time more than five minutes ahead, or properties that are no plain JSON.
    """
    refuse_impossible(field="occurred_at", at=occurred_at, now=now)
    standing = hold_lead(lead)
    event = Event(
        lead=standing,
        event_type=event_type,
        occurred_at=occurred_at,
        received_at=now,
        idempotency_key=idempotency_key.strip(),
        properties=clean_properties(properties or {}),
    )
    refuse_nul({"idempotency_key": event.idempotency_key})
    event.clean_fields(exclude=("lead", "event_type"))
    if event_type.key == UNSUBSCRIBED:
        lock_leads([lead.pk])  # before the event points to it, lest two of these wait for each other
    first = _insert(event)
    if first is not None:
        return first, False
    refuse_erased_since(standing)
    if event_type.key == UNSUBSCRIBED:
        obey_unsubscribes(times={standing.pk: occurred_at}, now=now)
    mark_changed(lead_ids=[standing.pk], now=now)
    return event, True


def _insert(event: Event) -> Event | None:
    """Write the event, or find the one that had its key first (waiting for a worker that is just writing it)."""
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError as error:
        if constraint_of(error) != "event_idempotency_key_unique":
            raise
        return Event.objects.get(idempotency_key=event.idempotency_key)
    return None


def clean_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as JSON keeps them; a ValidationError where it cannot."""
    try:
        text = json.dumps(dict(properties), allow_nan=False, ensure_ascii=False)
        text.encode()  # half of a surrogate pair is no text that the database keeps
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationError({"properties": _("Must be plain JSON.")}) from error
    if "\\u0000" in text or len(text) > PROPERTIES_LENGTH:
        raise ValidationError({"properties": _("Too long, or holds a NUL character.")})
    plain: dict[str, Any] = json.loads(text)
    return plain
