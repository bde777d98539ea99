"""Compiled models, kept: compiling takes milliseconds, and the flow scores every few seconds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from leads.models import LifecycleStage
from scoring.compiler import Compiler, Query
from scoring.fields import lead_fields

if TYPE_CHECKING:
    from collections.abc import Hashable

    from scoring.fields import Field
    from scoring.models import ScoringModel

logger = logging.getLogger(__name__)
KEPT = 16
_kept: dict[Hashable, Query] = {}


def program(model: ScoringModel, *, by_ids: bool, details: bool = False) -> Query:
    """The query of a model; a published version never moves, so it is compiled once per process.

    It also depends on the custom fields and on the order of the stages: two small queries tell whether they changed.
    """
    fields = lead_fields()
    if model.is_draft:
        return _compile(model, fields, by_ids=by_ids, details=details)
    shape = (
        tuple((name, str(field.kind)) for name, field in fields.items()),
        tuple(LifecycleStage.objects.order_by("pk").values_list("pk", "position")),
    )
    key = (model.pk, model.version, model.published_at, shape, by_ids, details)
    if key not in _kept:
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = _compile(model, fields, by_ids=by_ids, details=details)
    return _kept[key]


def _compile(model: ScoringModel, fields: dict[str, Field], *, by_ids: bool, details: bool) -> Query:
    rules = model.rules.filter(is_active=True).select_related("event_type", "target_stage", "icp", "persona")
    query = Compiler(
        rules=list(rules.order_by("position", "pk")),
        thresholds=list(model.thresholds.select_related("stage").order_by("stage__position")),
        fields=fields,
        by_ids=by_ids,
        details=details,
    ).query()
    for rule, why in query.broken.items():
        logger.warning("Rule %s of %s holds for nobody: %s", rule, model, why)
    return query
