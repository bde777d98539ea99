"""Scores age: who is queued again, and who is left in peace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from leads.models import ChangedLead, Lead
from scoring.models import ScoringModel
from scoring.services.queue import queue_stale
from scoring.services.score import score_leads
from scoring.tasks import refresh_stale
from tests.cast import NOW, MakeLead
from tests.scoring.build import a_model, a_rule, condition, happened, score_of

DAY = timedelta(days=1)


@pytest.fixture
def model(db: None) -> ScoringModel:
    model = a_model()
    a_rule(model, "Country", 5, conditions=[condition("country", "is_set")])
    a_rule(model, "Lasting", 5, event="form_submitted")
    a_rule(model, "Fading", 5, event="page_viewed", half_life_days=7)
    a_rule(model, "Window", 5, event="pricing_viewed", window_days=30)
    a_rule(model, "Demo", effect="decisive", event="demo_requested", to="sql", window_days=30)
    a_rule(model, "Left", effect="exclusion", event="unsubscribed", window_days=30)
    return model


def queued() -> list[int]:
    return list(ChangedLead.objects.order_by("lead").values_list("lead_id", flat=True))


def scored(make_lead: MakeLead, *events: str, **fields: Any) -> Lead:
    lead = make_lead(**fields)
    for event in events:
        happened(lead, event, NOW - DAY)
    score_leads(lead_ids=[lead.pk], now=NOW)
    return lead


@pytest.mark.parametrize("event", ["page_viewed", "pricing_viewed", "demo_requested", "unsubscribed"])
def test_a_score_that_time_changes_is_queued_after_a_day(model: ScoringModel, make_lead: MakeLead, event: str) -> None:
    lead = scored(make_lead, event)
    assert queue_stale(older_than=DAY, now=NOW + DAY - timedelta(microseconds=1)) == 0
    assert queue_stale(older_than=DAY, now=NOW + DAY) == 1
    assert queued() == [lead.pk]


def test_a_score_that_time_does_not_change_is_left_in_peace(model: ScoringModel, make_lead: MakeLead) -> None:
    scored(make_lead, "form_submitted", country="Spain")
    assert queue_stale(older_than=DAY, now=NOW + 100 * DAY) == 0
    assert queued() == []


def test_points_that_are_gone_cannot_age(model: ScoringModel, make_lead: MakeLead) -> None:
    lead = scored(make_lead, "pricing_viewed")
    score_leads(lead_ids=None, now=NOW + 40 * DAY)
    assert score_of(lead).total == 0
    assert queue_stale(older_than=DAY, now=NOW + 50 * DAY) == 0


def test_conditions_about_the_last_days_may_change_for_anybody(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, "New", 5, conditions=[condition("captured_at", "within_last_days", 7)])
    lead = scored(make_lead)
    assert queue_stale(older_than=DAY, now=NOW + 2 * DAY) == 1
    assert queued() == [lead.pk]


def test_a_lead_that_waits_already_is_not_queued_twice(model: ScoringModel, make_lead: MakeLead) -> None:
    lead = scored(make_lead, "page_viewed")
    for _ in range(2):
        queue_stale(older_than=DAY, now=NOW + DAY)
    assert queued() == [lead.pk]


@pytest.mark.django_db
def test_without_a_published_model_nothing_ages() -> None:
    assert queue_stale(older_than=DAY, now=NOW) == 0


def test_the_task_asks_for_scores_older_than_a_day(model: ScoringModel, make_lead: MakeLead) -> None:
    lead = scored(make_lead, "page_viewed")
    with time_machine.travel(NOW + DAY - timedelta(seconds=1), tick=False):
        refresh_stale()
    assert queued() == []
    with time_machine.travel(NOW + DAY, tick=False):
        refresh_stale()
    assert queued() == [lead.pk]
