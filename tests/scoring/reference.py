"""The meaning of a scoring model, written once more as slowly and plainly as can be, to check the compiled one by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from scoring.models import Rule, Threshold

MOST = Decimal(100_000)


@dataclass
class Happening:
    """An event, as far as scoring goes."""

    event_type: int
    occurred_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Facts:
    """A lead: its fields by name (None where missing), what it did, and from when on that counts."""

    fields: Mapping[str, Any]
    events: Sequence[Happening] = ()
    behaviour_from: datetime | None = None


@dataclass
class Verdict:
    points: dict[int, Decimal]
    fit: Decimal
    engagement: Decimal
    intent: Decimal
    total: Decimal
    excluded_by: int | None
    decided_by: int | None
    target_stage: int | None
    icp: int | None
    persona: int | None


def verdict(rules: Sequence[Rule], thresholds: Sequence[Threshold], facts: Facts, at: datetime) -> Verdict:
    """What the lead is worth at that moment; ``rules`` in the order of their positions."""
    persona = next((rule for rule in rules if rule.persona_id and holds(rule, facts, at)), None)
    points = {
        rule.pk: worth(rule, facts, at)
        for rule in rules
        if rule.effect == "points" and holds(rule, facts, at) and (rule.persona_id is None or rule is persona)
    }
    parts = {part: sum_of(rules, points, part) for part in ("fit", "engagement", "intent")}
    total = sum(parts.values(), Decimal(0))
    excluded = next((rule.pk for rule in rules if rule.effect == "exclusion" and holds(rule, facts, at)), None)
    decided = next((rule for rule in rules if rule.effect == "decisive" and holds(rule, facts, at)), None)
    stages = [row.stage for row in thresholds if reached(row, {**parts, "total": total})]
    if decided is not None and decided.target_stage is not None:
        stages.append(decided.target_stage)
    stage = max(stages, key=lambda row: row.position).pk if stages and excluded is None else None
    return Verdict(
        points={rule: value for rule, value in points.items() if value},
        **parts,
        total=total,
        excluded_by=excluded,
        decided_by=decided.pk if decided is not None and excluded is None else None,
        target_stage=stage,
        icp=best_icp(rules, points),
        persona=persona.persona_id if persona is not None else None,
    )


def sum_of(rules: Sequence[Rule], points: Mapping[int, Decimal], part: str) -> Decimal:
    return sum((points[rule.pk] for rule in rules if rule.part == part and rule.pk in points), Decimal(0))


def reached(threshold: Threshold, values: Mapping[str, Decimal]) -> bool:
    limits = {name: getattr(threshold, f"min_{name}") for name in values}
    return all(limit is None or values[name] >= limit for name, limit in limits.items())


def best_icp(rules: Sequence[Rule], points: Mapping[int, Decimal]) -> int | None:
    shares: dict[int, Decimal] = {}
    for rule in rules:
        if rule.icp_id is not None and rule.effect == "points":
            shares[rule.icp_id] = shares.get(rule.icp_id, Decimal(0)) + points.get(rule.pk, Decimal(0))
    best = max(shares, key=lambda icp: shares[icp], default=None)
    return best if best is not None and shares[best] > 0 else None


def holds(rule: Rule, facts: Facts, at: datetime) -> bool:
    if not all(condition_holds(row, facts.fields.get(row["field"]), at) for row in rule.conditions):
        return False
    return rule.event_type_id is None or len(counted(rule, facts, at)) >= rule.min_count


def counted(rule: Rule, facts: Facts, at: datetime) -> list[Happening]:
    return [event for event in facts.events if counts(rule, event, facts, at)]


def counts(rule: Rule, event: Happening, facts: Facts, at: datetime) -> bool:
    if event.event_type != rule.event_type_id or event.occurred_at > at + timedelta(minutes=5):
        return False
    if facts.behaviour_from is not None and event.occurred_at <= facts.behaviour_from:
        return False
    if rule.window_days is not None and at - event.occurred_at > timedelta(seconds=rule.window_days * 86_400):
        return False
    return all(
        condition_holds(row, read_as(row["op"], event.properties.get(row["field"].removeprefix("properties."))), at)
        for row in rule.event_conditions
    )


def read_as(op: str, value: Any) -> Any:
    """A property of an event is whatever the operator makes of it; most make it text."""
    if value is None or op in {"gt", "gte", "lt", "lte", "between"}:
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def worth(rule: Rule, facts: Facts, at: datetime) -> Decimal:
    if rule.event_type_id is None:
        return Decimal(rule.points)
    value = sum((faded(rule, event, at) for event in counted(rule, facts, at)), Decimal(0))
    value = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    cap = MOST if rule.cap is None else Decimal(rule.cap)
    return max(-cap, min(cap, value))


def faded(rule: Rule, event: Happening, at: datetime) -> Decimal:
    if rule.half_life_days is None:
        return Decimal(rule.points)
    age = max(at - event.occurred_at, timedelta(0))
    seconds = (age.seconds * 1_000_000 + age.microseconds) / 1_000_000 + 86_400.0 * age.days
    halvings = min(seconds / (rule.half_life_days * 86_400), 64.0)
    return Decimal(round(rule.points * 10_000 * 0.5**halvings)) / 10_000


def condition_holds(row: Mapping[str, Any], value: Any, at: datetime) -> bool:
    op, given = row["op"], row.get("value")
    if op in {"is_set", "is_not_set"}:
        return (value not in (None, "")) is (op == "is_set")
    if op in {"is_not", "not_in"}:
        return not condition_holds({**row, "op": "is" if op == "is_not" else "in"}, value, at)
    if op in {"gt", "gte", "lt", "lte", "between"} and not isinstance(given, str) and not is_day(given):
        value = as_number(value)
    if value in (None, ""):
        return False
    return COMPARISONS[op](comparable(value), given if op in DAYS else comparable(given), at)


def is_day(given: Any) -> bool:
    return isinstance(given, list) and isinstance(given[0], str)


def as_number(value: Any) -> Decimal | None:
    """A number, or a text that is one."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value)
    return Decimal(text) if text.removeprefix("-").replace(".", "", 1).isdigit() else None


def comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [comparable(part) for part in value]
    if value is None or isinstance(value, bool | date):
        return value.isoformat() if isinstance(value, date) else value
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else value.lower()


def today(at: datetime) -> date:
    return at.astimezone(UTC).date()


def within(value: str, days: int, at: datetime) -> bool:
    return today(at) - timedelta(days=days) <= date.fromisoformat(value) <= today(at)


DAYS = {"within_last_days", "older_than_days"}
COMPARISONS: dict[str, Callable[[Any, Any, datetime], bool]] = {
    "is": lambda value, given, _: value == given,
    "in": lambda value, given, _: value in given,
    "contains": lambda value, given, _: given in value,
    "starts_with": lambda value, given, _: value.startswith(given),
    "gt": lambda value, given, _: value > given,
    "gte": lambda value, given, _: value >= given,
    "lt": lambda value, given, _: value < given,
    "lte": lambda value, given, _: value <= given,
    "between": lambda value, given, _: given[0] <= value <= given[1],
    "is_true": lambda value, _, __: value is True or value == "true",
    "is_false": lambda value, _, __: value is False or value == "false",
    "within_last_days": within,
    "older_than_days": lambda value, days, at: date.fromisoformat(value) < today(at) - timedelta(days=days),
}
