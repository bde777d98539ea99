"""Reads from the database what ``sla.next_step`` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads.models import Event, Lead
from sla.lead_facts import BANT
from sla.models import Clock
from sla.next_step import Known, NextStep, Tried, next_step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sla.lead_reading import Try
    from sla.models import Handoff


def step_for(lead: Lead, handoff: Handoff | None, tried: Sequence[Try], now: datetime) -> NextStep:
    """What to do next with this lead; ``handoff`` is the open one, with its clocks, ``tried`` the newest attempts."""
    return next_step(known_of(lead, handoff, tries(handoff, tried), now))


def tries(handoff: Handoff | None, tried: Sequence[Try]) -> list[Tried]:
    """Since the hand-off, where the lead is in hand."""
    return [Tried(one.channel, one.outcome) for one in tried if handoff is None or one.occurred_at >= handoff.opened_at]


def known_of(lead: Lead, handoff: Handoff | None, tried: Sequence[Tried], now: datetime) -> Known:
    running = _running(handoff)
    missing = [name for name in BANT if not getattr(lead, name)]
    return Known(
        status=lead.status.key,
        status_name=lead.status.name,
        reason=lead.status_reason,
        closed=lead.status.is_closed and lead.status.key not in {"nurturing", "postponed", "returned"},
        phone=bool(lead.phone),
        email=bool(lead.email),
        do_not_call=lead.do_not_call,
        do_not_email=lead.refuses_email,
        owner=str(lead.owner or ""),
        team=str(handoff.team) if handoff else "",
        due_at=running.due_at if running else None,
        late=running is not None and running.is_breached(now),
        tried=tried,
        acted_since_return=_acted(lead),
        unknown=[str(Lead._meta.get_field(name).verbose_name) for name in missing],  # type: ignore[union-attr]  # plain columns
        ask=missing[0] if missing else "",
    )


def _running(handoff: Handoff | None) -> Clock | None:
    clocks = handoff.clocks.all() if handoff is not None else ()
    return next((clock for clock in clocks if clock.state == Clock.State.RUNNING), None)


def _acted(lead: Lead) -> bool:
    """Whether a returned lead has done something since (domain rule 15); asked of those only."""
    if lead.status.key != "returned" or lead.behaviour_from is None:
        return False
    return Event.objects.filter(lead=lead, occurred_at__gte=lead.behaviour_from).exists()
