"""A score taken apart: every rule, its fact in words, and a sum that is the score."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from leads.models import Company, CustomField, Lead
from scoring.facts import in_words
from scoring.models import ScoringModel
from scoring.services.explain import explain
from scoring.services.score import score_leads
from tests.cast import NOW, MakeLead
from tests.scoring.build import a_model, a_rule, a_threshold, condition, happened, score_of

DAY = timedelta(days=1)


@pytest.fixture
def model(db: None) -> ScoringModel:
    CustomField.objects.create(key="budget", name="Budget", kind="money")
    model = a_model()
    a_rule(model, "Industry we know", 20, conditions=[condition("company.industry", "in", ["Energy", "Manufacturing"])])
    a_rule(
        model, "Money", 10, conditions=[condition("custom.budget", "gte", 1000), condition("do_not_call", "is_false")]
    )
    a_rule(model, "Country unknown", -3, conditions=[condition("country", "is_not", "Spain")])
    a_rule(model, "Prices", 5, event="pricing_viewed", half_life_days=7, part="intent")
    a_rule(model, "Pages", 4, event="page_viewed", window_days=30, cap=10)
    a_rule(model, "Nothing", 8, event="trial_started")
    a_rule(model, "Asked for a demo", effect="decisive", event="demo_requested", to="sql")
    a_rule(model, "Student", effect="exclusion", conditions=[condition("job_title", "is", "Student")])
    a_threshold(model, "mql", min_total=30)
    return model


@pytest.fixture
def lead(make_lead: MakeLead) -> Lead:
    firm = Company.objects.create(name="Firm", industry="Manufacturing")
    lead = make_lead(company=firm, custom={"budget": 2500.5}, country="")
    for days in (0, 7, 14):
        happened(lead, "pricing_viewed", NOW - days * DAY)
    for days in (1, 2, 3):
        happened(lead, "page_viewed", NOW - days * DAY)
    happened(lead, "demo_requested", NOW - DAY)
    return lead


def test_every_rule_says_its_fact_and_its_points(model: ScoringModel, lead: Lead) -> None:
    explanation = explain(lead_ids=[lead.pk], at=NOW)[lead.pk]
    assert [(line.name, line.part, line.points, line.fact) for line in explanation.lines] == [
        ("Industry we know", "fit", 20, "Industry is Manufacturing"),
        ("Money", "fit", 10, "Budget is 2,500.5; Do not call is no"),
        (
            "Pages",
            "engagement",
            10,
            "3 × Page viewed within 30 days, last on 17 Nov 2026, 09:00 UTC, cut off at 10 points",
        ),
        (
            "Prices",
            "intent",
            Decimal("8.75"),
            "3 × Pricing page viewed, last on 18 Nov 2026, 09:00 UTC, faded from 15 to 8.75 points",
        ),
        ("Country unknown", "fit", -3, "Country is not known"),
    ]
    assert explanation.decided is not None
    assert explanation.decided.fact == "Demo requested on 17 Nov 2026, 09:00 UTC"
    assert explanation.excluded is None


def test_the_parts_add_up_to_the_stored_score(model: ScoringModel, lead: Lead) -> None:
    score_leads(lead_ids=[lead.pk], now=NOW)
    score = score_of(lead)
    explanation = explain(lead_ids=[lead.pk], at=score.scored_at)[lead.pk]
    assert sum(line.points for line in explanation.lines) == explanation.total == score.total == Decimal("45.75")
    for part in ("fit", "engagement", "intent"):
        assert sum(line.points for line in explanation.lines if line.part == part) == getattr(score, part)
    assert explanation.target_stage_id == score.target_stage_id is not None
    assert {str(line.rule_id): float(line.points) for line in explanation.lines} == score.breakdown


def test_an_exclusion_is_explained_and_the_decisive_act_still_told(model: ScoringModel, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(job_title="student")
    explanation = explain(lead_ids=[lead.pk], at=NOW)[lead.pk]
    assert explanation.excluded is not None
    assert (explanation.excluded.name, explanation.excluded.fact) == ("Student", "Job title is student")
    assert explanation.decided is not None
    assert explanation.target_stage_id is None


def test_the_snapshot_is_plain_json_in_english_and_utc(model: ScoringModel, lead: Lead) -> None:
    explanation = explain(lead_ids=[lead.pk], at=NOW)[lead.pk]
    with timezone.override(ZoneInfo("Europe/Madrid")):
        stored = json.loads(json.dumps(explanation.as_json()))
        assert "17 Nov 2026, 10:00 CET" in explanation.lines[2].fact
    assert {name: stored[name] for name in ("model", "fit", "engagement", "intent", "total", "scored_at")} == {
        "model": 1,
        "fit": 27.0,
        "engagement": 10.0,
        "intent": 8.75,
        "total": 45.75,
        "scored_at": "2026-11-18T09:00:00+00:00",
    }
    line = stored["lines"][2]
    assert line["fact"] == "3 × Page viewed within 30 days, last on 17 Nov 2026, 09:00 UTC, cut off at 10 points"
    assert (line["rule"], line["name"], line["part"], line["points"]) == (
        explanation.lines[2].rule_id,
        "Pages",
        "engagement",
        10.0,
    )
    assert in_words(line["facts"]) == line["fact"]
    assert stored["decided"]["name"] == "Asked for a demo"


def test_many_leads_take_as_many_queries_as_one(
    model: ScoringModel, lead: Lead, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    others = [make_lead(country="Poland").pk for _ in range(12)]
    explain(lead_ids=[lead.pk], at=NOW)
    with django_assert_num_queries(6):  # the model, fields, stages; the points; fields again, the values
        one = explain(lead_ids=[lead.pk], at=NOW)
    with django_assert_num_queries(6):
        many = explain(lead_ids=[lead.pk, *others], at=NOW)
    assert many[lead.pk] == one[lead.pk]
    assert set(many) == {lead.pk, *others}
    assert [line.fact for line in many[others[0]].lines] == ["Country is Poland"]


def test_nothing_is_explained_where_nothing_is_published(lead: Lead) -> None:
    assert explain(lead_ids=[lead.pk], at=NOW) == {}


def test_a_draft_can_be_explained_before_it_is_published(model: ScoringModel, lead: Lead) -> None:
    draft = a_model("draft", version=2)
    a_rule(draft, "All of them", 1, conditions=[condition("country", "is_not_set")])
    assert explain(lead_ids=[lead.pk], at=NOW, model=draft)[lead.pk].total == 1
    a_rule(draft, "Once more", 2, conditions=[condition("country", "is_not_set")])
    assert explain(lead_ids=[lead.pk], at=NOW, model=draft)[lead.pk].total == 3
