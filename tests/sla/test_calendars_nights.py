"""The odd nights: RFC 5545 reads a skipped time with the offset before it, a repeated one as the first."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sla.calendars import Span, WorkingTime, next_in_window

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(zone: str, opens: str, closes: str) -> WorkingTime:
    return WorkingTime(ZoneInfo(zone), dict.fromkeys(range(7), (Span.parse(opens, closes),)))


@pytest.mark.parametrize(
    ("opens", "closes", "first", "last"),
    [
        ("02:30", "03:15", None, None),  # moved to 03:30, after its own end
        ("02:30", "04:00", "2024-03-31T01:30", "2024-03-31T02:00"),
        ("01:00", "02:30", "2024-03-31T00:00", "2024-03-31T01:30"),
        ("02:00", "03:00", None, None),
        ("02:10", "02:50", "2024-03-31T01:10", "2024-03-31T01:50"),
        ("03:00", "04:00", "2024-03-31T01:00", "2024-03-31T02:00"),
    ],
)
def test_spring_night(opens: str, closes: str, first: str | None, last: str | None) -> None:
    working = daily("Europe/Berlin", opens, closes)
    evening, noon = utc("2024-03-30T20:00"), utc("2024-03-31T10:00")
    if first is None or last is None:
        assert working.elapsed(evening, noon) == 0
        return
    assert working.next_opening(evening) == utc(first)
    assert working.previous_closing(noon) == utc(last)
    assert working.elapsed(evening, noon) == (utc(last) - utc(first)).total_seconds()


@pytest.mark.parametrize(
    ("opens", "closes", "first", "last"),
    [
        ("02:30", "04:00", "2024-10-27T00:30", "2024-10-27T03:00"),
        ("01:00", "02:30", "2024-10-26T23:00", "2024-10-27T00:30"),
        ("02:10", "02:50", "2024-10-27T00:10", "2024-10-27T00:50"),
        ("02:00", "03:00", "2024-10-27T00:00", "2024-10-27T02:00"),
    ],
)
def test_autumn_night(opens: str, closes: str, first: str, last: str) -> None:
    working = daily("Europe/Berlin", opens, closes)
    evening, noon = utc("2024-10-26T20:00"), utc("2024-10-27T10:00")
    assert working.next_opening(evening) == utc(first)
    assert working.previous_closing(noon) == utc(last)
    assert working.elapsed(evening, noon) == (utc(last) - utc(first)).total_seconds()


def test_cut_inside_the_skipped_hour_changes_nothing() -> None:
    pieces = (Span.parse("02:30", "03:15"), Span.parse("03:15", "04:00"))
    cut = WorkingTime(BERLIN, dict.fromkeys(range(7), pieces))
    whole = daily("Europe/Berlin", "02:30", "04:00")
    evening, noon = utc("2024-03-30T20:00"), utc("2024-03-31T10:00")
    assert cut.elapsed(evening, noon) == whole.elapsed(evening, noon) == 1800


def test_date_that_never_was_is_closed() -> None:
    """Samoa went from Thursday the 29th of December 2011 to Saturday the 31st."""
    working = daily("Pacific/Apia", "09:00", "17:00")
    thursday_closes = utc("2011-12-30T03:00")
    assert working.next_opening(thursday_closes) == utc("2011-12-30T19:00")
    assert working.elapsed(utc("2011-12-29T10:00"), utc("2011-12-31T10:00")) == 2 * 8 * 3600


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2024-06-07T05:00", "2024-06-07T06:00"),
        ("2024-06-07T07:00", "2024-06-07T07:00"),
        ("2024-06-07T08:00", "2024-06-10T06:00"),
    ],
)
def test_window_on_weekdays(at: str, expected: str) -> None:
    window = Span.parse("08:00", "10:00")
    assert next_in_window(utc(at), zone=BERLIN, weekdays=range(5), window=window) == utc(expected)


def test_without_a_window_the_local_time_is_kept_over_a_change() -> None:
    saturday = utc("2024-03-30T08:00")
    assert next_in_window(saturday, zone=BERLIN, weekdays=[0]) == utc("2024-04-01T07:00")


def test_the_second_two_o_clock_is_not_taken_back_an_hour() -> None:
    second = utc("2024-10-27T01:10")
    assert next_in_window(second, zone=BERLIN) == second
    assert next_in_window(second, zone=BERLIN, window=Span.parse("02:00", "03:00")) == second
