"""Queue leads for scoring, however many, by one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from leads.models import ChangedLead, Lead
from leads.services.queue import mark_all_changed
from scoring.language import TIMED
from scoring.models import LeadScore, Rule, ScoringModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta


def queue_all(*, now: datetime) -> int:
    """Mark every lead as changed; returns how many."""
    return mark_all_changed(leads=Lead.objects.all(), now=now)


def queue_stale(*, older_than: timedelta, now: datetime) -> int:
    """Mark the leads whose score has aged since it was computed, at least ``older_than`` ago; returns how many.

    Time alone takes points away from rules with a window or a half-life, and only from those that gave some; it may
    end an act or an exclusion that has a window. Conditions such as “within the last 7 days” may change for anybody.
    """
    model = ScoringModel.objects.published()
    if model is None:
        return 0
    waiting = ChangedLead.objects.waiting().filter(lead=OuterRef("pk"))
    stale = LeadScore.objects.filter(_ages(list(model.rules.filter(is_active=True))), scored_at__lte=now - older_than)
    stale = stale.filter(lead__erased_at__isnull=True)  # what is left of those keeps its score
    return mark_all_changed(leads=stale.exclude(Exists(waiting)), now=now)


def _ages(rules: Sequence[Rule]) -> Q:
    """The scores that time changes."""
    if any(row.get("op") in TIMED for rule in rules for row in rule.conditions):
        return Q()
    ageing = [rule.pk for rule in rules if rule.window_days or rule.half_life_days]
    gave = Q(breakdown__has_any_keys=[str(rule) for rule in ageing])
    return gave | Q(decided_by__in=ageing) | Q(excluded_by__in=ageing)
