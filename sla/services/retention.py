"""Erase those with whom nothing has happened for as long as data is kept (``BATON_RETENTION_DAYS``)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef

from leads.models import Attempt, Event, Lead, Note, PrivacyAct, StageChange
from sla.models import Handoff
from sla.services.erase import erase_lead, hold

if TYPE_CHECKING:
    from datetime import datetime

    from leads.querysets import LeadQuerySet

log = logging.getLogger(__name__)
BATCH = 200
CUSTOMER = "customer"


def due(now: datetime) -> LeadQuerySet:
    """The leads with no event, attempt, note, stage move or edit for that long, no open hand-off, and no customers.

    Nobody while the setting is off.
    """
    if not settings.BATON_RETENTION_DAYS:
        return Lead.objects.none()
    since = now - timedelta(days=settings.BATON_RETENTION_DAYS)
    columns = dict.fromkeys(("created_at__lt", "captured_at__lt", "updated_at__lt", "stage_since__lt"), since)
    mine = {"lead": OuterRef("pk")}
    return (
        Lead.objects.living()
        .filter(**columns)
        .exclude(stage__key=CUSTOMER)
        .filter(
            ~Exists(Event.objects.filter(**mine, occurred_at__gte=since)),
            ~Exists(Attempt.objects.filter(**mine, occurred_at__gte=since)),
            ~Exists(Note.objects.filter(**mine, created_at__gte=since)),
            ~Exists(StageChange.objects.filter(**mine, changed_at__gte=since)),
            ~Exists(Handoff.objects.open().filter(**mine)),
        )
    )


def erase_due(*, now: datetime, limit: int = BATCH) -> int:
    """Erase a batch, each lead in a transaction of its own; returns how many. 0 says that nobody was due."""
    candidates = list(due(now).order_by("pk")[:limit])
    return sum(_try(lead, now) for lead in candidates)


def _try(lead: Lead, now: datetime) -> bool:
    """One that cannot be erased does not keep the others (domain rule 12); it is tried again the next time."""
    try:
        return _erase(lead, now)
    except OperationalError:
        raise  # the server's trouble, not the lead's
    except Exception:
        log.exception("lead %s is due to be erased and could not be", lead.pk)
        return False


@transaction.atomic
def _erase(lead: Lead, now: datetime) -> bool:
    """Look again under the lock: somebody may have begun to work the lead, or another worker was faster."""
    hold(lead)
    if not due(now).filter(pk=lead.pk).exists():
        return False
    return erase_lead(lead=lead, by=None, reason=PrivacyAct.Reason.RETENTION, now=now) is not None
