"""Attempts to reach a lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from leads.models import Attempt, Lead, LeadStatus
from leads.models.facts import Outcome
from leads.services.errors import refuse_erased_since, refuse_impossible, refuse_long, refuse_nul
from leads.services.identity import hold_lead
from leads.text import tidy

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User


@transaction.atomic
def record_attempt(
    *, lead: Lead, user: User, channel: str, outcome: str, occurred_at: datetime, now: datetime, note: str = ""
) -> Attempt:
    """Keep the attempt and let the status follow it. Whether it stops a clock is the upper floor's question.

    Raises ValidationError for an unknown channel or outcome, and for a time in the future.
    """
    refuse_nul({"note": note})
    refuse_long(field="note", text=note, limit=5_000)
    refuse_impossible(field="occurred_at", at=occurred_at, now=now)
    attempt = Attempt(
        lead=hold_lead(lead),
        user=user,
        channel=channel,
        outcome=outcome,
        note=tidy(note),
        occurred_at=occurred_at,
        created_at=now,
    )
    attempt.clean_fields(exclude=("lead", "user"))
    attempt.save(force_insert=True)
    refuse_erased_since(attempt.lead)
    _follow(attempt, now)
    return attempt


def _follow(attempt: Attempt, now: datetime) -> None:
    """New becomes attempting, and either becomes connected; a status that says more is left alone."""
    connected = attempt.outcome == Outcome.CONNECTED
    from_keys = ("new", "attempting") if connected else ("new",)
    status = LeadStatus.objects.filter(key="connected" if connected else "attempting", is_active=True).first()
    if status is not None:
        Lead.objects.filter(pk=attempt.lead_id, status__key__in=from_keys).update(
            status=status, status_reason="", updated_at=now
        )
