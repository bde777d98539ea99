"""Erase a person: what says who they are goes for good, what is counted stays (the figures do not change)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Lead, PrivacyAct
from leads.services.erase import addresses_of, erase_facts
from leads.services.erased import block as block_addresses
from leads.services.identity import lineage
from sla.models import BulkItem, Clock, Escalation, Handoff, Notice
from sla.personal import HANDLED
from sla.services.escalations import withdraw

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User


@transaction.atomic
def erase_lead(*, lead: Lead, by: User | None, reason: str, now: datetime, block: bool = False) -> PrivacyAct | None:
    """Erase the person behind a lead. It cannot be undone. None when they were erased already.

    Running clocks are cancelled and what was not delivered is withdrawn; an open hand-off is closed. With ``block``
    none of their addresses can come back: create, form, import and API refuse it. ``by`` is None for retention.
    """
    handoffs = hold(lead)
    current = Lead.objects.get(pk=lead.pk)
    if current.is_erased:
        return None
    _cancel_clocks(current, now)
    _close(handoffs, now)
    empty_notices(current, _("The text named a person who was erased."))
    BulkItem.objects.filter(lead_id__in=lineage(current.pk)).update(before=None)
    if block:
        block_addresses(addresses_of(current), now=now)
    erase_facts(lead=current, handled=HANDLED, now=now)
    return PrivacyAct.objects.create(lead=current, kind=PrivacyAct.Kind.ERASED, reason=reason, by=by, at=now)


def hold(lead: Lead) -> list[Handoff]:
    """Hold the lead's hand-offs and then the lead, in the order in which everybody takes them.

    The lead is held so that no fact can be added meanwhile (see ``leads.services.errors.refuse_erased_since``).
    """
    handoffs = list(Handoff.objects.filter(lead=lead).select_for_update(of=("self",)).order_by("pk"))
    Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
    return handoffs


def _cancel_clocks(lead: Lead, now: datetime) -> None:
    running = list(Clock.objects.running().filter(lead=lead).select_for_update(of=("self",)).order_by("pk"))
    for clock in running:
        clock.state, clock.next_at = Clock.State.CANCELLED, None
        clock.stopped_at = max(now, clock.started_at)
    Clock.objects.bulk_update(running, ["state", "next_at", "stopped_at"])
    withdraw(clock_ids=[clock.pk for clock in running], now=now)


def _close(handoffs: list[Handoff], now: datetime) -> None:
    """Close what is open, saying why, and take the facts out of every explanation; its rules and points stay."""
    for handoff in handoffs:
        handoff.explanation = _without_facts(handoff.explanation)
        if handoff.closed_at is None:
            handoff.closed_at = max(now, handoff.opened_at)
            handoff.routing = {**handoff.routing, "closed": "the person was erased"}
    Handoff.objects.bulk_update(handoffs, ["explanation", "closed_at", "routing"])


def _without_facts(explanation: dict[str, Any]) -> dict[str, Any]:
    whole = dict(explanation)
    if "lines" in whole:
        whole["lines"] = [_bare(line) for line in whole["lines"]]
    for verdict in ("excluded", "decided"):
        if whole.get(verdict):
            whole[verdict] = _bare(whole[verdict])
    return whole


def _bare(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "facts"} | {"fact": ""}


def empty_notices(lead: Lead, instead: str) -> None:
    """Their texts name the lead; whom they were sent to and when stays. What named others too loses them as well."""
    Escalation.objects.filter(clock__lead=lead).exclude(error="").update(error="")
    about = Notice.objects.filter(escalations__clock__lead=lead).values("pk")
    told = Notice.objects.filter(pk__in=about).exclude(subject="", body="")
    told.update(subject="", body=instead)
