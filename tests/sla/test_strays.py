"""Leads that qualified before there was a rule to hand them over: shown, and handed over by an act of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leads.models import StageChange
from leads.services.queue import mark_changed
from leads.services.stages import StageMove, move_stages
from sla import flow
from sla.models import Handoff
from sla.services.handoffs import hand_over_strays, strays
from tests.cast import build_lead
from tests.sla.build import build_model, build_routing

if TYPE_CHECKING:
    from datetime import datetime

    from django.test import Client

    from leads.models import Lead
    from people.models import Team, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def stray(owner: User, now: datetime) -> Lead:
    build_model()
    lead = build_lead(country="Spain")
    mark_changed(lead_ids=[lead.pk], now=now)
    flow.run(now=now)
    assert not Handoff.objects.exists()
    return lead


def test_a_rule_alone_moves_nothing_but_shows_them(stray: Lead, sales_team: Team, now: datetime) -> None:
    assert not strays().exists()
    build_routing(sales_team)

    assert list(strays()) == [stray]
    assert flow.run(now=now).handed_off == 0


def test_handing_them_over_gives_each_an_owner_once(stray: Lead, owner: User, sales_team: Team, now: datetime) -> None:
    build_routing(sales_team)

    assert hand_over_strays(now=now) == 1
    assert flow.run(now=now).handed_off == 1
    assert Handoff.objects.get().owner == owner
    assert hand_over_strays(now=now) == 0


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"conditions": [{"field": "country", "op": "is", "value": "Poland"}]}]
)
def test_a_rule_that_does_not_fit_makes_no_strays(stray: Lead, sales_team: Team, fields: dict[str, object]) -> None:
    build_routing(sales_team, **fields)

    assert not strays().exists()


def test_imported_and_disqualified_leads_are_nobodys_business(sales_team: Team, now: datetime) -> None:
    build_routing(sales_team)
    imported, closed = build_lead("lead"), build_lead("lead", status="disqualified")
    mql = build_lead("mql").stage
    move_stages(moves=[StageMove(imported.pk, mql.pk, StageChange.Reason.IMPORTED)], now=now)
    move_stages(moves=[StageMove(closed.pk, mql.pk, StageChange.Reason.THRESHOLD)], now=now)

    assert not strays().exists()


def test_a_manager_sees_the_number_and_hands_them_over(
    stray: Lead, sales_team: Team, manager: User, client: Client, now: datetime
) -> None:
    build_routing(sales_team)
    client.force_login(manager)
    assert b'hx-get="/routing/strays/alert/"' in client.get("/routing/").content
    assert b"1 lead qualified before" in client.get("/routing/strays/alert/").content

    answer = client.post("/routing/strays/", follow=True)

    assert b"1 lead is being handed over" in answer.content
    assert flow.run(now=now).handed_off == 1
    assert not client.get("/routing/strays/alert/").content.strip()


def test_who_may_not_hand_over_is_not_asked_to_wait_for_the_number(client: Client, owner: User) -> None:
    client.force_login(owner)

    assert b"/routing/strays/" not in client.get("/routing/").content
