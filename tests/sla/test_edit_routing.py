"""Changing which team a lead goes to, and seeing whose turn it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import LifecycleStage
from people.models import Team, User
from sla.models import RoutingRule
from sla.services.routing import take_turns
from tests.cast import MakeUser
from tests.forms import rows, send


@pytest.fixture
def editor(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def rule(sales_team: Team) -> RoutingRule:
    return RoutingRule.objects.create(name="Everybody", stage=LifecycleStage.objects.get(key="mql"), team=sales_team)


def test_a_new_rule_comes_last(editor: Client, rule: RoutingRule, other_team: Team) -> None:
    condition = rows("conditions", {"field": "company.employees", "op": "gte", "value": "1000"})
    change = {"name": "Large", "stage": rule.stage_id, "team": other_team.pk, "is_active": "on", **condition}
    assert send(editor, reverse("routing-create"), change).status_code == 302
    first, second = RoutingRule.objects.all()
    assert (first, second.name, second.team) == (rule, "Large", other_team)
    assert second.conditions == [{"field": "company.employees", "op": "gte", "value": 1000}]


def test_a_condition_that_makes_no_sense_is_refused_at_its_field(editor: Client, rule: RoutingRule) -> None:
    url = reverse("routing-edit", args=[rule.pk])
    for row, field in (
        ({"field": "gone", "op": "is", "value": "1"}, "field"),
        ({"field": "country", "op": "gt", "value": "1"}, "op"),
        ({"field": "company.employees", "op": "gt", "value": "many"}, "value"),
        ({"field": "country", "op": "is", "value": ""}, "value"),
        ({"field": "country", "op": "", "value": "x"}, "op"),
        ({"field": "", "op": "is", "value": "x"}, "field"),
    ):
        response = send(editor, url, rows("conditions", row))
        assert (response.status_code, list(response.context["editor"]["conditions"].errors[0])) == (422, [field])
        assert "Please correct the rows that are marked below." in response.content.decode()


def test_an_empty_row_is_no_condition(editor: Client, rule: RoutingRule) -> None:
    send(editor, reverse("routing-edit", args=[rule.pk]), rows("conditions", {"field": "", "op": "", "value": ""}))
    rule.refresh_from_db()
    assert rule.conditions == []


def test_a_marketing_team_gets_no_leads(editor: Client, rule: RoutingRule, marketer: User) -> None:
    response = send(editor, reverse("routing-edit", args=[rule.pk]), {"team": marketer.team_id})
    assert list(response.context["form"].errors) == ["team"]


def test_the_order_is_changed_and_a_rule_removed(editor: Client, rule: RoutingRule) -> None:
    other = RoutingRule.objects.create(name="Other", stage=rule.stage, team=rule.team, position=20)
    editor.post(reverse("routing-move", args=[other.pk]), {"step": "up"})
    assert list(RoutingRule.objects.all()) == [other, rule]
    editor.post(reverse("routing-delete", args=[other.pk]))
    assert list(RoutingRule.objects.all()) == [rule]


def test_whose_turn_it_is_is_who_gets_the_next_lead(
    editor: Client, rule: RoutingRule, owner: User, colleague: User, make_user: MakeUser
) -> None:
    away = make_user("Anna Away", team=rule.team, takes_leads=False)

    def queue() -> Any:
        return next(each for each in editor.get(reverse("routing-list")).context["queues"] if each.team == rule.team)

    assert (queue().available, queue().away) == ([owner, colleague], [away])
    (given,) = take_turns(rule.team, 1)
    assert given == owner
    assert queue().available == [colleague, owner]


def test_nobody_available_is_said(editor: Client, rule: RoutingRule) -> None:
    assert "Nobody is available" in editor.get(reverse("routing-list")).content.decode()
