"""Holding leads, always in the same order, so that nobody waits for each other crosswise."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import OperationalError, connection, transaction

from leads.models import Lead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
TRIES = 3
RETRY_STATES = ("40P01", "40001")  # two who waited for each other; one of them begins again


def lock_leads(lead_ids: Iterable[int]) -> None:
    """Hold these leads until the end of the transaction, in the order of their ids.

    Whoever changes what hangs on a lead takes the rows in this order: hand-off, lead, clock, escalation, notice.
    Facts (events, attempts, notes) can be added meanwhile: the lock is one that foreign keys do not wait for.
    """
    held = Lead.objects.filter(pk__in=set(lead_ids)).select_for_update(of=("self",), no_key=True).order_by("pk")
    list(held.values_list("pk", flat=True))


def patiently(act: Callable[[], T]) -> T:
    """In a transaction; again when two of us waited for each other."""
    for _left in range(TRIES - 1):
        try:
            with transaction.atomic():
                return act()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in RETRY_STATES or connection.in_atomic_block:
                raise
    with transaction.atomic():
        return act()
