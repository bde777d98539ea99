"""Random models and facts: the compiled query and the plain evaluator agree to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leads.models import Company, CustomField, Event, EventType, Lead, LeadStatus, LeadType, LifecycleStage, Source
from scoring.conditions import to_q
from scoring.models import Icp, LeadScore, Persona, Rule, ScoringModel, Threshold
from scoring.services.explain import explain
from scoring.services.score import score_leads
from tests.cast import NOW
from tests.scoring import reference

# Every example is a database's work, so a failure is shown as it was found rather than shrunk for minutes.
RARE = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
WORDS = ("", "Spain", "spain", "Poland", "Żary", "ŻARY", "a%b", "100")
TITLES = ("", "Head of Sales", "HEAD OF it", "Student", "sales")
DAYS = [(NOW.date() - timedelta(days=days)).isoformat() for days in (-3, 0, 1, 7, 8, 30, 31, 400)]
EVENT_KEYS = ("page_viewed", "pricing_viewed", "demo_requested")
EQUALITY = ("is", "is_not", "in", "not_in")
ORDER = ("gt", "gte", "lt", "lte", "between")
SETNESS = ("is_set", "is_not_set")


def _value(op: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    if op in {"in", "not_in"}:
        return st.lists(values, min_size=1, max_size=3, unique=True)
    if op == "between":
        return st.lists(values, min_size=2, max_size=2).map(sorted)
    return values


@st.composite
def a_condition(draw: st.DrawFn, fields: tuple[tuple[str, tuple[str, ...], Any], ...]) -> dict[str, Any]:
    name, ops, values = draw(st.sampled_from(fields))
    op = draw(st.sampled_from(ops))
    if op in {*SETNESS, "is_true", "is_false"}:
        return {"field": name, "op": op}
    if op in {"within_last_days", "older_than_days"}:
        return {"field": name, "op": op, "value": draw(st.sampled_from((1, 7, 30)))}
    return {"field": name, "op": op, "value": draw(_value(op, st.sampled_from(values)))}


TEXT_OPS = (*EQUALITY, "contains", "starts_with", *SETNESS)
NUMBER_OPS = (*EQUALITY, *ORDER, *SETNESS)
DAY_OPS = ("is", "is_not", *ORDER, "within_last_days", "older_than_days", *SETNESS)
TRUTH_OPS = ("is_true", "is_false", *SETNESS)
NUMBERS = (-5, 0, 10, 10.5, 250)
LEAD_FIELDS = (
    ("country", TEXT_OPS, WORDS[1:]),
    ("job_title", TEXT_OPS, ("head", "Student", "sales", "HEAD of Sales")),
    ("source", TEXT_OPS, ("google", "Fair")),
    ("email_domain", TEXT_OPS, ("gmail.com", "Works.example")),
    ("free_mail", TRUTH_OPS, ()),
    ("do_not_call", TRUTH_OPS, ()),
    ("status", (*EQUALITY, *SETNESS), ("new", "connected")),
    ("captured_at", DAY_OPS, DAYS),
    ("company.industry", TEXT_OPS, WORDS[1:]),
    ("company.employees", NUMBER_OPS, NUMBERS),
    ("custom.budget", NUMBER_OPS, NUMBERS),
    ("custom.since", DAY_OPS, DAYS),
    ("custom.vip", TRUTH_OPS, ()),
)
EVENT_FIELDS = (
    ("properties.pages", (*ORDER, "is_set"), NUMBERS),
    ("properties.plan", (*TEXT_OPS, "is_true", "is_false"), ("Pro", "pro team", "true")),
)


@st.composite
def a_rule(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of a rule, always ones that the database takes; profiles and personas and stages by number."""
    effect = draw(st.sampled_from(("points", "points", "points", "exclusion", "decisive")))
    rule: dict[str, Any] = {"effect": effect, "part": "", "points": 0}
    if effect == "points":
        rule["part"] = draw(st.sampled_from(("fit", "engagement", "intent")))
        rule["points"] = draw(st.integers(-60, 60).filter(bool) | st.sampled_from((32_767, -32_768)))
        rule["of"] = draw(st.sampled_from(("", "", "icp 0", "icp 1", "persona 0", "persona 1")))
    if effect == "decisive":
        rule["stage"] = draw(st.integers(0, 6))
    is_event = draw(st.booleans())
    rule["conditions"] = draw(st.lists(a_condition(LEAD_FIELDS), min_size=0 if is_event else 1, max_size=2))
    return rule | draw(an_event_part(effect)) if is_event else rule


@st.composite
def an_event_part(draw: st.DrawFn, effect: str) -> dict[str, Any]:
    fading = draw(st.sampled_from(("", "window_days", "half_life_days")))
    rule: dict[str, Any] = {fading: draw(st.sampled_from((1, 7, 30)))} if fading else {}
    rule["event"] = draw(st.sampled_from(EVENT_KEYS))
    rule["event_conditions"] = draw(st.lists(a_condition(EVENT_FIELDS), max_size=1))
    rule["min_count"] = draw(st.sampled_from((1, 1, 2, 3)))
    if effect == "points":
        rule["cap"] = draw(st.none() | st.integers(0, 100))
    return rule


@st.composite
def a_moment(draw: st.DrawFn) -> datetime:
    """About now or about the end of a window, to the microsecond."""
    days = draw(st.sampled_from((0, 1, 7, 30)))
    nudge = draw(st.sampled_from((-INSTANT, timedelta(0), INSTANT, timedelta(minutes=5), timedelta(hours=5))))
    return NOW - days * DAY + nudge if draw(st.booleans()) else NOW - draw(st.timedeltas(timedelta(0), 2000 * DAY))


AN_EVENT = st.fixed_dictionaries(
    {"event": st.sampled_from(EVENT_KEYS), "at": a_moment()},
    optional={
        "pages": st.sampled_from((0, 10, 10.5, "10", "10.50", "many", "", True, None, "-5", "1e3")),
        "plan": st.sampled_from(("Pro", "PRO", "pro team", "", True, False, 10)),
    },
)
A_LEAD = st.fixed_dictionaries(
    {
        "country": st.sampled_from(WORDS),
        "job_title": st.sampled_from(TITLES),
        "source": st.sampled_from((None, "Google", "google", "fair")),
        "email": st.sampled_from(("", "x@gmail.com", "x@works.example")),
        "status": st.sampled_from(("new", "connected", "nurturing")),
        "captured_at": a_moment(),
        "do_not_call": st.booleans(),
        "company": st.none() | st.tuples(st.sampled_from(WORDS), st.none() | st.sampled_from((0, 10, 250))),
        "behaviour_from": st.none() | a_moment(),
        "custom": st.fixed_dictionaries(
            {},
            optional={
                "budget": st.sampled_from((-5, 0, 10, 10.5)),
                "since": st.sampled_from(DAYS),
                "vip": st.booleans(),
            },
        ),
        "events": st.lists(AN_EVENT, max_size=8),
    }
)


@st.composite
def limits(draw: st.DrawFn) -> dict[str, int]:
    names = draw(st.sets(st.sampled_from(("min_total", "min_fit", "min_engagement", "min_intent")), min_size=1))
    return {name: draw(st.integers(-40, 80)) for name in sorted(names)}


@dataclass
class World:
    rules: list[Rule]
    thresholds: list[Threshold]
    facts: dict[int, reference.Facts]


@contextmanager
def undone() -> Iterator[None]:
    """Hypothesis runs a test many times in one transaction of pytest-django."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _build(rules: list[dict[str, Any]], thresholds: dict[int, dict[str, int]], leads: list[dict[str, Any]]) -> World:
    _fields()
    stages = list(LifecycleStage.objects.order_by("position"))
    types = {row.key: row for row in EventType.objects.all()}
    model = ScoringModel.objects.create(version=1, state="published", published_at=NOW)
    origins: dict[str, Any] = {"": None}
    for number in (0, 1):
        origins[f"icp {number}"] = Icp.objects.create(name=f"Icp {number}")
        origins[f"persona {number}"] = Persona.objects.create(
            name=f"Persona {number}", conditions=[{"field": "country", "op": "is_set"}]
        )
    for position, row in enumerate(rules):
        kind, stage, event = row.pop("of", ""), row.pop("stage", None), row.pop("event", None)
        Rule.objects.create(
            model=model,
            position=position,
            name=f"Rule {position}",
            target_stage=None if stage is None else stages[stage],
            event_type=types[event] if event else None,
            **{kind.split()[0]: origins[kind]} if kind else {},
            **row,
        )
    for stage, row in thresholds.items():
        Threshold.objects.create(model=model, stage=stages[stage], **row)
    facts = dict(_lead(row, types) for row in leads)
    return World(list(model.rules.order_by("position")), list(model.thresholds.select_related("stage")), facts)


def _fields() -> None:
    for key, kind in (("budget", "money"), ("since", "date"), ("vip", "yes_no")):
        CustomField.objects.create(key=key, name=key, kind=kind)


def _lead(row: dict[str, Any], types: dict[str, EventType]) -> tuple[int, reference.Facts]:
    company = None if row["company"] is None else Company.objects.create(industry=row["company"][0], name="Firm")
    if company is not None:
        Company.objects.filter(pk=company.pk).update(employees=row["company"][1])
    number = Lead.objects.count()
    email = row["email"] and f"{number}.{row['email']}"
    lead = Lead.objects.create(
        **{
            name: row[name]
            for name in ("country", "job_title", "captured_at", "do_not_call", "behaviour_from", "custom")
        },
        email=email,
        company=company,
        source=Source.objects.get_or_create(name=row["source"])[0] if row["source"] else None,
        status=LeadStatus.objects.get(key=row["status"]),
        lead_type=LeadType.objects.get(key="new_customer"),
        stage=LifecycleStage.objects.get(key="lead"),
    )
    events = [_happening(event, types) for event in row["events"]]
    Event.objects.bulk_create(
        Event(lead=lead, event_type_id=e.event_type, occurred_at=e.occurred_at, properties=e.properties) for e in events
    )
    return lead.pk, reference.Facts(_fields_of(row, email), events, row["behaviour_from"])


def _happening(event: dict[str, Any], types: dict[str, EventType]) -> reference.Happening:
    properties: dict[str, Any] = {name: event[name] for name in ("pages", "plan") if name in event}
    return reference.Happening(types[event["event"]].pk, event["at"], properties)


def _fields_of(row: dict[str, Any], email: str) -> dict[str, Any]:
    domain = email.rpartition("@")[2]
    industry, employees = row["company"] or ("", None)
    return {
        **{name: row[name] for name in ("country", "job_title", "source", "status", "do_not_call")},
        "email_domain": domain,
        "free_mail": (domain == "gmail.com") if domain else None,
        "captured_at": row["captured_at"].astimezone(UTC).date(),
        "company.industry": industry,
        "company.employees": employees,
        **{f"custom.{name}": value for name, value in row["custom"].items()},
    }


def _stored(score: LeadScore) -> reference.Verdict:
    points = {int(rule): Decimal(str(value)) for rule, value in score.breakdown.items()}
    return reference.Verdict(
        points,
        score.fit,
        score.engagement,
        score.intent,
        score.total,
        score.excluded_by_id,
        score.decided_by_id,
        score.target_stage_id,
        score.icp_id,
        score.persona_id,
    )


@pytest.mark.django_db
@settings(RARE, max_examples=50)
@given(
    rules=st.lists(a_rule(), min_size=1, max_size=10),
    thresholds=st.dictionaries(st.integers(0, 6), limits(), max_size=2),
    leads=st.lists(A_LEAD, min_size=1, max_size=6),
)
def test_compiled_query_agrees_with_the_plain_evaluator(
    rules: list[dict[str, Any]], thresholds: dict[int, dict[str, int]], leads: list[dict[str, Any]]
) -> None:
    with undone():
        world = _build([dict(rule) for rule in rules], thresholds, leads)
        expected = {
            lead: reference.verdict(world.rules, world.thresholds, facts, NOW) for lead, facts in world.facts.items()
        }
        assert score_leads(lead_ids=None, now=NOW) == len(leads)
        together = {score.lead_id: _stored(score) for score in LeadScore.objects.all()}
        assert together == expected
        LeadScore.objects.all().delete()
        for lead in world.facts:
            assert score_leads(lead_ids=[lead], now=NOW) == 1
        assert {score.lead_id: _stored(score) for score in LeadScore.objects.all()} == expected
        for lead, explanation in explain(lead_ids=world.facts, at=NOW).items():
            assert {line.rule_id: line.points for line in explanation.lines} == expected[lead].points
            assert sum(line.points for line in explanation.lines) == explanation.total == expected[lead].total
            assert explanation.fit + explanation.engagement + explanation.intent == explanation.total
            assert explanation.target_stage_id == expected[lead].target_stage


@pytest.mark.django_db
@settings(RARE, max_examples=60)
@given(
    conditions=st.lists(a_condition(LEAD_FIELDS), min_size=1, max_size=2),
    leads=st.lists(A_LEAD, min_size=1, max_size=4),
)
def test_filter_finds_whom_the_conditions_describe(
    conditions: list[dict[str, Any]], leads: list[dict[str, Any]]
) -> None:
    with undone():
        _fields()
        types = {row.key: row for row in EventType.objects.all()}
        facts = dict(_lead({**row, "events": []}, types) for row in leads)
        expected = {
            lead
            for lead, known in facts.items()
            if all(reference.condition_holds(row, known.fields.get(row["field"]), NOW) for row in conditions)
        }
        assert set(Lead.objects.filter(to_q(conditions, at=NOW)).values_list("pk", flat=True)) == expected


def test_the_days_of_this_test_are_days_of_utc() -> None:
    assert date.fromisoformat(DAYS[1]) == NOW.astimezone(UTC).date()
