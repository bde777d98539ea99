"""Small builders for the tests of the promise: a model that qualifies, a rule that routes, a clock that runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder

from leads.models import EventType, Lead, LifecycleStage
from leads.services.events import record_event
from people.models import Team, User
from scoring.models import Rule, ScoringModel, Threshold
from sla.models import Clock, Handoff, Level, Policy, PolicyVersion, RoutingRule, Sequence
from sla.services.clocks import start_clocks
from tests.cast import build_lead


def build_model() -> ScoringModel:
    """A published model: 30 points for Spain, a demo request goes straight to MQL; MQL from 30, lead from 10."""
    mql, lead = LifecycleStage.objects.get(key="mql"), LifecycleStage.objects.get(key="lead")
    model = ScoringModel.objects.create(version=1)
    Rule.objects.create(
        model=model,
        name="In Spain",
        part="fit",
        points=30,
        conditions=[{"field": "country", "op": "is", "value": "Spain"}],
    )
    Rule.objects.create(
        model=model,
        name="Asked for a demo",
        effect="decisive",
        event_type=EventType.objects.get(key="demo_requested"),
        target_stage=mql,
    )
    Threshold.objects.create(model=model, stage=lead, min_total=10)
    Threshold.objects.create(model=model, stage=mql, min_total=30)
    model.state, model.published_at = ScoringModel.State.PUBLISHED, datetime(2026, 1, 1, tzinfo=UTC)
    model.save()
    return model


def build_routing(team: Team, **fields: Any) -> RoutingRule:
    """What reaches MQL goes to this team."""
    mql = LifecycleStage.objects.get(key="mql")
    return RoutingRule.objects.create(**{"name": f"MQL to {team}", "stage": mql, "team": team, **fields})


def build_policy(
    *,
    name: str = "Quick touch",
    seconds: int = 300,
    time_kind: str = "wall",
    ladder: tuple[tuple[int, tuple[str, ...]], ...] = (
        (0, ("owner",)),
        (60, ("owner", "manager")),
        (120, ("executives",)),
    ),
    **fields: Any,
) -> PolicyVersion:
    """A policy that is tried before the default one, with its first version."""
    policy = Policy.objects.create(**{"name": name, "position": 1, **fields})
    version = PolicyVersion.objects.create(
        policy=policy,
        number=1,
        time_kind=time_kind,
        duration_seconds=seconds,
        warn_seconds=min(60, seconds),
        sequence=Sequence.objects.get(name="First touch"),
    )
    for number, (offset, recipients) in enumerate(ladder, start=1):
        Level.objects.create(version=version, number=number, offset_seconds=offset, recipients=list(recipients))
    return version


def build_handoff(owner: User | None, *, team: Team | None = None, now: datetime, lead: Lead | None = None) -> Handoff:
    """An open hand-off as the flow leaves it, without its clock."""
    lead = lead or build_lead("mql", owner=owner)
    team = team or (owner.team if owner is not None else None)
    assert team is not None
    return Handoff.objects.create(
        lead=lead,
        stage=lead.stage,
        team=team,
        owner=owner,
        opened_at=now,
        assigned_at=now if owner else None,
        explanation={"total": 42, "lines": []},
    )


def build_clock(owner: User | None, *, team: Team | None = None, now: datetime, lead: Lead | None = None) -> Clock:
    """A running first-touch clock under the policy that applies."""
    return start_clocks(handoffs=[build_handoff(owner, team=team, now=now, lead=lead)], now=now)[0]


def request_demo(lead: Lead, now: datetime) -> None:
    record_event(
        lead=lead,
        event_type=EventType.objects.get(key="demo_requested"),
        occurred_at=now - timedelta(seconds=1),
        now=now,
    )


def everything() -> str:
    """Every row of every table, as text."""
    rows = [list(model._default_manager.values()) for model in apps.get_models() if model._meta.managed]
    return json.dumps(rows, cls=DjangoJSONEncoder, default=str, ensure_ascii=False)
