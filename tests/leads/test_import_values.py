from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from leads.imports import values
from leads.imports.mapping import Column
from leads.imports.values import BadValueError

COLUMN = Column("X", "x", yes=frozenset({"yes", "sí"}), no=frozenset({"no"}), time_zone=ZoneInfo("Europe/Madrid"))
COMMA = replace(COLUMN, decimal=",")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12", "12"),
        (" -5 ", "-5"),
        ("1234.50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("$1,000", "1000"),
        ("-$5", "-5"),
        ("1 000 EUR", "1000"),
        ("€ 9", "9"),
        (".5", "0.5"),
        ("4.41234E+11", "441234000000"),
        ("1'000", "1000"),
    ],
)
def test_numbers(cell: str, number: str) -> None:
    assert values.number(cell, COLUMN) == Decimal(number)


@pytest.mark.parametrize(("cell", "number"), [("1234,50", "1234.50"), ("1.234,50", "1234.50"), ("0,1", "0.1")])
def test_numbers_with_a_decimal_comma(cell: str, number: str) -> None:
    assert values.number(cell, COMMA) == Decimal(number)


@pytest.mark.parametrize(
    "cell", ["", "-", ".", "abc", "1,23", "1,2345", "12 apples", "#REF!", "NaN", "Infinity", "1e999"]
)
def test_no_numbers(cell: str) -> None:
    with pytest.raises(BadValueError):
        values.number(cell, COLUMN)


@pytest.mark.parametrize("cell", ["1234.50", "1,234.5", "12.34"])
def test_no_numbers_with_a_decimal_comma(cell: str) -> None:
    with pytest.raises(BadValueError):
        values.number(cell, COMMA)


@pytest.mark.parametrize("cell", ["1.5", "-1", "3000000000"])
def test_no_whole_numbers(cell: str) -> None:
    with pytest.raises(BadValueError):
        values.whole(cell, COLUMN)


@pytest.mark.parametrize(
    ("cell", "formats", "moment"),
    [
        ("2026-01-02", (), datetime(2026, 1, 1, 23, tzinfo=UTC)),
        ("2026-07-02 10:00", (), datetime(2026, 7, 2, 8, tzinfo=UTC)),
        ("2026-07-02T10:00:30Z", (), datetime(2026, 7, 2, 10, 0, 30, tzinfo=UTC)),
        ("2026-07-02T10:00:00.000-03:00", (), datetime(2026, 7, 2, 13, tzinfo=UTC)),
        ("15 Apr, 2021 00:03:00", ("%d %b, %Y %H:%M:%S",), datetime(2021, 4, 14, 22, 3, tzinfo=UTC)),
        ("07/15/2009 02:14:45+0800", ("%m/%d/%Y %H:%M:%S%z",), datetime(2009, 7, 14, 18, 14, 45, tzinfo=UTC)),
        ("2024-03-31 02:30", (), datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),  # skipped by daylight saving
        ("2024-10-27 02:30", (), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # happens twice: the first
    ],
)
def test_moments(cell: str, formats: tuple[str, ...], moment: datetime) -> None:
    assert values.moment(cell, replace(COLUMN, formats=formats)) == moment


@pytest.mark.parametrize("cell", ["soon", "2024-13-01", "2023-02-29", "01/02/2024", "45292", "0000-00-00"])
def test_no_moments(cell: str) -> None:
    with pytest.raises(BadValueError):
        values.moment(cell, COLUMN)


@pytest.mark.parametrize("cell", ["0001-01-01", "01/01/0001", "31/12/1899", "9999-12-31T23:59-14:00"])
def test_a_moment_out_of_all_time_is_said(cell: str) -> None:
    with pytest.raises(BadValueError, match=r"too long ago|is no date"):
        values.moment(cell, replace(COLUMN, formats=("%d/%m/%Y",)))


def test_a_day_keeps_its_date_whatever_the_zone() -> None:
    assert values.day("2026-01-02T23:59:00-11:00", COLUMN) == date(2026, 1, 2)


@pytest.mark.parametrize(("cell", "answer"), [("YES", True), (" sí ", True), ("No", False)])
def test_yes_and_no(cell: str, answer: bool) -> None:
    assert values.yes_no(cell, COLUMN) is answer


@pytest.mark.parametrize(
    ("cell", "address"),
    [(" ANNA@Example.SE ", "anna@example.se"), ("\u200bzwsp@example.com", "zwsp@example.com")],
)
def test_addresses(cell: str, address: str) -> None:
    assert values.email(cell) == address


@pytest.mark.parametrize("cell", ["a b@example.com", "a@b", "a@@example.com", "x" * 300 + "@example.com"])
def test_no_addresses(cell: str) -> None:
    with pytest.raises(BadValueError):
        values.email(cell)


def test_a_column_whose_dates_are_described_is_not_asked_to_be_described() -> None:
    told = replace(COLUMN, formats=("%d.%m.%Y",))

    with pytest.raises(BadValueError, match="no date") as described:
        values.moment("31.02.2026", told)
    with pytest.raises(BadValueError, match="Day or month first"):
        values.moment("31.02.2026", COLUMN)
    assert "Day or month first" not in str(described.value)
