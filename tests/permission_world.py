"""One row of everything that has an address, for tests/test_permissions.py."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from leads.models import ChangedLead, Lead
from people.models import User
from scoring.models import Icp, Persona, ScoringModel
from sla.models import Calendar, Clock, Escalation, GlossaryTerm, Handoff, Notice, Policy, RoutingRule
from tests.cast import NOW, MakeLead
from tests.permissions import AREAS

CONDITIONS = [{"field": "country", "op": "is", "value": "Spain"}]


def build_world(people: dict[str, User], make_lead: MakeLead) -> SimpleNamespace:
    """``kwargs`` by the name of a row: what its address takes; the lead is the SDR's."""
    lead = make_lead(stage="mql", owner=people["sdr"], company="Acme")
    handoff = _handoff(lead, people["sdr"])
    draft = ScoringModel.objects.create(version=1, created_at=NOW)
    icp = Icp.objects.create(name="Factories")
    persona = Persona.objects.create(name="Paula", buying_role="user", conditions=CONDITIONS)
    team = people["sdr"].team
    assert team is not None
    rows: dict[str, Any] = {
        "lead": lead,
        "company": lead.company,
        "handoff": handoff,
        "notice": _notice(handoff, people["sdr"]),
        "policy": Policy.objects.get(),
        "routing_rule": RoutingRule.objects.create(name="All", stage=lead.stage, team=team),
        "calendar": Calendar.objects.get(),
        "term": GlossaryTerm.objects.get(key="score"),
        "draft": draft,
        "rule": draft.rules.create(name="Spain", part="fit", points=5, conditions=CONDITIONS),
        "threshold": draft.thresholds.create(stage=lead.stage, min_total=50),
        "icp": icp,
        "criterion": icp.criteria.create(name="Spain", points=5, conditions=CONDITIONS),
        "persona": persona,
        "person": people["colleague"],
        "team": team,
    }
    rows["set_aside_lead"] = ChangedLead.objects.create(lead=lead, set_aside_at=NOW, error="broken")
    rows["set_aside_escalation"] = (
        rows["notice"]
        .escalations.get()
        .clock.escalations.create(
            level=2, level_at=NOW, recorded_at=NOW, state=Escalation.State.SET_ASIDE, error="nobody to tell"
        )
    )
    for area in AREAS:
        rows |= area.rows(SimpleNamespace(people=people, make_lead=make_lead, **rows))
    kwargs = {name: row if isinstance(row, dict) else {"pk": row.pk} for name, row in rows.items()} | {"": {}}
    kwargs |= {
        "criterion_of": {"icp": icp.pk},
        "confirmation": {"key": "none"},
        "reset": {"uidb36": "1", "key": "none"},
    }
    return SimpleNamespace(kwargs=kwargs, **rows)


def _handoff(lead: Lead, owner: User) -> Handoff:
    assert owner.team is not None
    return Handoff.objects.create(
        lead=lead, stage=lead.stage, team=owner.team, owner=owner, opened_at=NOW, assigned_at=NOW
    )


def _notice(handoff: Handoff, owner: User) -> Notice:
    """A message about a level of the hand-off's clock that fired."""
    version = Policy.objects.get().versions.get()
    clock = Clock.objects.create(
        handoff=handoff,
        lead=handoff.lead,
        owner=owner,
        team=handoff.team,
        policy_version=version,
        kind=Policy.Kind.FIRST_TOUCH,
        time_zone="UTC",
        started_at=NOW,
        warn_at=NOW,
        due_at=NOW + timedelta(minutes=5),
        level_at=[NOW + timedelta(minutes=5)],
        next_level=2,
    )
    escalation = Escalation.objects.create(
        clock=clock, level=1, level_at=clock.due_at, recorded_at=clock.due_at, state=Escalation.State.NOTICED
    )
    notice = Notice.objects.create(message_id="<1@baton.example>", reason="First touch", next_try_at=NOW)
    notice.escalations.add(escalation)
    notice.recipients.add(owner)
    return notice
