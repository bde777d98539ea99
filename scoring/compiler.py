"""A scoring model becomes one SQL query, the same for one lead and for a million (domain rule 14).

The query goes in steps, each a named subquery whose columns are computed once (``OFFSET 0`` keeps PostgreSQL from
merging a step into the next, where it would compute them again wherever they are mentioned):

    facts      per lead: which lists of conditions hold (``c0``, ``c1``, …)
    behaviour  per lead: how many events each rule counts (``n<rule>``), what fading ones are worth (``s<rule>``)
    held       per lead: the points of each rule (``p<rule>``), who is excluded or decided, which persona it is
    parts      per lead: the sums: fit, engagement, intent

Points are whole hundredths, and whole ten-thousandths for a fading event, so that sums are exact in any order:

- an event inside its window, or of a rule without one, is worth the rule's points; outside it does not count. Ages are
  exact: a window of 30 days ends 30 × 86,400 seconds after the event, that instant included;
- a fading event is worth ``points × 0.5 ** (age / half-life)``, rounded to the ten-thousandth (half to even);
- the sum of a rule is rounded to the hundredth (half away from zero) and cut off at its cap, or at ``MOST`` points;
- an event a little ahead (another system's clock; more than five minutes are refused) counts as happening now;
- what happened up to ``behaviour_from`` does not exist (domain rule 15);
- of several personas that match, the first by position counts.

Into the text of the query go only numbers of our own rows; everything else is a parameter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Q,
    QuerySet,
    Sum,
)

from leads.models import Event, Lead
from leads.services.errors import FUTURE_SECONDS
from scoring.conditions import event_q, to_q
from scoring.expressions import AT, HIGH, IDS, LOW, Beside, Given, Sql, moment, shifted
from scoring.language import ConditionError
from scoring.models import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scoring.fields import Field
    from scoring.models import Threshold

MOST = 100_000
DAY = 86_400
# Beyond 64 half-lives nothing is left of any points, and PostgreSQL would call the power an underflow.
HALVINGS = 64
PARTS = tuple(Rule.Part.values)
PIECE = 90
_EMPTY = "''"


@dataclass(frozen=True)
class Query:
    """SQL whose last step is to be chosen from ``parts``; ``params`` holds slots (see ``expressions.fill``)."""

    steps: str
    params: tuple[Any, ...]
    rules: tuple[Rule, ...]
    thresholds: tuple[Threshold, ...]
    broken: Mapping[int, str]

    def select(self, columns: str) -> str:
        return f"{self.steps} SELECT {columns} FROM parts ORDER BY id"  # noqa: S608 - columns of this module


@dataclass
class Compiler:
    """Compiles the active rules of one model. ``details`` adds what explains an event rule: count, worth, last event.

    A rule that no longer makes sense (its custom field was removed) holds for nobody and is listed in ``broken``:
    one bad row never stops the others.
    """

    rules: Sequence[Rule]
    thresholds: Sequence[Threshold]
    fields: Mapping[str, Field]
    by_ids: bool
    details: bool = False
    conditions: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Q] = field(default_factory=dict)
    events: dict[int, Q] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)

    def query(self) -> Query:
        for rule in self.rules:
            self.read(rule)
        self.rules = [rule for rule in self.rules if rule.pk not in self.broken]
        facts, params = _sql(self.facts_queryset())
        steps = [f"WITH facts AS ({facts} OFFSET 0)"]
        if self.events:
            behaviour, behaviour_params = _sql(self.behaviour_queryset())
            steps.append(f"behaviour AS ({behaviour} OFFSET 0)")
            params = (*params, *behaviour_params)
        steps.append(f"held AS ({self.held()} OFFSET 0)")
        steps.append(f"parts AS ({self.parts()} OFFSET 0)")
        return Query(", ".join(steps), params, tuple(self.rules), tuple(self.thresholds), self.broken)

    def read(self, rule: Rule) -> None:
        """Take in the conditions of a rule; equal lists of conditions are asked once."""
        try:
            if rule.event_type_id is not None:
                event_conditions = event_q(rule.event_conditions)
            key = json.dumps(rule.conditions, sort_keys=True)
            if rule.conditions and key not in self.conditions:
                holds = to_q(rule.conditions, at=AT, fields=self.fields)
                self.conditions[key] = f"c{len(self.conditions)}"
                self.facts[self.conditions[key]] = holds
        except ConditionError as error:
            self.broken[rule.pk] = error.message
            return
        if rule.event_type_id is not None:
            self.events[rule.pk] = Q(event_type=rule.event_type_id) & self.reach(rule) & event_conditions

    def reach(self, rule: Rule) -> Q:
        return Q(_after(F("occurred_at"), rule.window_days)) if rule.window_days else Q()

    def scope(self, column: F | Sql) -> Sql:
        """Which leads: a list of ids, or a range of them."""
        if self.by_ids:
            return Sql("{0} = ANY({1})", column, Given(IDS, "bigint[]"))
        return Sql("{0} >= {1} AND {0} < {2}", column, Given(LOW, "bigint"), Given(HIGH, "bigint"))

    def facts_queryset(self) -> QuerySet[Any]:
        columns = {name: ExpressionWrapper(q, output_field=BooleanField()) for name, q in self.facts.items()}
        leads = Lead.objects.order_by().filter(self.scope(F("pk")))
        return cast("QuerySet[Any]", leads.annotate(**columns).values("id", *columns))

    def behaviour_queryset(self) -> QuerySet[Any]:
        rules = [rule for rule in self.rules if rule.pk in self.events]
        events = Event.objects.order_by().filter(
            Q(lead__behaviour_from__isnull=True) | Q(occurred_at__gt=F("lead__behaviour_from")),
            # Of both tables: PostgreSQL does not conclude the one from the other.
            self.scope(F("lead_id")),
            self.scope(Beside(F("lead__behaviour_from"), "id")),
            Sql("{0} <= {1}", F("occurred_at"), moment(shifted(FUTURE_SECONDS))),
            event_type__in={rule.event_type_id for rule in rules},
        )
        windows = [rule.window_days for rule in rules]
        if all(windows):
            events = events.filter(_after(F("occurred_at"), max(days for days in windows if days)))
        columns: dict[str, Any] = {}
        for rule in rules:
            columns |= self.aggregates(rule)
        return cast("QuerySet[Any]", events.values("lead_id").annotate(**columns))

    def aggregates(self, rule: Rule) -> dict[str, Any]:
        counted = self.events[rule.pk]
        columns: dict[str, Any] = {f"n{rule.pk}": Count("pk", filter=counted)}
        if rule.half_life_days and rule.effect == Rule.Effect.POINTS:
            columns[f"s{rule.pk}"] = Sum(_faded(rule), filter=counted)
        if self.details:
            columns[f"l{rule.pk}"] = Max("occurred_at", filter=counted)
        return columns

    def held(self) -> str:
        columns = ["facts.id", f"{self.persona()} AS persona_rule", f"{self.first('exclusion')} AS excluded_by"]
        columns.append(f"{self.first('decisive')} AS decided_by")
        columns += [f"{self.points(rule)} AS p{rule.pk}" for rule in self.giving()]
        if self.details:
            columns += [name for rule in self.rules if rule.pk in self.events for name in self.aggregates(rule)]
        source = "facts LEFT JOIN behaviour ON behaviour.lead_id = facts.id" if self.events else "facts"
        return f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608 - numbers of our own rows

    def giving(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.effect == Rule.Effect.POINTS]

    def holds(self, rule: Rule) -> str:
        terms = [f"n{rule.pk} >= {rule.min_count}"] if rule.event_type_id is not None else []
        if rule.conditions:
            terms.append(self.conditions[json.dumps(rule.conditions, sort_keys=True)])
        return " AND ".join(terms)

    def points(self, rule: Rule) -> str:
        """Hundredths: 0 unless the rule holds; a persona's rule holds for those whose persona it is."""
        if rule.persona_id is not None:
            return f"CASE WHEN {self.persona()} = {rule.pk} THEN {_worth(rule)} ELSE 0 END"
        return f"CASE WHEN {self.holds(rule)} THEN {_worth(rule)} ELSE 0 END"

    def persona(self) -> str:
        return _first([(self.holds(rule), rule.pk) for rule in self.giving() if rule.persona_id is not None])

    def first(self, effect: str) -> str:
        return _first([(self.holds(rule), rule.pk) for rule in self.rules if rule.effect == effect])

    def parts(self) -> str:
        giving = self.giving()
        sums = [f"{_sum(f'p{rule.pk}' for rule in giving if rule.part == part)}::bigint AS {part}" for part in PARTS]
        sums.append(f"{_sum(f'p{rule.pk}' for rule in giving)}::bigint AS total")
        return f"SELECT held.*, {', '.join(sums)} FROM held"  # noqa: S608 - numbers of our own rows


def score_columns(query: Query, model: int) -> dict[str, str]:
    """The columns of ``LeadScore`` in terms of ``parts``."""
    return {
        "lead_id": "id",
        "model_id": str(model),
        **{part: f"{part} * 0.01" for part in (*PARTS, "total")},
        "breakdown": _breakdown([rule for rule in query.rules if rule.effect == Rule.Effect.POINTS]),
        "excluded_by_id": "excluded_by",
        "decided_by_id": "CASE WHEN excluded_by IS NULL THEN decided_by END",
        "target_stage_id": _target_stage(query),
        "icp_id": _icp(query.rules),
        "persona_id": _persona(query.rules),
    }


def _sql(queryset: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    sql, params = queryset.query.sql_with_params()
    return sql, tuple(params)


def _after(column: F, days: int) -> Sql:
    return Sql("{0} >= {1}", column, moment(shifted(-days * DAY)))


def _faded(rule: Rule) -> Sql:
    """What one event is still worth, in ten-thousandths; at most 327,670,000, so it fits an integer."""
    seconds = cast("int", rule.half_life_days) * DAY
    age = "GREATEST(date_part('epoch', {0} - {1}), 0)"
    power = f"power(0.5::float8, LEAST({age} / {seconds}, {HALVINGS}))"
    return Sql(
        f"round({rule.points * 10_000}::float8 * {power})::integer",
        moment(AT),
        F("occurred_at"),
        output_field=IntegerField(),
    )


def _worth(rule: Rule) -> str:
    """The points of a rule that holds, in hundredths."""
    if rule.event_type_id is None:
        return str(rule.points * 100)
    rounding = "+ 50" if rule.points > 0 else "- 50"
    worth = f"(s{rule.pk} {rounding}) / 100" if rule.half_life_days else f"n{rule.pk} * {rule.points * 100}"
    limit = min(MOST if rule.cap is None else rule.cap, MOST) * 100
    return f"LEAST({worth}, {limit})" if rule.points > 0 else f"GREATEST({worth}, {-limit})"


def _first(cases: Iterable[tuple[str, int]]) -> str:
    """The number of the first case that holds, or NULL."""
    whens = " ".join(f"WHEN {holds} THEN {number}" for holds, number in cases)
    return f"CASE {whens} END" if whens else "NULL::bigint"


def _sum(columns: Iterable[str]) -> str:
    return f"({' + '.join(columns) or '0'})"


def _breakdown(rules: Sequence[Rule]) -> str:
    """An object of the rules that gave points, written as text: most give none, and cost nothing that way.

    In several pieces, as a function takes a hundred arguments.
    """
    pairs = [f"CASE WHEN p{rule.pk} <> 0 THEN {_pair(rule)} END" for rule in rules]
    pieces = [f"concat_ws(',', {', '.join(pairs[start : start + PIECE])})" for start in range(0, len(pairs), PIECE)]
    text = f"concat_ws(',', {', '.join(f'NULLIF({piece}, {_EMPTY})' for piece in pieces)})" if pieces else _EMPTY
    return f"('{{' || {text} || '}}')::jsonb"


def _pair(rule: Rule) -> str:
    if rule.event_type_id is None:
        return f"""'"{rule.pk}":{rule.points}.00'"""
    return f"""'"{rule.pk}":' || p{rule.pk} * 0.01"""


def _target_stage(query: Query) -> str:
    """The highest stage whose threshold is reached or to which the decisive act moves."""
    stages: dict[tuple[int, int], list[str]] = {}
    for threshold in query.thresholds:
        stage = threshold.stage
        stages.setdefault((stage.position, stage.pk), []).append(_reached(threshold))
    for rule in query.rules:
        if rule.target_stage is not None:
            stage = rule.target_stage
            stages.setdefault((stage.position, stage.pk), []).append(f"decided_by = {rule.pk}")
    ordered = sorted(stages.items(), reverse=True)
    cases = [(" OR ".join(f"({term})" for term in terms), stage) for (_, stage), terms in ordered]
    return f"CASE WHEN excluded_by IS NULL THEN {_first(cases)} END"


def _reached(threshold: Threshold) -> str:
    limits = {name: getattr(threshold, f"min_{name}") for name in ("total", *PARTS)}
    return " AND ".join(f"{name} >= {limit * 100}" for name, limit in limits.items() if limit is not None)


def _icp(rules: Sequence[Rule]) -> str:
    """The profile that gave most points, if any; of equals the one whose rules come first."""
    giving = [rule for rule in rules if rule.effect == Rule.Effect.POINTS and rule.icp_id is not None]
    shares: dict[int, str] = {}
    for icp in dict.fromkeys(cast("int", rule.icp_id) for rule in giving):
        shares[icp] = _sum(f"p{rule.pk}" for rule in giving if rule.icp_id == icp)
    most = f"GREATEST({', '.join(shares.values())})"
    return _first([(f"{share} > 0 AND {share} = {most}", icp) for icp, share in shares.items()])


def _persona(rules: Sequence[Rule]) -> str:
    personas = [rule for rule in rules if rule.effect == Rule.Effect.POINTS and rule.persona_id is not None]
    return _first([(f"persona_rule = {rule.pk}", cast("int", rule.persona_id)) for rule in personas])
