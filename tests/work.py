"""Hand-offs, clocks and notices for the tests of the screens, without going through the flow that makes them."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from leads.models import Lead, StageChange
from people.models import Team, User
from sla.models import Clock, Escalation, Handoff, Notice, PolicyVersion

_numbers = itertools.count(1)
EXPLANATION = {
    "model": 3,
    "scored_at": "2026-11-18T09:00:00+00:00",
    "excluded": None,
    "decided": None,
    "fit": 20.0,
    "engagement": 12.5,
    "intent": -5.0,
    "total": 27.5,
    "lines": [
        {"rule": 1, "name": "Works in education", "part": "fit", "points": 20.0, "fact": "Industry: education"},
        {"rule": 2, "name": "Visited pricing", "part": "engagement", "points": 7.5, "fact": "3 times in 30 days"},
        {"rule": 3, "name": "Opened an e-mail", "part": "engagement", "points": 5.0, "fact": "twice"},
        {"rule": 4, "name": "Free mail address", "part": "intent", "points": -5.0, "fact": "gmail.com"},
    ],
}


def policy_version() -> PolicyVersion:
    """The first-touch promise that the migration loads: five minutes, three levels."""
    return PolicyVersion.objects.select_related("policy").get(policy__name="First touch")


def build_handoff(lead: Lead, owner: User | None, *, at: datetime, team: Team | None = None, **fields: Any) -> Handoff:
    """An open hand-off; the lead belongs to the owner from then on."""
    team = team or (owner.team if owner else None)
    assert team is not None, "a hand-off needs a team"
    change = StageChange.objects.create(
        lead=lead, to_stage=lead.stage, changed_at=at, reason="threshold", detail="Score 27.5", version="Scoring 3"
    )
    lead.owner = owner
    lead.save(update_fields=["owner"])
    defaults = {"explanation": EXPLANATION, "routing": {"rule": "All MQLs", "why": "next"}}
    return Handoff.objects.create(
        lead=lead,
        owner=owner,
        team=team,
        stage=lead.stage,
        stage_change=change,
        opened_at=at,
        assigned_at=at if owner else None,
        **{**defaults, **fields},
    )


def build_clock(handoff: Handoff, *, due_at: datetime, minutes: int = 5, warn: int = 2, **fields: Any) -> Clock:
    """A running clock that is due then, having started ``minutes`` before, soon from ``warn`` minutes before."""
    levels = [due_at, due_at + timedelta(minutes=10), due_at + timedelta(hours=1)]
    defaults = {"next_at": levels[0], "level_at": levels}
    return Clock.objects.create(
        handoff=handoff,
        lead=handoff.lead,
        owner=handoff.owner,
        team=handoff.team,
        policy_version=policy_version(),
        kind="first_touch",
        time_zone="Europe/Madrid",
        started_at=due_at - timedelta(minutes=minutes),
        warn_at=due_at - timedelta(minutes=warn),
        due_at=due_at,
        **{**defaults, **fields},
    )


def build_work(lead: Lead, owner: User | None, *, due_at: datetime, **fields: Any) -> Clock:
    """A lead handed to somebody five minutes before it is due, its clock running."""
    team = fields.pop("team", None)
    return build_clock(build_handoff(lead, owner, at=due_at - timedelta(minutes=5), team=team), due_at=due_at, **fields)


def build_notice(clock: Clock, *recipients: User, level: int = 1, state: str = "sent", **fields: Any) -> Notice:
    """A message that a level of the clock fired."""
    at = clock.level_at[level - 1]
    escalation, _created = Escalation.objects.get_or_create(
        clock=clock, level=level, defaults={"level_at": at, "recorded_at": at, "state": "noticed"}
    )
    times = {"sent": {"sent_at": at}, "pending": {"next_try_at": at}}.get(state, {})
    notice = Notice.objects.create(
        message_id=f"<test-{next(_numbers)}@baton.example>",
        state=state,
        created_at=at,
        **{"reason": f"Level {level} of First touch", **times, **fields},
    )
    notice.recipients.set(recipients)
    notice.escalations.set([escalation])
    return notice
