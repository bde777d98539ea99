"""A lead that qualifies but may not move says so, instead of being tried again in silence."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import ForbiddenMove, LifecycleStage, StageChange
from leads.services.lists import forbid_moves
from leads.services.queue import mark_changed
from people.models import Team, User
from sla import flow
from sla.heldback import held_back, leads_held_back
from tests.cast import NOW, MakeLead
from tests.sla.build import build_model, build_routing

LEAD, MQL = "lead", "mql"


@pytest.fixture
def stages(sales_team: Team) -> dict[str, LifecycleStage]:
    build_model()
    build_routing(sales_team)
    found = {stage.key: stage for stage in LifecycleStage.objects.all()}
    ForbiddenMove.objects.create(from_stage=found[LEAD], to_stage=found[MQL])
    return found


def test_the_page_of_the_lead_and_of_the_system_say_so(
    stages: dict[str, LifecycleStage], make_lead: MakeLead, administrator: User, client: Client
) -> None:
    lead, free = make_lead(LEAD, country="Spain"), make_lead("subscriber", country="Spain")
    mark_changed(lead_ids=[lead.pk, free.pk], now=NOW)
    assert flow.run(now=NOW).moved == 1
    assert flow.run(now=NOW).drained == 0
    why = "Qualifies for “Marketing qualified lead (MQL)”. A lead in “Lead” cannot move to “Marketing"
    assert held_back(lead).startswith(why)
    client.force_login(administrator)
    for page in (f"{reverse('lead-live', args=[lead.pk])}?part=score", reverse("system")):
        assert why in client.get(page).content.decode()
    score = client.get(f"{reverse('lead-live', args=[free.pk])}?part=score")
    assert "Qualifies for" not in score.content.decode()


def test_a_move_that_is_allowed_again_is_made(stages: dict[str, LifecycleStage], make_lead: MakeLead) -> None:
    lead = make_lead(LEAD, country="Spain")
    mark_changed(lead_ids=[lead.pk], now=NOW)
    flow.run(now=NOW)
    forbid_moves(forbidden=set(), among=[stage.pk for stage in stages.values()], now=NOW)
    assert flow.run(now=NOW).moved == 1
    assert StageChange.objects.filter(lead=lead, to_stage=stages[MQL]).exists()


def test_nobody_is_held_back_by_nothing(
    make_lead: MakeLead, administrator: User, other_team_sdr: User, stages: dict[str, LifecycleStage]
) -> None:
    lead = make_lead(LEAD, country="Spain")
    mark_changed(lead_ids=[lead.pk], now=NOW)
    flow.run(now=NOW)
    assert leads_held_back(other_team_sdr) == []
    assert len(leads_held_back(administrator)) == 1
    ForbiddenMove.objects.all().delete()
    assert leads_held_back(administrator) == []


def test_a_ban_on_going_back_looks_at_no_lead(
    administrator: User, stages: dict[str, LifecycleStage], django_assert_num_queries: Any
) -> None:
    ForbiddenMove.objects.all().delete()
    ForbiddenMove.objects.create(from_stage=stages[MQL], to_stage=stages[LEAD])
    with django_assert_num_queries(2):
        assert leads_held_back(administrator) == []
