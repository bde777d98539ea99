"""Whose turn it is: round robin within a team, exact under concurrency because the team's row is the lock."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leads.models import Lead
from people.models import Team, User
from scoring.conditions import to_q
from sla.models import Handoff, RoutingRule, RoutingTurn

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Route:
    """Where a lead goes, and why: ``owner`` is None while nobody in the team is available."""

    team: Team
    owner: User | None
    rule: str
    why: Handoff.Why

    def as_json(self) -> dict[str, str]:
        return {"rule": self.rule, "why": self.why}


def match_rules(lead_ids: Collection[int]) -> dict[int, RoutingRule]:
    """The first active rule, in order, for the stage each lead is in and whose conditions hold for it."""
    found: dict[int, RoutingRule] = {}
    for rule in RoutingRule.objects.filter(is_active=True).select_related("team__manager"):
        rest = [lead_id for lead_id in lead_ids if lead_id not in found]
        if not rest:
            break
        matching = Lead.objects.filter(to_q(rule.conditions), pk__in=rest, stage=rule.stage_id)
        found |= dict.fromkeys(matching.values_list("pk", flat=True), rule)
    return found


def route(rules: Mapping[int, RoutingRule]) -> dict[int, Route]:
    """Give each lead its owner: the available SDR who has it already, else the next in turn. Inside a transaction.

    Teams are locked in the order of their ids, so two workers never wait for each other crosswise.
    """
    by_team: dict[int, list[int]] = defaultdict(list)
    for lead_id, rule in rules.items():
        by_team[rule.team_id].append(lead_id)
    routes: dict[int, Route] = {}
    for team_id in sorted(by_team):
        routes |= _route_in_team(by_team[team_id], rules)
    return routes


def take_turns(team: Team, count: int) -> list[User]:
    """The next ``count`` SDRs of a team in turn; fewer (none) when nobody is available. Locks the team's round."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    people = list(User.objects.available_sdrs().filter(team=team).order_by("pk"))
    if not people or count == 0:
        return []
    turns = _turns(team, people)
    order = _round_robin([(turns[person.pk].turn, person.pk) for person in people], count)
    for turn, user_id in order:
        turns[user_id].turn = turn
    RoutingTurn.objects.bulk_update(turns.values(), ["turn"])
    by_id = {person.pk: person for person in people}
    return [by_id[user_id] for _, user_id in order]


def _route_in_team(lead_ids: Sequence[int], rules: Mapping[int, RoutingRule]) -> dict[int, Route]:
    team = rules[lead_ids[0]].team
    kept = {
        lead.pk: lead.owner
        for lead in Lead.objects.filter(pk__in=lead_ids, owner__in=User.objects.available_sdrs().filter(team=team))
        .select_related("owner")
        .order_by()
    }
    new = [lead_id for lead_id in lead_ids if lead_id not in kept]
    turns = iter(take_turns(team, len(new)))
    routes: dict[int, Route] = {}
    for lead_id in lead_ids:
        owner = kept[lead_id] if lead_id in kept else next(turns, None)
        routes[lead_id] = Route(team, owner, rules[lead_id].name, _why(owner, already=lead_id in kept))
    return routes


def _why(owner: User | None, *, already: bool) -> Handoff.Why:
    if owner is None:
        return Handoff.Why.NOBODY
    return Handoff.Why.KEPT if already else Handoff.Why.NEXT


def _turns(team: Team, people: Sequence[User]) -> dict[int, RoutingTurn]:
    """One row per person; whoever is new begins at zero and so is next."""
    RoutingTurn.objects.bulk_create([RoutingTurn(team=team, user=person) for person in people], ignore_conflicts=True)
    return {one.user_id: one for one in RoutingTurn.objects.filter(team=team, user__in=people)}


def _round_robin(seats: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """``(turn, person)`` pairs: the lowest turn goes next and is then the highest."""
    heap = list(seats)
    heapq.heapify(heap)
    first = max(turn for turn, _ in seats) + 1
    order = []
    for turn in range(first, first + count):
        _, person = heapq.heapreplace(heap, (turn, heap[0][1]))
        order.append((turn, person))
    return order
