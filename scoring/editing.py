"""Changing profiles and personas. Scores change only when a scoring model is published with them (domain rule 16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q

from leads.models import Lead
from people.ordering import last_position
from scoring.conditions import to_q, validate
from scoring.language import ConditionError
from scoring.models import Icp, IcpCriterion, Persona, Rule, ScoringModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any


@dataclass(frozen=True, slots=True)
class Use:
    """How a profile or persona stands to the published model."""

    model: ScoringModel | None
    is_used: bool
    changed_since: bool
    """It was changed, or switched off or on, after that publication."""


def use_of(profile: Icp | Persona) -> Use:
    """Whether scores come from it as it is now."""
    model = ScoringModel.objects.published()
    if model is None or model.published_at is None:
        return Use(None, is_used=False, changed_since=False)
    mine = Q(icp=profile) if isinstance(profile, Icp) else Q(persona=profile)
    is_used = Rule.objects.filter(mine, model=model).exists()
    return Use(model, is_used=is_used, changed_since=profile.updated_at > model.published_at)


@transaction.atomic
def save_icp(*, icp: Icp, now: datetime) -> Icp:
    """Write a profile, new or changed."""
    if icp._state.adding:
        icp.position = last_position(Icp.objects.all())
    icp.updated_at = now
    icp.save()
    return icp


@transaction.atomic
def save_criterion(*, criterion: IcpCriterion, conditions: Sequence[Any], now: datetime) -> IcpCriterion:
    """Write a criterion. Raises ValidationError for conditions that make no sense."""
    criterion.conditions = validate(conditions)
    if criterion.excludes:
        criterion.points = 0
    if criterion._state.adding:
        criterion.position = last_position(criterion.icp.criteria.all())
    criterion.full_clean()
    criterion.save()
    _touch(criterion.icp, now)
    return criterion


@transaction.atomic
def delete_criterion(*, criterion: IcpCriterion, now: datetime) -> None:
    criterion.delete()
    _touch(criterion.icp, now)


@transaction.atomic
def save_persona(*, persona: Persona, conditions: Sequence[Any], now: datetime) -> Persona:
    """Write a persona. Raises ValidationError for conditions that make no sense."""
    persona.conditions = validate(conditions)
    if persona._state.adding:
        persona.position = last_position(Persona.objects.all())
    persona.updated_at = now
    persona.full_clean()
    persona.save()
    return persona


def count_matches(conditions: Sequence[Any]) -> int | None:
    """How many leads the conditions hold for now; None when they name a field that is gone."""
    try:
        return Lead.objects.filter(to_q(conditions)).count()
    except ConditionError:
        return None


def count_icp_matches(icp: Icp) -> tuple[int, int] | None:
    """Leads that meet a criterion and no exclusion, and leads ruled out: one pass over the leads."""
    some, excluded = Q(pk__in=[]), Q(pk__in=[])
    try:
        for criterion in icp.criteria.all():
            if criterion.excludes:
                excluded |= to_q(criterion.conditions)
            else:
                some |= to_q(criterion.conditions)
    except ConditionError:
        return None
    counts = Lead.objects.aggregate(
        matching=Count("pk", filter=some & ~Q(pk__in=Lead.objects.filter(excluded).values("pk"))),
        excluded=Count("pk", filter=excluded),
    )
    return counts["matching"], counts["excluded"]


def _touch(icp: Icp, now: datetime) -> None:
    icp.updated_at = now
    icp.save(update_fields=["updated_at"])
