"""Round robin: whose turn it is, who is passed over, and which rule decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sla.models import Handoff
from sla.services.routing import match_rules, route, take_turns
from tests.cast import build_lead, build_user
from tests.sla.build import build_routing

if TYPE_CHECKING:
    from people.models import Team, User

pytestmark = pytest.mark.django_db


def test_turns_go_round_and_continue_where_they_ended(sales_team: Team, owner: User, colleague: User) -> None:
    assert take_turns(sales_team, 3) == [owner, colleague, owner]
    assert take_turns(sales_team, 2) == [colleague, owner]


def test_whoever_is_new_is_next(sales_team: Team, owner: User, colleague: User) -> None:
    take_turns(sales_team, 4)
    newcomer = build_user("New Comer", team=sales_team)

    assert take_turns(sales_team, 3) == [newcomer, owner, colleague]


@pytest.mark.parametrize("fields", [{"takes_leads": False}, {"is_active": False}, {"role": "ae"}, {"team": None}])
def test_who_is_not_available_is_passed_over(
    sales_team: Team, owner: User, colleague: User, fields: dict[str, object]
) -> None:
    type(colleague).objects.filter(pk=colleague.pk).update(**fields)

    assert take_turns(sales_team, 2) == [owner, owner]


def test_nobody_available_gives_nobody(sales_team: Team, other_team_sdr: User) -> None:
    assert take_turns(sales_team, 2) == []


def test_the_first_rule_whose_conditions_hold_decides(sales_team: Team, other_team: Team) -> None:
    spain = build_routing(other_team, position=1, conditions=[{"field": "country", "op": "is", "value": "Spain"}])
    rest = build_routing(sales_team, position=2)
    build_routing(other_team, position=0, is_active=False)
    spanish, polish, early = build_lead("mql", country="Spain"), build_lead("mql"), build_lead("lead")

    assert match_rules([spanish.pk, polish.pk, early.pk]) == {spanish.pk: spain, polish.pk: rest}


def test_the_sdr_who_has_the_lead_keeps_it(sales_team: Team, owner: User, colleague: User) -> None:
    rule = build_routing(sales_team)
    theirs, new = build_lead("mql", owner=colleague), build_lead("mql")

    routes = route({theirs.pk: rule, new.pk: rule})

    assert (routes[theirs.pk].owner, routes[theirs.pk].why) == (colleague, Handoff.Why.KEPT)
    assert (routes[new.pk].owner, routes[new.pk].why) == (owner, Handoff.Why.NEXT)


def test_an_owner_who_is_away_loses_it_to_the_next(sales_team: Team, owner: User, colleague: User) -> None:
    rule = build_routing(sales_team)
    type(colleague).objects.filter(pk=colleague.pk).update(takes_leads=False)
    lead = build_lead("mql", owner=colleague)

    assert route({lead.pk: rule})[lead.pk].owner == owner
