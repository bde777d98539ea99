"""A program moves a lead: under the name of its key, and only where a move is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from leads.models import ChangedLead, LifecycleStage, StageChange
from leads.services import stages
from leads.services.stages import move_by_key
from tests.cast import NOW, MakeLead


def stage(key: str) -> LifecycleStage:
    return LifecycleStage.objects.get(key=key)


def test_moved_and_scored_anew(make_lead: MakeLead) -> None:
    lead = make_lead("lead")

    change = move_by_key(lead=lead, to_stage=stage("mql"), key="CRM", reason=" Fits \u200b", now=NOW)

    assert change == StageChange.objects.get()
    assert (change.reason, change.by, change.detail) == ("api", None, "API key CRM – Fits")
    assert ChangedLead.objects.get().lead == lead


def test_where_it_is_already_nothing_happens(make_lead: MakeLead) -> None:
    assert move_by_key(lead=make_lead("mql"), to_stage=stage("mql"), key="CRM", reason="", now=NOW) is None
    assert not StageChange.objects.exists()


def test_a_move_that_is_not_allowed_is_refused_at_the_stage(
    make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_of_them(**_moves: Any) -> list[StageChange]:
        return []

    monkeypatch.setattr(stages, "move_stages", none_of_them)
    with pytest.raises(ValidationError) as refused:
        move_by_key(lead=make_lead("lead"), to_stage=stage("customer"), key="CRM", reason="", now=NOW)
    assert list(refused.value.message_dict) == ["stage"]


def test_the_database_wants_to_know_which_program(make_lead: MakeLead) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StageChange.objects.create(lead=make_lead(), to_stage=stage("mql"), changed_at=NOW, reason="api")
