"""Clocks: started with every instant computed once, stopped by an attempt that counts, cancelled with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Prefetch

from leads.models import Lead
from scoring.conditions import to_q
from sla.models import Clock, Level, Policy, PolicyVersion
from sla.services.calendars import Rota, load_rota
from sla.services.escalations import withdraw

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from leads.models import Attempt
    from sla.calendars import WorkingTime
    from sla.models import Handoff


@dataclass(frozen=True, slots=True)
class Schedule:
    """The instants of a promise, in UTC."""

    warn_at: datetime
    due_at: datetime
    level_at: list[datetime]


def start_clocks(*, handoffs: Sequence[Handoff], kind: str = Policy.Kind.FIRST_TOUCH, now: datetime) -> list[Clock]:
    """Start a clock for each hand-off that a policy in force applies to; call it inside a transaction.

    Durations and offsets are working time of the owner (of the team while there is none) or wall time, as the policy
    says. The first policy in order whose conditions hold for the lead applies; where none does, nothing was promised.
    """
    if not handoffs:
        return []
    versions = _versions_for([handoff.lead_id for handoff in handoffs], kind)
    rota = load_rota()
    clocks = [
        _clock(handoff, versions[handoff.lead_id], rota, now) for handoff in handoffs if handoff.lead_id in versions
    ]
    return Clock.objects.bulk_create(clocks)


def stop_clocks(*, clocks: Iterable[Clock], attempt: Attempt, now: datetime) -> list[Clock]:
    """Stop locked clocks by an attempt, at the moment it happened; what was not delivered yet is withdrawn."""
    stopped = list(clocks)
    rota = load_rota() if stopped else None
    for clock in stopped:
        clock.state = Clock.State.MET
        clock.stopped_at = max(attempt.occurred_at, clock.started_at)
        clock.stopped_by = attempt
        clock.next_at = None
        if rota is not None:
            clock.working_seconds = _working_seconds(clock, rota)
    Clock.objects.bulk_update(stopped, ["state", "stopped_at", "stopped_by", "next_at", "working_seconds"])
    withdraw(clock_ids=[clock.pk for clock in stopped], now=now)
    return stopped


def schedule(version: PolicyVersion, levels: Collection[Level], hours: WorkingTime | None, start: datetime) -> Schedule:
    """When a promise made at ``start`` is due, when it is shown as due soon, and when each level fires.

    ``hours`` is None for wall time. A reminder longer before the due time than the promise itself fires at the start.
    """

    def after(instant: datetime, seconds: int) -> datetime:
        return instant + timedelta(seconds=seconds) if hours is None else hours.add(instant, seconds)

    due_at = after(start, version.duration_seconds)
    level_at = [max(start, after(due_at, level.offset_seconds)) for level in sorted(levels, key=lambda one: one.number)]
    return Schedule(max(start, after(due_at, -version.warn_seconds)), due_at, level_at)


def _versions_for(lead_ids: Collection[int], kind: str) -> dict[int, PolicyVersion]:
    """The terms that apply to each lead: the newest version of the first policy whose conditions hold."""
    newest = PolicyVersion.objects.order_by("policy_id", "-number").distinct("policy_id").prefetch_related("levels")
    found: dict[int, PolicyVersion] = {}
    for policy in Policy.objects.in_force(kind).prefetch_related(Prefetch("versions", queryset=newest)):
        rest = [lead_id for lead_id in lead_ids if lead_id not in found]
        if not rest:
            break
        for version in policy.versions.all()[:1]:
            matching = Lead.objects.filter(to_q(policy.conditions), pk__in=rest)
            found |= dict.fromkeys(matching.values_list("pk", flat=True), version)
    return found


def _clock(handoff: Handoff, version: PolicyVersion, rota: Rota, now: datetime) -> Clock:
    hours = rota.of_user(handoff.owner) if handoff.owner is not None else rota.of_team(handoff.team)
    in_working_time = version.time_kind == PolicyVersion.TimeKind.WORKING
    times = schedule(version, version.levels.all(), hours if in_working_time else None, now)
    return Clock(
        handoff=handoff,
        lead_id=handoff.lead_id,
        owner=handoff.owner,
        team=handoff.team,
        policy_version=version,
        kind=version.policy.kind,
        time_zone=hours.zone.key,
        started_at=now,
        warn_at=times.warn_at,
        due_at=times.due_at,
        level_at=times.level_at,
        next_at=times.level_at[0] if times.level_at else None,
    )


def _working_seconds(clock: Clock, rota: Rota) -> int:
    """Working time from start to stop, by the hours that hold for whoever has the clock now."""
    hours = rota.of_user(clock.owner) if clock.owner is not None else rota.of_team(clock.team)
    return max(0, round(hours.elapsed(clock.started_at, clock.stopped_at or clock.started_at)))
