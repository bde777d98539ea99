"""What work lists ask of the database: just the columns that a row shows, and an inbox's version in one small query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F

from leads.models import Attempt

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from people.models import User
    from sla.querysets import ClockQuerySet, HandoffQuerySet


LEAD = {
    **{
        name: F(f"lead__{name}")
        for name in ("first_name", "last_name", "email", "phone", "job_title", "do_not_call", "do_not_email", "consent")
    },
    "company": F("lead__company__name"),
    "source": F("lead__source__name"),
}


@dataclass(frozen=True, slots=True)
class InboxState:
    """How many clocks run for a rep, how many hand-offs are open, and a version that changes when either list does."""

    running: int
    open: int
    version: tuple[int | str, ...]

    @property
    def in_work(self) -> int:
        """Open hand-offs have at most one running first-touch clock each."""
        return max(0, self.open - self.running)


# Written out, because composing it by the ORM takes longer than the database does, and every open inbox asks it.
STATE = """
SELECT clocks.n, clocks.ids, handoffs.n, handoffs.newest
FROM (SELECT count(*) AS n, sum(id) AS ids FROM sla_clock WHERE owner_id = %(owner)s AND state = 'running') AS clocks,
     (SELECT count(*) AS n, max(opened_at) AS newest FROM sla_handoff
      WHERE owner_id = %(owner)s AND closed_at IS NULL) AS handoffs
"""


def inbox_state(user: User) -> InboxState:
    """One query over two partial indexes, whatever the number of leads; asked every second or so by each open inbox."""
    with connection.cursor() as cursor:
        cursor.execute(STATE, {"owner": user.pk})
        running, ids, opened, newest = cursor.fetchone()
    return InboxState(running, opened, (running, str(ids), opened, str(newest)))


def clock_rows(clocks: ClockQuerySet, **more: F) -> QuerySet[Any, Any]:
    """Running clocks as the dictionaries that ``sla.presenters.work_rows`` shapes; ``more`` columns by name."""
    own = {"explanation": F("handoff__explanation"), **more}
    return clocks.values("pk", "lead_id", "handoff_id", "due_at", "warn_at", "next_level", **LEAD, **own)


def handoff_rows(handoffs: HandoffQuerySet) -> QuerySet[Any, Any]:
    """Hand-offs without a running clock, likewise."""
    return handoffs.values("pk", "lead_id", "opened_at", "explanation", **LEAD)


def last_attempts(lead_ids: Collection[int]) -> dict[int, Attempt]:
    """The newest attempt on each lead that has one."""
    newest = (
        Attempt.objects.filter(lead__in=lead_ids)
        .order_by("lead_id", "-occurred_at", "-pk")
        .distinct("lead_id")
        .defer("note")
    )
    return {attempt.lead_id: attempt for attempt in newest}
