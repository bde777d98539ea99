"""What work lists ask of the database: just the columns that a row shows, and an inbox's version in one small query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Max, Subquery, Sum
from django.db.models.functions import JSONObject

from leads.models import Attempt
from people.models import User
from sla.models import Clock, Handoff

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from sla.querysets import ClockQuerySet, HandoffQuerySet


LEAD = {
    **{
        name: F(f"lead__{name}")
        for name in ("first_name", "last_name", "email", "phone", "job_title", "do_not_call", "do_not_email")
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


def inbox_state(user: User) -> InboxState:
    """One query over two partial indexes, whatever the number of leads; asked every second or so by each open inbox."""
    clocks = Clock.objects.running().filter(owner=user).order_by().values("owner")
    handoffs = Handoff.objects.open().filter(owner=user).order_by().values("owner")
    row = User.objects.filter(pk=user.pk).values_list(
        Subquery(clocks.values(v=JSONObject(n=Count("pk"), ids=Sum("pk")))),
        Subquery(handoffs.values(v=JSONObject(n=Count("*"), newest=Max("opened_at")))),
    )
    running, opened = row.get()
    running, opened = running or {"n": 0}, opened or {"n": 0}
    version = (running["n"], running.get("ids", 0), opened["n"], opened.get("newest", ""))
    return InboxState(running["n"], opened["n"], version)


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
