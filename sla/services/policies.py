"""Changing what is promised. Terms are versions: clocks that run keep theirs (domain rules 6 and 7)."""

from __future__ import annotations

from collections.abc import Sequence as Rows
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from leads.models.facts import Channel, Outcome
from people.ordering import arrange
from scoring.conditions import validate
from sla.models import Clock, Level, Policy, PolicyVersion, Sequence
from sla.services.escalations import withdraw

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User


@dataclass(frozen=True, slots=True)
class LevelTerms:
    """A rung of the ladder: seconds after the due time (negative: before it), and ``Level.Recipient`` values."""

    offset_seconds: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """All that a policy says. Durations are seconds in its kind of time."""

    name: str
    duration_seconds: int
    levels: Rows[LevelTerms]
    channels: Rows[str]
    outcomes: Rows[str]
    time_kind: str = PolicyVersion.TimeKind.WORKING
    warn_seconds: int = 0
    conditions: list[dict[str, object]] = field(default_factory=list)
    position: int | None = None
    """Place in the order in which policies are tried; None keeps it, or puts a new one first."""


@transaction.atomic
def save_policy(*, policy: Policy | None, terms: PolicyTerms, by: User | None, now: datetime) -> Policy:
    """Create a policy or change it; other terms than the present ones become its next version.

    Raises ValidationError for a promise that cannot be kept or told: no level, levels out of order, nothing counts.
    """
    check_terms(terms)
    is_new = policy is None
    policy = Policy() if policy is None else Policy.objects.select_for_update().get(pk=policy.pk)
    policy.name, policy.conditions = terms.name, validate(terms.conditions)
    if terms.position is not None:
        policy.position = terms.position
    policy.full_clean()
    policy.save()
    if is_new and terms.position is None:
        _put_first(policy)
    if terms_of(policy) != _versioned(terms):
        _write_version(policy, terms, by, now)
    return policy


@transaction.atomic
def switch_policy(*, policy: Policy, on: bool, by: User | None, now: datetime) -> Policy:  # noqa: ARG001  # who: pghistory keeps it
    """Switch a policy off, which silences its running clocks, or on, which concerns clocks started later (rule 7)."""
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    policy.is_active = on
    policy.save(update_fields=["is_active"])
    if not on:
        # The clocks' rows are the lock of the sweep: it fires a level before this or not at all.
        clocks = running_clocks(policy).select_for_update().order_by("pk")
        clock_ids = list(clocks.values_list("pk", flat=True))
        Clock.objects.filter(pk__in=clock_ids, next_at__isnull=False).update(next_at=None)
        withdraw(clock_ids=clock_ids, now=now)
    return policy


def running_clocks(policy: Policy) -> QuerySet[Clock]:
    return Clock.objects.running().filter(policy_version__policy=policy)


def current_version(policy: Policy) -> PolicyVersion | None:
    """The terms that clocks started now would have."""
    versions = policy.versions.select_related("sequence").prefetch_related("levels")
    return versions.order_by("-number").first()


def check_terms(terms: PolicyTerms) -> None:
    """Raise ValidationError, by field, unless the terms make sense."""
    errors: dict[str, list[str]] = {}
    if terms.duration_seconds < 1:
        errors["duration_seconds"] = [_("A promise takes at least a second.")]
    if not 0 <= terms.warn_seconds <= terms.duration_seconds:
        errors["warn_seconds"] = [_("The warning cannot come before the clock starts.")]
    if not set(terms.channels) & set(Channel.values) or set(terms.channels) - set(Channel.values):
        errors["channels"] = [_("Choose at least one channel that counts.")]
    if not set(terms.outcomes) & set(Outcome.values) or set(terms.outcomes) - set(Outcome.values):
        errors["outcomes"] = [_("Choose at least one outcome that counts.")]
    if problem := _problem_of_levels(terms):
        errors["levels"] = [problem]
    if errors:
        raise ValidationError(errors)


def _problem_of_levels(terms: PolicyTerms) -> str:
    if not terms.levels:
        return _("A policy needs at least one level: who hears when nothing happens?")
    if any(later.offset_seconds <= earlier.offset_seconds for earlier, later in pairwise(terms.levels)):
        return _("Each level comes later than the one before it.")
    if terms.levels[0].offset_seconds <= min(-terms.duration_seconds, -1):
        return _("The first level would come before the clock starts.")
    known = set(Level.Recipient.values)
    if any(not level.recipients or set(level.recipients) - known for level in terms.levels):
        return _("Say for each level who hears.")
    return ""


def terms_of(policy: Policy) -> tuple[object, ...] | None:
    """The versioned part of the present terms, as ``_versioned`` makes it of new ones."""
    version = current_version(policy)
    if version is None:
        return None
    levels = tuple((level.offset_seconds, tuple(sorted(level.recipients))) for level in version.levels.all())
    sequence = version.sequence
    return (
        version.time_kind,
        version.duration_seconds,
        version.warn_seconds,
        tuple(sorted(sequence.channels)),
        tuple(sorted(sequence.outcomes)),
        levels,
    )


def _versioned(terms: PolicyTerms) -> tuple[object, ...]:
    return (
        terms.time_kind,
        terms.duration_seconds,
        terms.warn_seconds,
        tuple(sorted(set(terms.channels))),
        tuple(sorted(set(terms.outcomes))),
        tuple((level.offset_seconds, tuple(sorted(set(level.recipients)))) for level in terms.levels),
    )


def _write_version(policy: Policy, terms: PolicyTerms, by: User | None, now: datetime) -> None:
    last = policy.versions.aggregate(last=Max("number"))["last"] or 0
    version = PolicyVersion(
        policy=policy,
        number=last + 1,
        time_kind=terms.time_kind,
        duration_seconds=terms.duration_seconds,
        warn_seconds=terms.warn_seconds,
        sequence=_sequence(terms),
        created_at=now,
        created_by=by,
    )
    version.full_clean()
    version.save()
    Level.objects.bulk_create(
        Level(version=version, number=number, offset_seconds=level.offset_seconds, recipients=list(level.recipients))
        for number, level in enumerate(terms.levels, start=1)
    )


def _sequence(terms: PolicyTerms) -> Sequence:
    """The sequence that counts exactly this. One in use is never changed: running clocks go by it (rule 6)."""
    channels = [each for each in Channel.values if each in terms.channels]
    outcomes = [each for each in Outcome.values if each in terms.outcomes]
    for known in Sequence.objects.all():
        if set(known.channels) == set(channels) and set(known.outcomes) == set(outcomes):
            return known
    taken = set(Sequence.objects.values_list("name", flat=True))
    names = (terms.name[:110] if number == 1 else f"{terms.name[:110]} {number}" for number in count(1))
    name = next(name for name in names if name not in taken)
    return Sequence.objects.create(name=name, channels=channels, outcomes=outcomes)


def _put_first(policy: Policy) -> None:
    """A new policy is usually the exception, and the first that applies wins."""
    arrange([policy, *Policy.objects.select_for_update().exclude(pk=policy.pk).order_by("position", "pk")])
