"""How teams and reps stand with their promises: one grouped query, shaped for the board."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, Min, Q, Sum, When

from people.models import Role, Team, User
from sla.models import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime


@dataclass(slots=True)
class Standing:
    """Running clocks: how many, how many of them due soon or breached, and since when the oldest waits."""

    waiting: int = 0
    soon: int = 0
    breached: int = 0
    oldest: datetime | None = None

    def add(self, other: Standing) -> None:
        self.waiting += other.waiting
        self.soon += other.soon
        self.breached += other.breached
        starts = [start for start in (self.oldest, other.oldest) if start is not None]
        self.oldest = min(starts, default=None)


@dataclass(slots=True)
class Rep:
    """A rep of a team, or (``pk`` None) its leads that have no owner."""

    pk: int | None
    name: str
    available: bool
    standing: Standing = field(default_factory=Standing)


@dataclass(slots=True)
class TeamStanding:
    pk: int
    name: str
    reps: list[Rep]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Board:
    """Everybody's standing, and a ``version`` that changes with any number on the board or any clock in a list."""

    total: Standing
    unassigned: Standing
    teams: list[TeamStanding]
    version: list[Any]


def board_of(user: User, now: datetime) -> Board:
    """What this person may see of it (domain rule 20), reps who are free to take leads included."""
    groups = list(
        Clock.objects.running()
        .visible_to(user)
        .order_by()
        .values_list("team_id", "owner_id")
        .annotate(
            waiting=Count("*"),
            soon=Count("pk", filter=Q(warn_at__lte=now, due_at__gte=now)),
            breached=Count("pk", filter=Q(due_at__lt=now)),
            oldest=Min("started_at"),
            ids=Sum("pk"),
        )
    )
    people, teams = _names(user, groups)
    standings = _teams(groups, people, teams)
    total, unassigned = Standing(), Standing()
    for team in standings:
        total.add(team.standing)
        for rep in team.reps:
            if rep.pk is None:
                unassigned.add(rep.standing)
    return Board(total, unassigned, standings, [sorted(groups, key=str), people, sorted(teams.items())])


def _names(user: User, groups: Sequence[Sequence[Any]]) -> tuple[list[Sequence[Any]], dict[int, str]]:
    """Whoever has a clock or is free to take one, as (id, name, team, free); and the names of all their teams.

    Looked up afterwards, so that the hundred thousand clocks are counted without joining a name to each.
    """
    free = Q(role=Role.SDR, is_active=True, takes_leads=True)
    owners = [owner_id for _team_id, owner_id, *_rest in groups if owner_id]
    led = Team.objects.visible_to(user).values("pk")
    people = list(
        User.objects.filter(Q(pk__in=owners) | (free & Q(team__in=led)))
        .order_by("pk")
        .values_list("pk", "name", "team_id", Case(When(free, then=True), default=False))
    )
    ids = {team_id for team_id, *_rest in groups} | {team_id for _pk, _name, team_id, is_free in people if is_free}
    return people, dict(Team.objects.filter(pk__in=ids).values_list("pk", "name"))


def _teams(
    groups: Iterable[Sequence[Any]], people: Iterable[Sequence[Any]], names: Mapping[int, str]
) -> list[TeamStanding]:
    reps: dict[int, dict[int | None, Rep]] = {team_id: {} for team_id in names}
    known = {pk: Rep(pk, name, is_free) for pk, name, _team_id, is_free in people}
    for pk, name, team_id, is_free in people:
        if is_free and team_id in reps:
            reps[team_id][pk] = Rep(pk, name, available=True)
    for team_id, owner_id, *numbers, _ids in groups:
        rep = known.get(owner_id) or Rep(None, "", available=False)
        reps[team_id][owner_id] = Rep(owner_id, rep.name, rep.available, Standing(*numbers))
    return sorted((_team(pk, names[pk], reps[pk].values()) for pk in names), key=_worst_first)


def _team(pk: int, name: str, reps: Iterable[Rep]) -> TeamStanding:
    total = Standing()
    ordered = sorted(reps, key=lambda rep: (rep.pk is not None, *_worst_first(rep)))
    for rep in ordered:
        total.add(rep.standing)
    return TeamStanding(pk, name, ordered, total)


def _worst_first(one: Rep | TeamStanding) -> tuple[int, int, int, str]:
    return (-one.standing.breached, -one.standing.soon, -one.standing.waiting, one.name)
