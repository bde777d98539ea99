"""How teams and reps stand with their promises: one grouped query, shaped for the board."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min, Q, Sum

from people.models import Team, User
from sla.models import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

FIELDS = ("team_id", "team__name", "owner_id", "owner__name")


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
        .values_list(*FIELDS)
        .annotate(
            waiting=Count("pk"),
            soon=Count("pk", filter=Q(warn_at__lte=now, due_at__gte=now)),
            breached=Count("pk", filter=Q(due_at__lt=now)),
            oldest=Min("started_at"),
            ids=Sum("pk"),
        )
    )
    free = list(
        User.objects.available_sdrs()
        .filter(team__in=Team.objects.visible_to(user).values("pk"))
        .values_list("pk", "name", "team_id", "team__name")
    )
    teams = _teams(groups, free)
    total, unassigned = Standing(), Standing()
    for team in teams:
        total.add(team.standing)
        for rep in team.reps:
            if rep.pk is None:
                unassigned.add(rep.standing)
    return Board(total, unassigned, teams, sorted([*groups, *free], key=str))


def _teams(groups: Iterable[Sequence[Any]], free: Iterable[Sequence[Any]]) -> list[TeamStanding]:
    names: dict[int, str] = {}
    reps: dict[int, dict[int | None, Rep]] = defaultdict(dict)
    for pk, name, team_id, team_name in free:
        names[team_id] = team_name
        reps[team_id][pk] = Rep(pk, name, available=True)
    for team_id, team_name, owner_id, owner_name, *numbers, _ids in groups:
        names[team_id] = team_name
        rep = reps[team_id].setdefault(owner_id, Rep(owner_id, owner_name or "", available=False))
        rep.standing = Standing(*numbers)
    return sorted((_team(pk, names[pk], reps[pk].values()) for pk in names), key=_worst_first)


def _team(pk: int, name: str, reps: Iterable[Rep]) -> TeamStanding:
    total = Standing()
    ordered = sorted(reps, key=lambda rep: (rep.pk is not None, *_worst_first(rep)))
    for rep in ordered:
        total.add(rep.standing)
    return TeamStanding(pk, name, ordered, total)


def _worst_first(one: Rep | TeamStanding) -> tuple[int, int, int, str]:
    return (-one.standing.breached, -one.standing.soon, -one.standing.waiting, one.name)
