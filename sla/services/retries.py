"""Give another chance to a lead that was set aside; escalations and notices have theirs in ``escalations``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from leads.models import ChangedLead
from leads.services.queue import mark_changed

if TYPE_CHECKING:
    from datetime import datetime


@transaction.atomic
def retry_lead(*, mark: ChangedLead, now: datetime) -> bool:
    """Queue the lead again instead of the mark that was set aside; whether it was still there."""
    gone, _kinds = ChangedLead.objects.set_aside().filter(pk=mark.pk).delete()
    if gone:
        mark_changed(lead_ids=[mark.lead_id], now=now)
    return bool(gone)
