from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import ChangedLead, LifecycleStage, StageChange
from leads.services.stages import StageMove, move_by_hand, move_stages
from people.models import User
from tests.cast import NOW, MakeLead

LATER = NOW + timedelta(hours=1)


def stage(key: str) -> LifecycleStage:
    return LifecycleStage.objects.get(key=key)


def test_move_and_write_from_to_when_why_and_version(make_lead: MakeLead) -> None:
    lead = make_lead("lead")
    move = StageMove(lead.pk, stage("mql").pk, "threshold", "62 points of 50", "Scoring 3")

    (change,) = move_stages(moves=[move], now=LATER)

    lead.refresh_from_db()
    assert (lead.stage.key, lead.stage_since) == ("mql", LATER)
    assert (change.from_stage.key if change.from_stage else "", change.to_stage.key) == ("lead", "mql")
    stored = StageChange.objects.get(lead=lead)
    assert (stored.changed_at, stored.reason, stored.detail) == (LATER, "threshold", "62 points of 50")
    assert stored.version == "Scoring 3"


def test_a_lead_in_its_stage_is_left_alone(make_lead: MakeLead) -> None:
    lead = make_lead("mql")

    assert move_stages(moves=[StageMove(lead.pk, stage("mql").pk, "threshold")], now=LATER) == []

    lead.refresh_from_db()
    assert lead.stage_since == NOW
    assert not StageChange.objects.exists()


def test_many_leads_cost_as_many_statements_as_two(make_lead: MakeLead) -> None:
    def count(leads: int) -> int:
        moves = [StageMove(make_lead().pk, stage("mql").pk, "threshold") for _ in range(leads)]
        with CaptureQueriesContext(connection) as queries:
            assert len(move_stages(moves=moves, now=LATER)) == leads
        return len(queries)

    assert count(20) == count(2)


def test_refuse_two_moves_of_one_lead(make_lead: MakeLead) -> None:
    lead = make_lead()
    moves = [StageMove(lead.pk, stage(key).pk, "threshold") for key in ("mql", "sql")]

    with pytest.raises(ValueError, match="twice"):
        move_stages(moves=moves, now=LATER)


def test_by_hand_says_who_and_why_and_wakes_the_flow(make_lead: MakeLead, manager: User) -> None:
    lead = make_lead("lead")

    move_by_hand(lead=lead, to_stage=stage("mql"), by=manager, reason=" Met at the fair ", now=LATER)

    change = StageChange.objects.get(lead=lead)
    assert (change.by, change.reason, change.detail) == (manager, "by_hand", "Met at the fair")
    assert ChangedLead.objects.filter(lead=lead).count() == 1


def test_by_hand_without_a_reason_is_refused(make_lead: MakeLead, manager: User) -> None:
    lead = make_lead("lead")

    with pytest.raises(ValidationError) as refused:
        move_by_hand(lead=lead, to_stage=stage("mql"), by=manager, reason=" ", now=LATER)

    lead.refresh_from_db()
    assert "stage_reason" in refused.value.message_dict
    assert lead.stage.key == "lead"


def test_by_hand_to_the_same_stage_does_nothing(make_lead: MakeLead, manager: User) -> None:
    lead = make_lead("lead")

    assert move_by_hand(lead=lead, to_stage=stage("lead"), by=manager, reason="x", now=LATER) is None
    assert not ChangedLead.objects.exists()
