"""Scoring: windows to the microsecond, caps, counts, exclusions, decisive acts, thresholds, and who is left alone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from leads.models import Company, CustomField, Lead, LifecycleStage
from scoring.models import Icp, LeadScore, Persona, ScoringModel
from scoring.services.score import score_leads
from tests.cast import NOW, MakeLead
from tests.scoring.build import a_model, a_rule, a_threshold, condition, happened, score_of

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def model(db: None) -> ScoringModel:
    return a_model()


def total(lead: Lead) -> Any:
    score_leads(lead_ids=[lead.pk], now=NOW)
    return score_of(lead).total


@pytest.mark.parametrize(("age", "points"), [(30 * DAY - INSTANT, 5), (30 * DAY, 5), (30 * DAY + INSTANT, 0)])
def test_a_window_ends_after_its_last_instant(
    model: ScoringModel, make_lead: MakeLead, age: timedelta, points: int
) -> None:
    a_rule(model, points=5, event="page_viewed", window_days=30)
    lead = make_lead()
    happened(lead, "page_viewed", NOW - age)
    assert total(lead) == points


@pytest.mark.parametrize(
    ("age", "points"),
    [(timedelta(0), "10.00"), (14 * DAY, "5.00"), (28 * DAY, "2.50"), (7 * DAY, "7.07"), (3000 * DAY, "0.00")],
)
def test_points_halve_with_every_half_life(
    model: ScoringModel, make_lead: MakeLead, age: timedelta, points: str
) -> None:
    a_rule(model, points=10, event="page_viewed", half_life_days=14)
    lead = make_lead()
    happened(lead, "page_viewed", NOW - age)
    assert total(lead) == Decimal(points)


@pytest.mark.parametrize(("ahead", "points"), [(timedelta(minutes=5), 5), (timedelta(minutes=5) + INSTANT, 0)])
def test_another_systems_clock_may_be_a_little_ahead(
    model: ScoringModel, make_lead: MakeLead, ahead: timedelta, points: int
) -> None:
    a_rule(model, points=5, event="page_viewed", half_life_days=1)
    lead = make_lead()
    happened(lead, "page_viewed", NOW + ahead)
    assert total(lead) == points


@pytest.mark.parametrize(("after", "points"), [(timedelta(0), 0), (INSTANT, 5)])
def test_a_returned_lead_does_not_bounce_on_its_old_behaviour(
    model: ScoringModel, make_lead: MakeLead, after: timedelta, points: int
) -> None:
    a_rule(model, points=5, event="pricing_viewed")
    a_rule(model, effect="decisive", event="demo_requested", to="mql")
    a_threshold(model, "mql", min_total=5)
    lead = make_lead(behaviour_from=NOW - DAY)
    happened(lead, "demo_requested", NOW - 2 * DAY)
    happened(lead, "pricing_viewed", NOW - DAY + after)
    assert total(lead) == points
    assert (score_of(lead).target_stage is not None) == (points == 5)
    assert score_of(lead).decided_by is None


def test_a_rule_counts_from_its_least_number_of_events_on(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, points=4, event="page_viewed", min_count=3)
    two, three = make_lead(), make_lead()
    for lead, times in ((two, 2), (three, 3)):
        for _ in range(times):
            happened(lead, "page_viewed", NOW - DAY)
    assert (total(two), total(three)) == (0, 12)


@pytest.mark.parametrize(("points", "expected"), [(30, 50), (-30, -50)])
def test_a_cap_holds_on_both_sides_of_zero(
    model: ScoringModel, make_lead: MakeLead, points: int, expected: int
) -> None:
    a_rule(model, points=points, event="page_viewed", cap=50)
    lead = make_lead()
    for _ in range(2):
        happened(lead, "page_viewed", NOW - DAY)
    assert total(lead) == expected


def test_no_number_of_events_breaks_the_score(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, points=32_767, event="page_viewed")
    a_rule(model, points=-32_768, event="page_viewed", half_life_days=7, part="intent")
    lead = make_lead()
    for _ in range(5):
        happened(lead, "page_viewed", NOW)
    assert total(lead) == 0
    assert (score_of(lead).engagement, score_of(lead).intent) == (100_000, -100_000)


def test_negative_points_take_away(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, points=10, conditions=[condition("country", "is", "Spain")])
    a_rule(model, points=-15, event="unsubscribed")
    lead = make_lead(country="Spain")
    happened(lead, "unsubscribed", NOW - DAY)
    assert total(lead) == -5
    assert (score_of(lead).fit, score_of(lead).engagement) == (10, -15)


def test_an_event_rule_may_ask_who_the_lead_is_and_what_the_event_carried(
    model: ScoringModel, make_lead: MakeLead
) -> None:
    a_rule(
        model,
        points=7,
        event="page_viewed",
        conditions=[condition("country", "is", "Spain")],
        event_conditions=[condition("properties.page", "contains", "price")],
    )
    spain, poland = make_lead(country="Spain"), make_lead(country="Poland")
    for lead in (spain, poland):
        happened(lead, "page_viewed", page="/prices")
        happened(lead, "page_viewed", page="/about")
    assert (total(spain), total(poland)) == (7, 0)


def test_an_exclusion_keeps_a_lead_where_it_is_whatever_its_score(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, points=90, conditions=[condition("country", "is_set")])
    a_rule(model, effect="decisive", event="demo_requested", to="sql")
    student = a_rule(model, effect="exclusion", conditions=[condition("job_title", "is", "student")])
    a_rule(model, effect="exclusion", conditions=[condition("country", "is_set")])
    a_threshold(model, "mql", min_total=50)
    lead = make_lead(country="Spain", job_title="Student")
    happened(lead, "demo_requested")
    assert total(lead) == 90
    score = score_of(lead)
    assert (score.excluded_by, score.decided_by, score.target_stage) == (student, None, None)


def test_a_decisive_act_moves_straight_to_its_stage(model: ScoringModel, make_lead: MakeLead) -> None:
    demo = a_rule(model, effect="decisive", event="demo_requested", to="sql", window_days=30)
    a_rule(model, effect="decisive", event="page_viewed", to="mql")
    lead = make_lead()
    happened(lead, "page_viewed")
    happened(lead, "demo_requested", NOW - 30 * DAY)
    score_leads(lead_ids=[lead.pk], now=NOW)
    assert (score_of(lead).decided_by, score_of(lead).target_stage) == (demo, LifecycleStage.objects.get(key="sql"))
    score_leads(lead_ids=[lead.pk], now=NOW + INSTANT)
    assert score_of(lead).target_stage == LifecycleStage.objects.get(key="mql")


@pytest.mark.parametrize(
    ("fit", "intent", "stage"), [(9, 50, None), (10, 29, None), (10, 30, "mql"), (40, 40, "sql"), (80, 0, "sql")]
)
def test_every_limit_of_a_threshold_must_be_reached_and_the_highest_stage_wins(
    model: ScoringModel, make_lead: MakeLead, fit: int, intent: int, stage: str | None
) -> None:
    known = [condition("country", "is_set")]
    a_rule(model, points=fit, conditions=known)
    if intent:
        a_rule(model, points=intent, conditions=known, part="intent")
    a_threshold(model, "sql", min_total=80)
    a_threshold(model, "mql", min_fit=10, min_intent=30)
    lead = make_lead(country="Spain")
    score_leads(lead_ids=[lead.pk], now=NOW)
    target = score_of(lead).target_stage
    assert (target.key if target else None) == stage


def test_profile_and_persona_are_named(model: ScoringModel, make_lead: MakeLead) -> None:
    small, large = (Icp.objects.create(name=name) for name in ("Small", "Large"))
    boss, anybody = (
        Persona.objects.create(name=name, conditions=[condition("job_title", "is_set")]) for name in ("Boss", "Anybody")
    )
    a_rule(model, points=5, conditions=[condition("company.employees", "gte", 1)], icp=small)
    a_rule(model, points=4, conditions=[condition("company.employees", "gte", 100)], icp=large)
    a_rule(model, points=1, conditions=[condition("company.country", "is", "Spain")], icp=large)
    a_rule(model, points=6, conditions=[condition("job_title", "contains", "head")], persona=boss)
    a_rule(model, points=3, conditions=[condition("job_title", "is_set")], persona=anybody)
    firms = [Company.objects.create(name=f"Firm {size}", employees=size, country="Spain") for size in (20, 200)]
    leads = [make_lead(company=firms[0], job_title="Buyer"), make_lead(company=firms[1], job_title="Head of IT")]
    nobody = make_lead(job_title="")
    score_leads(lead_ids=None, now=NOW)
    assert [(score_of(lead).icp, score_of(lead).persona, score_of(lead).total) for lead in (*leads, nobody)] == [
        (small, anybody, 9),
        (small, boss, 16),
        (None, None, 0),
    ]


def test_of_equal_profiles_the_first_is_named(model: ScoringModel, make_lead: MakeLead) -> None:
    for name in ("First", "Second"):
        a_rule(model, points=5, conditions=[condition("country", "is_set")], icp=Icp.objects.create(name=name))
    lead = make_lead(country="Spain")
    total(lead)
    assert str(score_of(lead).icp) == "First"


@pytest.mark.django_db
def test_without_a_published_model_nothing_is_scored(make_lead: MakeLead) -> None:
    a_rule(a_model("draft"), points=5, conditions=[condition("country", "is_set")])
    assert score_leads(lead_ids=[make_lead(country="Spain").pk], now=NOW) == 0
    assert score_leads(lead_ids=None, now=NOW) == 0
    assert not LeadScore.objects.exists()


def test_rules_that_are_switched_off_give_nothing(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, points=5, conditions=[condition("country", "is_set")])
    a_rule(model, points=7, conditions=[condition("country", "is_set")], is_active=False)
    assert total(make_lead(country="Spain")) == 5


def test_a_model_without_any_rule_gives_zero(model: ScoringModel, make_lead: MakeLead) -> None:
    lead = make_lead()
    assert total(lead) == 0
    assert score_of(lead).breakdown == {}


def test_one_broken_rule_does_not_stop_the_others(
    model: ScoringModel, make_lead: MakeLead, caplog: pytest.LogCaptureFixture
) -> None:
    field = CustomField.objects.create(key="budget", name="Budget", kind="number")
    broken = a_rule(model, points=5, conditions=[condition("custom.budget", "gt", 1)])
    a_rule(model, points=3, conditions=[condition("country", "is_set")])
    lead = make_lead(country="Spain", custom={"budget": 5})
    assert total(lead) == 8
    field.delete()
    assert total(lead) == 3
    assert f"Rule {broken.pk} of Scoring 1 holds for nobody: There is no field “custom.budget”." in caplog.text


def test_scores_follow_the_order_of_the_stages(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, points=90, conditions=[condition("country", "is_set")])
    a_threshold(model, "mql", min_total=50)
    a_threshold(model, "sql", min_total=50)
    lead = make_lead(country="Spain")
    total(lead)
    assert str(score_of(lead).target_stage) == "Sales qualified lead (SQL)"
    LifecycleStage.objects.filter(key="mql").update(position=900)
    total(lead)
    assert str(score_of(lead).target_stage) == "Marketing qualified lead (MQL)"


def test_a_score_that_was_computed_later_stays(model: ScoringModel, make_lead: MakeLead) -> None:
    a_rule(model, points=5, event="page_viewed")
    lead = make_lead()
    happened(lead, "page_viewed", NOW)
    assert score_leads(lead_ids=[lead.pk], now=NOW) == 1
    assert score_leads(lead_ids=[lead.pk], now=NOW - DAY) == 0
    assert (score_of(lead).total, score_of(lead).scored_at) == (5, NOW)


def test_a_full_run_goes_through_every_range(
    model: ScoringModel, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.services.score.RANGE", 2)
    a_rule(model, points=5, event="page_viewed")
    leads = [make_lead() for _ in range(5)]
    leads[2].delete()
    for lead in (leads[0], leads[4]):
        happened(lead, "page_viewed")
    assert score_leads(lead_ids=None, now=NOW) == 4
    totals = dict(LeadScore.objects.values_list("lead", "total"))
    assert totals == {leads[0].pk: 5, leads[1].pk: 0, leads[3].pk: 0, leads[4].pk: 5}
    LeadScore.objects.all().delete()
    assert score_leads(lead_ids=[*totals, *totals, 10**12], now=NOW) == 4
    assert dict(LeadScore.objects.values_list("lead", "total")) == totals


def test_more_than_ninety_rules_fit(model: ScoringModel, make_lead: MakeLead) -> None:
    rules = [a_rule(model, points=1, conditions=[condition("country", "is_not", f"x{n}")]) for n in range(185)]
    lead = make_lead(country="Spain")
    assert total(lead) == 185
    assert score_of(lead).breakdown == {str(rule.pk): 1.0 for rule in rules}


def test_scoring_takes_the_same_queries_however_many_leads(
    model: ScoringModel, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    a_rule(model, points=5, event="page_viewed")
    ids = [make_lead().pk for _ in range(20)]
    score_leads(lead_ids=ids[:1], now=NOW)
    for some in (ids[:1], ids):
        with django_assert_num_queries(4):  # the model, the custom fields, the stages; the scores
            score_leads(lead_ids=some, now=NOW + INSTANT)
