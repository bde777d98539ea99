"""What keeps a scoring model from being published: everything that is wrong with it, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from scoring.conditions import as_validation_error
from scoring.fields import EVENT_FIELDS, Types, lead_fields
from scoring.language import check
from scoring.models import Rule, ScoringModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scoring.language import FieldType
    from scoring.models import Threshold

MAX_RULES = 300


def complaints(model: ScoringModel) -> list[str]:
    """One sentence for each thing that is wrong; an empty list for a model that can score."""
    related = ("target_stage", "icp", "persona")
    rules = list(model.rules.filter(is_active=True).select_related(*related).order_by("position", "pk"))
    thresholds = list(model.thresholds.select_related("stage"))
    types = Types(lead_fields())
    said = [f"{_where(rule)}: {complaint}" for rule in rules for complaint in _of_rule(rule, types)]
    return [*said, *_of_thresholds(thresholds), *_of_all(rules, thresholds)]


def _where(rule: Rule) -> str:
    if rule.icp is not None:
        return _("Profile “%(icp)s”, criterion “%(name)s”") % {"icp": rule.icp, "name": rule.name}
    if rule.persona is not None:
        return _("Persona “%(name)s”") % {"name": rule.name}
    return _("Rule “%(name)s”") % {"name": rule.name}


def _of_rule(rule: Rule, types: Mapping[str, FieldType]) -> Iterator[str]:
    yield from _of_conditions(rule.conditions, types)
    if rule.event_type_id is not None:
        yield from _of_conditions(rule.event_conditions, Types(EVENT_FIELDS))
    elif not rule.conditions:
        yield _("It needs an event or at least one condition.")
    if rule.effect != Rule.Effect.POINTS and (rule.half_life_days or rule.cap is not None):
        yield _("A half-life and a cap are for rules that give points.")
    if rule.target_stage is not None and not rule.target_stage.is_active:
        yield _("The stage “%(stage)s” is not in use any more.") % {"stage": rule.target_stage}


def _of_conditions(rows: Sequence[object], types: Mapping[str, FieldType]) -> Iterator[str]:
    for error in check(rows, types)[1]:
        yield _("Condition %(number)d: %(complaint)s") % {
            "number": error.index + 1,
            "complaint": as_validation_error(error).messages[0],
        }


def _of_thresholds(thresholds: Sequence[Threshold]) -> Iterator[str]:
    for threshold in thresholds:
        if not threshold.stage.is_active:
            yield _("The stage “%(stage)s” of a threshold is not in use any more.") % {"stage": threshold.stage}


def _of_all(rules: Sequence[Rule], thresholds: Sequence[Threshold]) -> Iterator[str]:
    effects = {rule.effect for rule in rules}
    if not thresholds and Rule.Effect.DECISIVE not in effects:
        yield _("Nothing would ever move a lead: set a threshold or a decisive act.")
    if thresholds and Rule.Effect.POINTS not in effects:
        yield _("No rule gives points, so no threshold can be reached.")
    if len(rules) > MAX_RULES:
        yield _("There are %(count)d rules; at most %(limit)d can be active.") % {
            "count": len(rules),
            "limit": MAX_RULES,
        }
