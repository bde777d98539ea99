"""Detect: record every level that has come due, and nothing else (domain rules 1, 9, 11 and 12)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError, OperationalError, connection, transaction

from leads.models import WebhookKind
from leads.services.webhooks import announce
from sla.models import Clock, Escalation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

BATCH = 1000

logger = logging.getLogger(__name__)

# One statement, so that a level is recorded and its clock moved on together or not at all. Whoever sweeps at the same
# time takes other clocks; a level that is on record already is not recorded again, whatever the clock says.
# level_at counts from 1 here; past its end it is null, which is what next_at is when no level is left. The first level
# at or after the due time is where a promise counts as broken: that is told once per clock.
RECORD = """
WITH due AS MATERIALIZED (
    SELECT id, lead_id, kind, due_at, next_level, next_at,
        next_at >= due_at AND coalesce(level_at[next_level - 1] < due_at, true) AS breaks
    FROM sla_clock
    WHERE next_at <= %(now)s AND (%(only)s::bigint IS NULL OR id = %(only)s)
    ORDER BY next_at, id
    LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
), recorded AS (
    INSERT INTO sla_escalation (clock_id, level, level_at, recorded_at, state, error)
    SELECT id, next_level, next_at, %(now)s, 'recorded', ''
    FROM due
    ORDER BY next_at, id
    ON CONFLICT (clock_id, level) DO NOTHING
    RETURNING clock_id
), moved AS (
    UPDATE sla_clock
    SET next_level = due.next_level + 1, next_at = level_at[due.next_level + 1]
    FROM due
    WHERE sla_clock.id = due.id
)
SELECT due.id, due.lead_id, due.kind, due.due_at, due.breaks AND recorded.clock_id IS NOT NULL AS breaks
FROM due LEFT JOIN recorded ON recorded.clock_id = due.id
ORDER BY due.next_at, due.id
"""


def sweep(*, now: datetime, batch: int = BATCH) -> int:
    """Record the levels due at ``now``, in batches of one transaction each; return how many.

    A clock that missed several levels (an outage) comes up once per level, so they are recorded in their order.
    """
    total = 0
    while recorded := _record_batch(now, batch):
        total += recorded
    return total


def _record_batch(now: datetime, batch: int) -> int:
    """How many clocks were dealt with; 0 ends the sweep."""
    try:
        return _record(now, batch)
    except OperationalError:
        raise  # the server's trouble, not a row's: the next beat tries again
    except DatabaseError as error:
        logger.warning("a batch of due clocks failed, taking them one by one: %s", error)
    due = Clock.objects.due(now).order_by("next_at", "pk").values_list("pk", flat=True)[:batch]
    return sum(_record_alone(pk, now) for pk in list(due))


def _record(now: datetime, batch: int, only: int | None = None) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RECORD, {"now": now, "batch": batch, "only": only})
        clocks = cursor.fetchall()
        _announce([clock[:4] for clock in clocks if clock[4]], now)
        return len(clocks)


def _announce(broken: Sequence[tuple[int, int, str, datetime]], now: datetime) -> None:
    """Tell other programs of promises broken, in the transaction that recorded it."""
    if broken:
        details = [{"clock": pk, "promise": kind, "due_at": due_at.isoformat()} for pk, _lead, kind, due_at in broken]
        leads = [lead_id for _pk, lead_id, _kind, _due in broken]
        announce(kind=WebhookKind.BREACHED, lead_ids=leads, now=now, detail=details)


def _record_alone(pk: int, now: datetime) -> int:
    try:
        return _record(now, 1, only=pk)
    except OperationalError:
        raise
    except DatabaseError as error:
        return _set_aside(pk, now, str(error))


def _set_aside(pk: int, now: datetime, error: str) -> int:
    """Halt a clock that cannot be recorded, with an escalation that says why (domain rule 12); 0 if not even that."""
    logger.error("clock %s is set aside: %s", pk, error)
    try:
        with transaction.atomic():
            clock = Clock.objects.select_for_update().get(pk=pk)
            Escalation.objects.get_or_create(
                clock_id=pk,
                level=clock.next_level,
                defaults={
                    "level_at": clock.next_at or now,
                    "recorded_at": now,
                    "state": Escalation.State.SET_ASIDE,
                    "error": error,
                },
            )
            Clock.objects.filter(pk=pk).update(next_at=None)
    except DatabaseError:
        logger.exception("clock %s could not even be set aside", pk)
        return 0
    return 1
