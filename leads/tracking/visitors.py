"""Visitors: held, identified, forgotten.

Lock order: a lead as foreign keys hold it (``hold_leads``), its visitors, and only then the lead to change it. Merging
and erasing hold the lead for themselves and then take its visitors: whoever held the visitor first would wait for them
while they wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction

from leads.models import Lead, SiteCount, Visitor, VisitorEvent
from leads.services.identity import hold_leads, hold_living
from leads.services.queue import mark_changed

if TYPE_CHECKING:
    from datetime import datetime, timedelta

BATCH = 2_000
HOLD = """
    INSERT INTO leads_visitor (uuid, site_id, consent, first_seen, last_seen)
    VALUES (%(uuid)s, %(site)s, %(consent)s, %(now)s, %(now)s)
    ON CONFLICT (uuid) WHERE ended_at IS NULL DO UPDATE SET
        last_seen = greatest(leads_visitor.last_seen, excluded.last_seen),
        consent = leads_visitor.consent OR excluded.consent,
        site_id = coalesce(leads_visitor.site_id, excluded.site_id)
    RETURNING id, lead_id
"""
MOVE = """
    WITH moved AS (DELETE FROM leads_visitorevent WHERE visitor_id = %(visitor)s RETURNING *)
    INSERT INTO leads_event (lead_id, event_type_id, occurred_at, received_at, idempotency_key, properties)
    SELECT %(lead)s, event_type_id, occurred_at, received_at, idempotency_key, properties FROM moved
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Held:
    """The present visitor of a browser, held until the end of the transaction."""

    id: int
    lead_id: int | None


def hold(*, uuid: UUID, site_id: int | None, consent: bool, now: datetime) -> Held:
    """The visitor of this browser, new if need be, seen now; two at once find the same one.

    Whose it is may be merged or erased at this moment: that is waited for.
    """
    _hold_owner(uuid)
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"uuid": uuid, "site": site_id, "consent": consent, "now": now})
        return Held(*cursor.fetchone())


def hold_known(*, uuid: UUID, lead: Lead | None) -> Visitor | None:
    """The present visitor of a browser if it ever came by, held before the lead that it may turn out to be is changed.

    What was never seen is not made known: only the snippet, or a form, makes visitors.
    """
    _hold_owner(uuid, lead)
    held = Visitor.objects.select_for_update(of=("self",), no_key=True)
    return held.filter(uuid=uuid, ended_at=None).first()


def _hold_owner(uuid: UUID, *others: Lead | None) -> None:
    owner = Visitor.objects.filter(uuid=uuid, ended_at=None, lead__isnull=False).values_list("lead", flat=True)
    hold_leads({*owner, *(lead.pk for lead in others if lead is not None)})


@transaction.atomic
def identify(*, visitor: Visitor, lead: Lead, now: datetime) -> Visitor:
    """From now on this visitor is that lead: what it did so far joins the lead, at the time it was done.

    A visitor that is somebody else already stays so, closed, and a new one begins in the same browser. The visitor
    to go on with comes back. Of a lead that was merged a moment ago its winner is meant; nobody is an erased one.
    """
    living = hold_living([lead.pk]).get(lead.pk)
    current = Visitor.objects.select_for_update(of=("self",), no_key=True).get(pk=visitor.pk)
    if living is None:
        return current
    lead = lead if living == lead.pk else Lead.objects.get(pk=living)
    if current.lead_id == lead.pk and current.ended_at is None:
        return current
    if current.lead_id is not None:
        return _begin_anew(current, lead, now)
    current.lead = lead
    current.last_seen = max(current.last_seen, now)
    current.save(update_fields=["lead", "last_seen"])
    if _move_events(current, lead):
        mark_changed(lead_ids=[lead.pk], now=now)
    return current


def _begin_anew(current: Visitor, lead: Lead, now: datetime) -> Visitor:
    """Close the row of the one who was here before; the row of the browser is whose it is now."""
    Visitor.objects.filter(uuid=current.uuid, ended_at=None).exclude(lead=lead).update(ended_at=now)
    found, _created = Visitor.objects.get_or_create(
        uuid=current.uuid,
        ended_at=None,
        defaults={
            "lead": lead,
            "site_id": current.site_id,
            "consent": current.consent,
            "first_seen": now,
            "last_seen": now,
        },
    )
    return found


def _move_events(visitor: Visitor, lead: Lead) -> int:
    """One statement, whatever their number; an event that the lead has under the same key is dropped."""
    with connection.cursor() as cursor:
        cursor.execute(MOVE, {"visitor": visitor.pk, "lead": lead.pk})
        return int(cursor.rowcount)


def known_visitor(uuid: UUID | None) -> Visitor | None:
    """The present visitor of a browser, if it ever came by."""
    if uuid is None:
        return None
    return Visitor.objects.select_related("lead__company").filter(uuid=uuid, ended_at=None).first()


def uuid_of(text: object) -> UUID | None:
    """A visitor's number as it stands in an address or a cookie; nothing when it is none."""
    try:
        found = UUID(str(text or ""))
    except ValueError:
        return None
    return found if found.int else None


def forget_anonymous(*, now: datetime, after: timedelta) -> int:
    """Delete those whom nobody identified and who did not come back, with what they did; how many it were."""
    forgotten, before = 0, now - after
    while gone := _forget_some(before):
        forgotten += gone
    SiteCount.objects.filter(day__lt=before.date()).delete()
    return forgotten


@transaction.atomic
def _forget_some(before: datetime) -> int:
    """A batch: those that are just coming back are held by somebody else and left alone."""
    old = Visitor.objects.filter(lead__isnull=True, last_seen__lt=before).order_by("last_seen")
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    VisitorEvent.objects.filter(visitor__in=ids).delete()
    return Visitor.objects.filter(pk__in=ids).delete()[1].get("leads.Visitor", 0) if ids else 0
