"""Short words for scoring models in tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from leads.models import Event, EventType, Lead, LifecycleStage
from scoring.models import LeadScore, Rule, ScoringModel, Threshold
from tests.cast import NOW

Row = dict[str, Any]


def condition(field: str, op: str = "is", value: Any = None) -> Row:
    return {"field": field, "op": op} if value is None else {"field": field, "op": op, "value": value}


def a_model(state: str = "published", version: int = 1) -> ScoringModel:
    """An empty version."""
    published_at = None if state == "draft" else NOW - timedelta(days=400)
    return ScoringModel.objects.create(version=version, state=state, published_at=published_at)


def a_rule(model: ScoringModel, name: str = "", points: int = 0, event: str = "", **fields: Any) -> Rule:
    """A rule of the model; ``event`` and ``to`` are keys of an event type and a stage."""
    position = model.rules.count() + 1
    effect = fields.setdefault("effect", "points")
    if effect == "points":
        fields.setdefault("part", "engagement" if event else "fit")
    if event:
        fields["event_type"] = EventType.objects.get(key=event)
    if "to" in fields:
        fields["target_stage"] = LifecycleStage.objects.get(key=fields.pop("to"))
    return Rule.objects.create(model=model, position=position, name=name or f"Rule {position}", points=points, **fields)


def a_threshold(model: ScoringModel, stage: str, **limits: int) -> Threshold:
    return Threshold.objects.create(model=model, stage=LifecycleStage.objects.get(key=stage), **limits)


def happened(lead: Lead, event: str, at: datetime = NOW, **properties: Any) -> Event:
    event_type = EventType.objects.get(key=event)
    return Event.objects.create(lead=lead, event_type=event_type, occurred_at=at, properties=properties)


def score_of(lead: Lead) -> Any:
    """The ``LeadScore``; as Any, so that its decimals may be compared with whole numbers."""
    return LeadScore.objects.get(lead=lead)
