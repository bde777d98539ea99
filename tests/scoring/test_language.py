"""The language of conditions: what it takes, how it types it, and what it says of the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.language import MAX_CONDITIONS, OPERATORS, ConditionError, FieldType, Kind, Op, check, parse

FIELDS = {
    "country": FieldType(Kind.TEXT, "Country"),
    "employees": FieldType(Kind.NUMBER, "Employees"),
    "since": FieldType(Kind.DATE, "Customer since"),
    "vip": FieldType(Kind.BOOLEAN, "VIP"),
    "status": FieldType(Kind.CHOICE, "Status", {"new": "New", "sql": "Sales qualified"}),
    "properties.pages": FieldType(Kind.OPEN, "pages"),
}


def row(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("given_row", "value", "stored"),
    [
        (row("country", "is", " Spain "), "Spain", "Spain"),
        (
            row("country", "in", "Spain, Poland;Spain\nBrazil,"),
            ("Spain", "Poland", "Brazil"),
            ["Spain", "Poland", "Brazil"],
        ),
        (row("country", "in", ["Korea, Republic of"]), ("Korea, Republic of",), ["Korea, Republic of"]),
        (row("employees", "gte", "250"), Decimal(250), 250),
        (row("employees", "lt", "\N{MINUS SIGN}2.50"), Decimal("-2.50"), -2.5),
        (row("employees", "between", "10..50"), (Decimal(10), Decimal(50)), [10, 50]),
        (row("employees", "between", [10, 10]), (Decimal(10), Decimal(10)), [10, 10]),
        (row("since", "gt", "2026-02-28"), date(2026, 2, 28), "2026-02-28"),
        (row("since", "within_last_days", "30"), 30, 30),
        (row("status", "is", "SALES qualified"), "sql", "sql"),
        (row("properties.pages", "gte", 3), Decimal(3), 3),
        (row("properties.pages", "is", 3), "3", "3"),
    ],
)
def test_a_sound_condition_is_typed_and_stored(given_row: dict[str, Any], value: Any, stored: Any) -> None:
    (condition,) = parse([given_row], FIELDS)
    assert condition.value == value
    assert condition.as_dict() == {"field": given_row["field"], "op": given_row["op"], "value": stored}
    assert parse([condition.as_dict()], FIELDS) == [condition]


@pytest.mark.parametrize("op", ["is_set", "is_not_set", "is_true", "is_false"])
def test_some_operators_take_no_value(op: str) -> None:
    (condition,) = parse([row("vip", op, "whatever")], FIELDS)
    assert condition.as_dict() == {"field": "vip", "op": op}


@pytest.mark.parametrize(
    ("bad", "part", "message"),
    [
        ({}, "field", "Choose a field."),
        ("country", "field", "Choose a field."),
        (row("budget", "is", 1), "field", "There is no field “budget”."),
        (row("country", ""), "op", "Choose how to compare."),
        (row("country", "like", "x"), "op", "“like” is no way to compare."),
        (row("country", "gt", "x"), "op", "“gt” does not go with a field of the kind “text”."),
        (row("vip", "is", "yes"), "op", "“is” does not go with a field of the kind “boolean”."),
        (row("country", "is", "  "), "value", "Say what to compare with."),
        (row("country", "in", ", ;"), "value", "Say what to compare with."),
        (row("country", "is", ["a"]), "value", "Give one value."),
        (row("country", "is", {"a": 1}), "value", "“{'a': 1}” is no value to compare with."),
        (row("country", "is", "x" * 501), "value", "A value has at most 500 characters."),
        (row("country", "is", "a\x00b"), "value", "The value contains a character that no text can have."),
        (row("country", "is", "\ud800"), "value", "The value contains a character that no text can have."),
        (row("employees", "gt", "many"), "value", "“many” is not a number."),
        (row("employees", "gt", "1,5"), "value", "“1,5” is not a number."),
        (row("employees", "gt", "NaN"), "value", "“NaN” is not a number."),
        (row("employees", "gt", "1e15"), "value", "“1e15” is too large a number."),
        (row("employees", "gt", True), "value", "“True” is no value to compare with."),
        (
            row("employees", "between", "5"),
            "value",
            "Give two values, the lower and the upper one, separated by a comma.",
        ),
        (row("employees", "between", "5, 1"), "value", "The lower value comes first."),
        (row("since", "is", "31.12.2026"), "value", "“31.12.2026” is not a date such as 2026-11-30."),
        (row("since", "is", "2026-02-30"), "value", "“2026-02-30” is not a date such as 2026-11-30."),
        (row("since", "within_last_days", "0"), "value", "“0” is no number of days."),
        (row("since", "within_last_days", "1.5"), "value", "“1.5” is no number of days."),
        (row("status", "is", "Won"), "value", "“Won” is none of the choices of “Status”: New, Sales qualified."),
    ],
)
def test_an_unsound_condition_says_where_and_why(bad: Any, part: str, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse([row("country", "is", "Spain"), bad], FIELDS)
    assert (caught.value.index, caught.value.part, caught.value.message) == (1, part, message)


def test_every_unsound_row_is_reported_and_the_sound_ones_kept() -> None:
    sound, errors = check([row("budget", "is", 1), row("country", "is_set"), row("vip", "gt", 1)], FIELDS)
    assert [condition.field for condition in sound] == ["country"]
    assert [(error.index, error.part) for error in errors] == [(0, "field"), (2, "op")]


@pytest.mark.parametrize("rows", ["country is Spain", 3, None, {"field": "country"}])
def test_what_is_no_list_is_refused(rows: Any) -> None:
    assert [error.message for error in check(rows, FIELDS)[1]] == ["Conditions are a list."]


def test_too_many_conditions_are_refused() -> None:
    rows = [row("country", "is_set")] * (MAX_CONDITIONS + 1)
    assert check(rows[:-1], FIELDS)[1] == []
    assert [error.message for error in check(rows, FIELDS)[1]] == ["At most 30 conditions fit in one rule."]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(sorted(FIELDS)) | JSON, st.sampled_from(sorted(Op)) | JSON, JSON)
def test_nothing_that_json_can_say_breaks_it(field: Any, op: Any, value: Any) -> None:
    sound, errors = check([{"field": field, "op": op, "value": value}], FIELDS)
    assert len(sound) + len(errors) == 1
    for condition in sound:
        assert parse([condition.as_dict()], FIELDS)[0].op in OPERATORS[FIELDS[field].kind]
