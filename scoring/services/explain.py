"""Why a lead has its score: rule by rule, fact by fact, adding up exactly (domain rule 13)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection

from leads.models import Lead
from scoring.compiler import Query, score_columns
from scoring.expressions import fill
from scoring.facts import Fact, event_fact, field_fact, in_plain_words, in_words
from scoring.fields import Types, lead_fields
from scoring.language import Condition, parse
from scoring.models import Rule, ScoringModel
from scoring.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from scoring.fields import Field

Row = dict[str, Any]
PARTS = tuple(Rule.Part.values)


@dataclass(frozen=True, slots=True)
class Line:
    """A rule that holds, what it gave, and why. Exclusions and decisive acts give no points and have no part."""

    rule_id: int
    name: str
    effect: str
    part: str
    points: Decimal
    facts: tuple[Fact, ...]

    @property
    def fact(self) -> str:
        """In the reader's language and zone."""
        return in_words(self.facts)

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule_id,
            "name": self.name,
            "part": self.part,
            "points": float(self.points),
            "fact": in_plain_words(self.facts),
            "facts": list(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score taken apart. ``lines`` are the rules that gave points, most first; their sum is ``total``.

    ``excluded`` is why the lead stays where it is, ``decided`` the act that moves it straight to a stage.
    """

    lead_id: int
    model: ScoringModel
    fit: Decimal
    engagement: Decimal
    intent: Decimal
    total: Decimal
    target_stage_id: int | None
    scored_at: datetime
    lines: tuple[Line, ...]
    excluded: Line | None
    decided: Line | None

    def as_json(self) -> dict[str, Any]:
        """The snapshot that a hand-off keeps: words in English and UTC, and ``facts`` to say them anew."""
        return {
            "model": self.model.version,
            **{part: float(getattr(self, part)) for part in (*PARTS, "total")},
            "scored_at": self.scored_at.isoformat(),
            "lines": [line.as_json() for line in self.lines],
            "excluded": self.excluded.as_json() if self.excluded else None,
            "decided": self.decided.as_json() if self.decided else None,
        }


def explain(*, lead_ids: Iterable[int], at: datetime, model: ScoringModel | None = None) -> dict[int, Explanation]:
    """What each lead is worth at that moment and why, under the model (default: the published one, if any).

    Computed by the very query that scores, so it equals the ``LeadScore`` written at the same moment. The number of
    queries does not depend on the number of leads.
    """
    model = model or ScoringModel.objects.published()
    ids = sorted(set(lead_ids))
    if model is None or not ids:
        return {}
    query = program(model, by_ids=True, details=True)
    rows = _rows(query, model, at, ids)
    reader = _Reader(query, rows)
    return {row["lead_id"]: _explanation(row, model, at, reader) for row in rows}


def _rows(query: Query, model: ScoringModel, at: datetime, ids: list[int]) -> list[Row]:
    columns = score_columns(query, model.pk) | {"decided_by_id": "decided_by"}
    sql = query.select(", ".join(["parts.*", *(f'{value} AS "score_{name}"' for name, value in columns.items())]))
    with connection.cursor() as cursor:
        cursor.execute(sql, fill(query.params, at=at, ids=ids))
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row | {name: row[f"score_{name}"] for name in columns} for row in rows]


class _Reader:
    """Finds the facts behind the rules that hold for some leads; reads their fields once, for all."""

    def __init__(self, query: Query, rows: Sequence[Row]) -> None:
        self.rules = {rule.pk: rule for rule in query.rules}
        self.fields: Mapping[str, Field] = lead_fields()
        self.types = Types(self.fields, strict=False)
        held = {rule for row in rows for rule in _held(row, self.rules)}
        self.conditions = {rule: parse(self.rules[rule].conditions, self.types) for rule in held}
        self.values = self._values([row["lead_id"] for row in rows])

    def _values(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        names = sorted({condition.field for rows in self.conditions.values() for condition in rows})
        if not names:
            return defaultdict(dict)
        columns = {f"v{i}": self.fields[name].build(self.fields[name].kind) for i, name in enumerate(names)}
        rows = Lead.objects.order_by().filter(pk__in=ids).annotate(**columns).values_list("pk", *columns)
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    def line(self, rule_id: int, row: Row) -> Line:
        rule = self.rules[rule_id]
        points = Decimal(row.get(f"p{rule_id}", 0)) / 100
        return Line(rule_id, rule.name, rule.effect, rule.part, points, tuple(self.facts(rule, row)))

    def facts(self, rule: Rule, row: Row) -> list[Fact]:
        facts = []
        if rule.event_type_id is not None:
            worth = row.get(f"s{rule.pk}")
            facts.append(event_fact(rule, count=row[f"n{rule.pk}"], worth=worth, last=row[f"l{rule.pk}"]))
        values = self.values[row["lead_id"]]
        unique: dict[str, Condition] = {condition.field: condition for condition in self.conditions[rule.pk]}
        return facts + [
            field_fact(condition, self.fields[name], values.get(name)) for name, condition in unique.items()
        ]


def _held(row: Row, rules: Iterable[int]) -> list[int]:
    """The rules that say something about the lead: those that gave points, its exclusion, its decisive act."""
    verdict = [row["excluded_by_id"], row["decided_by_id"]]
    return [rule for rule in rules if row.get(f"p{rule}")] + [rule for rule in verdict if rule is not None]


def _explanation(row: Row, model: ScoringModel, at: datetime, reader: _Reader) -> Explanation:
    lines = [reader.line(rule, row) for rule in reader.rules if row.get(f"p{rule}")]
    excluded, decided = row["excluded_by_id"], row["decided_by_id"]
    return Explanation(
        lead_id=row["lead_id"],
        model=model,
        **{part: row[f"score_{part}"] for part in (*PARTS, "total")},
        target_stage_id=row["target_stage_id"],
        scored_at=at,
        lines=tuple(sorted(lines, key=lambda line: -line.points)),
        excluded=reader.line(excluded, row) if excluded is not None else None,
        decided=reader.line(decided, row) if decided is not None else None,
    )
