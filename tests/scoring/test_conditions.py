"""Conditions as filters, as errors of a form, and in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from leads.models import Company, CustomField, Lead
from scoring.conditions import event_q, in_words, to_q, validate
from scoring.fields import lead_fields
from scoring.language import OPERATORS, ConditionError, Kind
from tests.cast import NOW, MakeLead
from tests.scoring.build import condition, happened


def found(*conditions: dict[str, Any], at: datetime = NOW) -> set[int]:
    return set(Lead.objects.filter(to_q(conditions, at=at)).values_list("pk", flat=True))


def test_text_is_compared_without_regard_to_case(make_lead: MakeLead) -> None:
    lead = make_lead(city="Żary")
    make_lead(city="Gdynia")
    assert found(condition("city", "is", "ŻARY")) == {lead.pk}
    assert found(condition("city", "contains", "ŻA")) == {lead.pk}


def test_signs_that_mean_something_to_a_pattern_mean_themselves(make_lead: MakeLead) -> None:
    lead = make_lead(job_title="100% {0} %s remote_worker")
    make_lead(job_title="1000 remote-worker")
    assert found(condition("job_title", "contains", "100%")) == {lead.pk}
    assert found(condition("job_title", "contains", "e_w")) == {lead.pk}
    assert found(condition("job_title", "is", "100% {0} %s remote_worker")) == {lead.pk}


def test_a_missing_value_satisfies_only_negations(make_lead: MakeLead) -> None:
    lead = make_lead(company=None, country="")
    for field, ops in (("country", OPERATORS[Kind.TEXT]), ("company.employees", OPERATORS[Kind.NUMBER])):
        values: dict[str, Any] = {"between": [1, 2], "in": [1], "not_in": [1]}
        holding = {op for op in ops if found(condition(field, op, values.get(op, 1))) == {lead.pk}}
        assert holding == {"is_not", "not_in", "is_not_set"}


def test_a_free_mail_address_is_told_from_a_companys(make_lead: MakeLead) -> None:
    free, firm, none = make_lead(email="a@gmail.com"), make_lead(email="a@firm.example"), make_lead(email="")
    assert found(condition("free_mail", "is_true")) == {free.pk}
    assert found(condition("free_mail", "is_false")) == {firm.pk}
    assert found(condition("free_mail", "is_not_set")) == {none.pk}
    assert found(condition("email_domain", "is", "firm.example")) == {firm.pk}


def test_days_end_at_midnight_utc(make_lead: MakeLead) -> None:
    midnight = NOW.replace(hour=0)
    before, after = make_lead(captured_at=midnight - timedelta(microseconds=1)), make_lead(captured_at=midnight)
    today = NOW.date().isoformat()
    assert found(condition("captured_at", "is", today)) == {after.pk}
    assert found(condition("captured_at", "lt", today)) == {before.pk}
    a_week_later = NOW + timedelta(days=7)
    assert found(condition("captured_at", "within_last_days", 7), at=a_week_later) == {after.pk}
    assert found(condition("captured_at", "older_than_days", 7), at=a_week_later) == {before.pk}


def test_without_a_moment_the_databases_clock_counts(make_lead: MakeLead) -> None:
    make_lead(captured_at=NOW - timedelta(days=4000))
    old = Lead.objects.filter(to_q([condition("captured_at", "older_than_days", 30)]))
    assert old.count() == 1


def test_custom_fields_are_compared_as_their_kind_says(make_lead: MakeLead) -> None:
    CustomField.objects.create(key="budget", name="Budget", kind="money")
    CustomField.objects.create(key="plan", name="Plan", kind="choice", choices=["Basic", "Pro"])
    nine, ten = make_lead(custom={"budget": 9.5, "plan": "Pro"}), make_lead(custom={"budget": 10})
    make_lead(custom={"budget": "lots", "plan": ""})
    assert found(condition("custom.budget", "lt", 10)) == {nine.pk}
    assert found(condition("custom.budget", "gte", "9.5")) == {nine.pk, ten.pk}
    assert found(condition("custom.plan", "is", "Pro")) == {nine.pk}


def test_conditions_on_company_and_source_join_them(make_lead: MakeLead) -> None:
    firm = Company.objects.create(name="Firm", industry="Energy", employees=300)
    lead = make_lead(company=firm, source="Fair")
    make_lead(source="Fair")
    both = (condition("company.industry", "is", "energy"), condition("source", "is", "fair"))
    assert found(*both, condition("company.employees", "between", [300, 301])) == {lead.pk}


def test_no_condition_holds_for_everybody(make_lead: MakeLead) -> None:
    leads = {make_lead().pk, make_lead().pk}
    assert found() == leads


def test_a_property_is_read_as_the_operator_wants(make_lead: MakeLead) -> None:
    lead = make_lead()
    events = {pages: happened(lead, "page_viewed", pages=pages) for pages in (3, "12", "many", True)}
    at_least = lead.events.filter(event_q([condition("properties.pages", "gte", 3)]))
    assert {event.pk for event in at_least} == {events[3].pk, events["12"].pk}
    assert lead.events.filter(event_q([condition("properties.pages", "is", "MANY")])).get() == events["many"]
    assert lead.events.filter(event_q([condition("properties.pages", "is_true")])).get() == events[True]
    assert not lead.events.filter(event_q([condition("properties.123", "is", "x")])).exists()


@pytest.mark.django_db
def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConditionError, match=r"There is no field “custom\.nothing”"):
        to_q([condition("custom.nothing", "is", 1)])
    with pytest.raises(ConditionError, match="There is no field “country”"):
        event_q([condition("country", "is", "Spain")])


@pytest.mark.django_db
def test_every_row_has_its_own_error() -> None:
    rows = [condition("country", "is", " Spain "), condition("nothing", "is", 1), condition("status", "gt", 1)]
    with pytest.raises(ValidationError) as caught:
        validate(rows)
    assert [(error.params["index"], error.params["part"]) for error in caught.value.error_list if error.params] == [
        (1, "field"),
        (2, "op"),
    ]
    assert caught.value.messages[1] == "“is more than” does not go with a field of the kind “choice”."
    assert validate(rows[:1]) == [{"field": "country", "op": "is", "value": "Spain"}]
    assert validate([condition("properties.x", "is_set")], of_event=True) == [{"field": "properties.x", "op": "is_set"}]


@pytest.mark.django_db
def test_conditions_read_like_sentences() -> None:
    rows = [
        condition("company.industry", "in", ["Energy", "Retail"]),
        condition("company.employees", "between", [50, 5000]),
        condition("status", "is", "new"),
        condition("captured_at", "gte", "2026-01-01"),
        condition("captured_at", "within_last_days", 30),
        condition("do_not_call", "is_true"),
        condition("nothing", "is", 1),
    ]
    with translation.override("en"):
        assert in_words(rows) == [
            "Industry is one of Energy, Retail",
            "Employees is between 50 and 5,000",
            "Status is New",
            "Captured on is on or after 2026-01-01",
            "Captured on is within the last 30 days",
            "Do not call is yes",
            "There is no field “nothing”.",
        ]


@pytest.mark.django_db
def test_every_field_can_be_asked_in_every_way(django_assert_max_num_queries: Any) -> None:
    for kind in CustomField.Kind.values:
        CustomField.objects.create(key=f"a_{kind}", name=kind, kind=kind, choices=["x"])
    values: dict[Kind, Any] = {Kind.NUMBER: 1, Kind.DATE: "2026-01-01"}
    fields = lead_fields()
    asked = 0
    with django_assert_max_num_queries(400):
        for name, field in fields.items():
            for op in OPERATORS[field.kind]:
                value = 1 if op.endswith("_days") else values.get(field.kind, "x")
                pair = [value, value] if op == "between" else value
                assert Lead.objects.filter(to_q([condition(name, op, pair)], fields=fields, at=NOW)).count() == 0
                asked += 1
    assert asked > 200
