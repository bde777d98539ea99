"""Logging an attempt: recorded on the lead, and stopping the clocks for which it counts (domain rule 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from leads.services.attempts import record_attempt
from leads.services.identity import hold_lead
from leads.services.locks import lock_leads
from sla.models import Clock
from sla.services.clocks import stop_clocks

if TYPE_CHECKING:
    from datetime import datetime

    from leads.models import Attempt, Lead
    from people.models import User


@transaction.atomic
def log_attempt(
    *, lead: Lead, user: User, channel: str, outcome: str, occurred_at: datetime, now: datetime, note: str = ""
) -> tuple[Attempt, list[Clock]]:
    """Record an attempt and stop the lead's running clocks whose sequence counts it.

    An attempt made before the clock started is no answer to it and stops nothing. Returns the attempt and the clocks
    it stopped.
    """
    lead = hold_lead(lead)  # its winner, when it has just been merged
    lock_leads([lead.pk])
    running = list(
        Clock.objects.running()
        .filter(lead=lead)
        .select_for_update(of=("self",))
        .select_related("policy_version__sequence", "owner", "team__manager")
        .order_by("pk")
    )
    attempt = record_attempt(
        lead=lead, user=user, channel=channel, outcome=outcome, occurred_at=occurred_at, now=now, note=note
    )
    answered = [clock for clock in running if _counts(attempt, clock)]
    return attempt, stop_clocks(clocks=answered, attempt=attempt, now=now)


def _counts(attempt: Attempt, clock: Clock) -> bool:
    in_time = attempt.occurred_at >= clock.started_at
    return in_time and clock.policy_version.sequence.counts(channel=attempt.channel, outcome=attempt.outcome)
