"""Giving leads to somebody, where no hand-off does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from leads.models import Lead
from leads.services.locks import lock_leads
from leads.services.queue import mark_changed

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from people.models import User


@transaction.atomic
def set_owner(*, lead_ids: Collection[int], to: User | None, now: datetime) -> None:
    """Set the owner of these leads. Those with an open hand-off are given by ``sla.services.handoffs.reassign``."""
    lock_leads(lead_ids)
    Lead.objects.filter(pk__in=lead_ids).update(owner=to, updated_at=now)
    mark_changed(lead_ids=lead_ids, now=now)
