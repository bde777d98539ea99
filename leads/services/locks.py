"""Holding leads, always in the same order, so that nobody waits for each other crosswise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads.models import Lead

if TYPE_CHECKING:
    from collections.abc import Iterable


def lock_leads(lead_ids: Iterable[int]) -> None:
    """Hold these leads until the end of the transaction, in the order of their ids.

    Whoever changes what hangs on a lead takes the rows in this order: hand-off, lead, clock, escalation, notice.
    Facts (events, attempts, notes) can be added meanwhile: the lock is one that foreign keys do not wait for.
    """
    held = Lead.objects.filter(pk__in=set(lead_ids)).select_for_update(of=("self",), no_key=True).order_by("pk")
    list(held.values_list("pk", flat=True))
