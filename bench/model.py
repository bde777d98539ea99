"""The rules of the made-up company: thirty rules, three thresholds, a promise of days, a route for each team."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leads.models import EventType, LifecycleStage
from people.models import Team
from scoring.models import Rule, ScoringModel
from scoring.services.score import score_leads
from sla.models import Policy, RoutingRule, Sequence

Condition = dict[str, Any]
FIT: tuple[tuple[str, int, Condition], ...] = (
    ("Decides on purchases", 20, {"field": "job_title", "op": "contains", "value": "purchasing"}),
    ("Owns the business", 18, {"field": "job_title", "op": "is", "value": "Owner"}),
    ("Chief officer", 15, {"field": "job_title", "op": "starts_with", "value": "chief"}),
    ("Leads a department", 10, {"field": "job_title", "op": "contains", "value": "head"}),
    ("Student", -15, {"field": "job_title", "op": "is", "value": "Student"}),
    ("Manufacturing", 10, {"field": "company.industry", "op": "is", "value": "Manufacturing"}),
    ("Near industries", 6, {"field": "company.industry", "op": "in", "value": ["Logistics", "Construction", "Energy"]}),
    ("Mid-sized", 10, {"field": "company.employees", "op": "between", "value": [50, 1000]}),
    ("Large", 6, {"field": "company.employees", "op": "gt", "value": 1000}),
    ("One-person company", -8, {"field": "company.employees", "op": "lt", "value": 3}),
    ("Revenue", 8, {"field": "company.annual_revenue", "op": "gte", "value": 5_000_000}),
    ("Home market", 8, {"field": "country", "op": "in", "value": ["Poland", "Germany", "Czechia", "Austria"]}),
    ("Second market", 4, {"field": "country", "op": "in", "value": ["Brazil", "Spain", "Mexico", "Portugal"]}),
    ("Uses what we fit", 5, {"field": "company.technologies", "op": "contains", "value": "sap"}),
    ("Many seats", 7, {"field": "custom.seats", "op": "gte", "value": 100}),
    ("Referred", 6, {"field": "source", "op": "is", "value": "Referral"}),
)
# name, part, event, points each, half-life, window, at most
BEHAVIOUR: tuple[tuple[str, str, str, int, int | None, int | None, int | None], ...] = (
    ("Reads pages", "engagement", "page_viewed", 1, 30, None, 10),
    ("Opens e-mails", "engagement", "email_opened", 1, 30, None, 8),
    ("Follows e-mails", "engagement", "email_clicked", 3, 30, None, 15),
    ("Downloads", "engagement", "content_downloaded", 5, 60, None, 20),
    ("Fills in forms", "engagement", "form_submitted", 6, None, 90, 18),
    ("Signs up for webinars", "engagement", "webinar_registered", 6, 60, None, 12),
    ("Attends webinars", "engagement", "webinar_attended", 10, 60, None, 20),
    ("Unsubscribed", "engagement", "unsubscribed", -20, None, 180, 20),
    ("Looks at prices", "intent", "pricing_viewed", 8, 14, None, 24),
    ("Tries the product", "intent", "trial_started", 20, None, 30, 20),
    ("Wants to talk", "intent", "contact_requested", 25, None, 60, 25),
)


def create(now: datetime) -> None:
    """Publish the model, promise something slower beside the default, and route each country to a team."""
    version = ScoringModel.objects.create(version=1, state="published", published_at=now, comment="The bench's model")
    types = {event_type.key: event_type for event_type in EventType.objects.all()}
    stages = {stage.key: stage for stage in LifecycleStage.objects.all()}
    rules = [Rule(name=name, part="fit", points=points, conditions=[condition]) for name, points, condition in FIT]
    for name, part, event, points, half_life, window, cap in BEHAVIOUR:
        times = {"half_life_days": half_life, "window_days": window, "cap": cap}
        rules.append(Rule(name=name, part=part, event_type=types[event], points=points, **times))
    rules += [_excluded("Government", "company.industry"), _excluded("Ireland", "country")]
    decisive = types["demo_requested"]
    rules.append(
        Rule(name="Asks for a demo", effect="decisive", event_type=decisive, window_days=30, target_stage=stages["mql"])
    )
    for position, rule in enumerate(rules):
        rule.model, rule.position = version, position
    Rule.objects.bulk_create(rules)
    version.thresholds.create(stage=stages["mql"], min_total=50, min_fit=15)
    version.thresholds.create(stage=stages["lead"], min_total=5)
    _promise()
    _route(stages["mql"])


def _excluded(value: str, field: str) -> Rule:
    return Rule(name=f"No {value}", effect="exclusion", conditions=[{"field": field, "op": "is", "value": value}])


def _promise() -> None:
    """Three days of wall time for existing customers; the policy that a migration made takes the others."""
    conditions = [{"field": "lead_type", "op": "is", "value": "existing_customer"}]
    policy = Policy.objects.create(name="Three days", position=10, conditions=conditions)
    version = policy.versions.create(
        number=1, time_kind="wall", duration_seconds=259_200, warn_seconds=172_800, sequence=Sequence.objects.get()
    )
    version.levels.create(number=1, offset_seconds=0, recipients=["owner"])
    version.levels.create(number=2, offset_seconds=86_400, recipients=["owner", "manager"])
    version.levels.create(number=3, offset_seconds=259_200, recipients=["executives"])


def _route(stage: LifecycleStage) -> None:
    """A rule for each team by a country of its own, and one that takes the rest."""
    countries = ("Poland", "Brazil", "Spain", "Germany", "Mexico", "India", "United States", "France", "Portugal")
    teams = list(Team.objects.order_by("pk"))
    for position, (team, country) in enumerate(zip(teams, countries, strict=False)):
        conditions = [{"field": "country", "op": "is", "value": country}]
        RoutingRule.objects.create(name=country, position=position, stage=stage, conditions=conditions, team=team)
    RoutingRule.objects.create(name="Everybody else", position=99, stage=stage, team=teams[-1])


def score_everybody(now: datetime) -> int:
    """By the product's own evaluator: the scores are what it would have made of these facts."""
    return score_leads(lead_ids=None, now=now)
