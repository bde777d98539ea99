"""Working time as tables: what a calendar refuses, the odd nights, the edges, and what it shows."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from sla import calendars
from sla.calendars import (
    ALWAYS,
    DAY_ROUND,
    CalendarError,
    NaiveInstantError,
    NoOpenTimeError,
    OverlapError,
    PeriodError,
    ReachError,
    Span,
    SpanError,
    UnknownZoneError,
    WeekdayError,
    WorkingTime,
    next_in_window,
    zone_named,
)

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Span.parse("09:00", "17:00")
NIGHT = Span.parse("22:00", "06:00")
WEEK = dict.fromkeys(range(5), (OFFICE,))
MONDAY = datetime(2024, 6, 3, 10, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(zone: str, opens: str, closes: str) -> WorkingTime:
    return WorkingTime(ZoneInfo(zone), dict.fromkeys(range(7), (Span.parse(opens, closes),)))


# What is refused


@pytest.mark.parametrize(
    "name", ["", "Europe", "europe/berlin", "CET+1", "../etc/passwd", "Mars/Base", "localtime", "Factory", "a\0b"]
)
def test_unknown_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownZoneError) as refused:
        zone_named(name)
    assert refused.value.params == {"zone": name}


def test_zone_without_a_name_is_refused() -> None:
    header = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    nameless = ZoneInfo.from_file(BytesIO(header + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"))
    with pytest.raises(UnknownZoneError):
        WorkingTime(nameless, WEEK)


@pytest.mark.parametrize("week", [{}, {0: ()}, dict.fromkeys(range(7), ())])
def test_week_without_an_open_hour_is_refused(week: dict[int, tuple[Span, ...]]) -> None:
    with pytest.raises(NoOpenTimeError):
        WorkingTime(BERLIN, week)


def test_a_special_day_alone_is_no_week() -> None:
    with pytest.raises(NoOpenTimeError):
        WorkingTime(BERLIN, {}, special={date(2024, 12, 24): (OFFICE,)})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OFFICE, Span.parse("16:59", "18:00")),
        (OFFICE, OFFICE),
        (NIGHT, Span.parse("23:00", "24:00")),
        (DAY_ROUND, OFFICE),
    ],
)
def test_spans_of_one_day_may_not_overlap(one: Span, other: Span) -> None:
    with pytest.raises(OverlapError) as refused:
        WorkingTime(BERLIN, {2: (one, other)})
    assert refused.value.params["day"] == 2
    with pytest.raises(OverlapError) as refused:
        WorkingTime(BERLIN, WEEK, special={date(2024, 12, 24): (other, one)})
    assert refused.value.params["day"] == date(2024, 12, 24)


def test_weekday_beyond_sunday_is_refused() -> None:
    with pytest.raises(WeekdayError):
        WorkingTime(BERLIN, {7: (OFFICE,)})
    with pytest.raises(WeekdayError):
        next_in_window(MONDAY, zone=BERLIN, weekdays=[9])


@pytest.mark.parametrize("value", ["", "9", "25:00", "24:01", "noon", "09:60", "09:00+02:00"])
def test_time_of_day_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(SpanError, match="is not a time of day"):
        Span.parse(value, "18:00")
    with pytest.raises(SpanError, match="is not a time of day"):
        Span.parse("08:00", value)


def test_only_a_closing_may_be_24_00() -> None:
    assert Span.parse("00:00", "24:00") == DAY_ROUND
    with pytest.raises(SpanError):
        Span.parse("24:00", "08:00")


@pytest.mark.parametrize(
    "ask",
    [
        lambda at: ALWAYS.add(at, 60),
        lambda at: ALWAYS.elapsed(at, MONDAY),
        lambda at: ALWAYS.elapsed(MONDAY, at),
        lambda at: ALWAYS.add(MONDAY, 60, suspended=[(at, at)]),
        ALWAYS.is_open,
        ALWAYS.next_opening,
        ALWAYS.previous_closing,
        lambda at: next_in_window(at, zone=BERLIN),
    ],
)
def test_instant_without_a_zone_is_refused(ask: Callable[[datetime], object]) -> None:
    with pytest.raises(NaiveInstantError):
        ask(MONDAY.replace(tzinfo=None))


def test_pause_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(PeriodError):
        ALWAYS.add(MONDAY, 60, suspended=[(MONDAY, MONDAY - timedelta(seconds=1))])


@pytest.mark.parametrize("error", CalendarError.__subclasses__())
def test_every_error_names_its_kind_and_can_be_translated(error: type[CalendarError]) -> None:
    assert error.code != CalendarError.code
    assert issubclass(error, ValueError)
    assert error.message != CalendarError.message


# Never for ever


def test_search_that_finds_nothing_gives_up() -> None:
    mondays = frozenset(date(2024, 1, 1) + timedelta(weeks=number) for number in range(60 * 52))
    shut = WorkingTime(BERLIN, {0: (OFFICE,)}, mondays)
    with pytest.raises(ReachError):
        shut.next_opening(MONDAY)
    with pytest.raises(ReachError):
        shut.add(MONDAY, 1)
    assert shut.previous_closing(MONDAY) == utc("2023-12-25T16:00")


@pytest.mark.parametrize("amount", [10**10, -(10**10), 10**30, timedelta.max])
def test_duration_beyond_reach_is_said(amount: float | timedelta) -> None:
    with pytest.raises(ReachError):
        WorkingTime(BERLIN, WEEK).add(MONDAY, amount)


@pytest.mark.parametrize("edge", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_edge_of_time_is_said(edge: datetime) -> None:
    working = WorkingTime(BERLIN, WEEK)
    for ask in (working.is_open, working.next_opening, working.previous_closing):
        with pytest.raises(ReachError):
            ask(edge)
    for amount in (1, -1):
        with pytest.raises(ReachError):
            working.add(edge, amount)
    with pytest.raises(ReachError):
        working.elapsed(edge, MONDAY)


# Edges


def test_opening_is_open_and_closing_is_not() -> None:
    working = WorkingTime(BERLIN, WEEK)
    tick = timedelta(microseconds=1)
    opens, closes = utc("2024-06-03T07:00"), utc("2024-06-03T15:00")
    seen = [working.is_open(at) for at in (opens - tick, opens, closes - tick, closes)]
    assert seen == [False, True, True, False]


def test_adding_nothing_moves_nothing() -> None:
    working = WorkingTime(BERLIN, WEEK)
    for at in (utc("2024-06-03T15:00"), utc("2024-06-02T12:00"), utc("2024-06-03T07:00")):
        assert working.add(at, 0) == at


def test_microseconds_are_kept() -> None:
    working = WorkingTime(BERLIN, WEEK)
    start = utc("2024-06-03T14:59:59.999999")
    assert working.add(start, timedelta(microseconds=2)) == utc("2024-06-04T07:00:00.000001")
    assert working.elapsed(start, utc("2024-06-04T07:00:00.000001")) == 0.000002


def test_any_zone_goes_in_and_utc_comes_out() -> None:
    tokyo = utc("2024-06-03T07:30").astimezone(timezone(timedelta(hours=9)))
    end = WorkingTime(BERLIN, WEEK).add(tokyo, 3600)
    assert (end, end.tzinfo) == (utc("2024-06-03T08:30"), UTC)


def test_span_across_the_seam_of_blocks_has_no_edge() -> None:
    """What is computed is kept in blocks of four weeks; a span that crosses a seam is still one."""
    seam = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=28 * 710)
    assert ALWAYS.previous_closing(seam) == seam
    assert ALWAYS.next_opening(seam) == seam
    assert ALWAYS.add(seam - timedelta(hours=1), 7200) == seam + timedelta(hours=1)
    assert ALWAYS.add(seam + timedelta(hours=1), -7200) == seam - timedelta(hours=1)
    assert ALWAYS.add(seam, -60) == seam - timedelta(minutes=1)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("opens", ["00:00", "00:01", "10:00", "12:00", "14:00", "23:59"])
def test_long_shifts_around_a_seam(zone: str, opens: str) -> None:
    """One minute is closed each day, wherever the zone puts it."""
    closes = (datetime.combine(date(2024, 6, 6), Span.parse(opens, opens).opens) - timedelta(minutes=1)).time()
    working = WorkingTime(ZoneInfo(zone), dict.fromkeys(range(7), (Span(Span.parse(opens, opens).opens, closes),)))
    for seam in (utc("2024-05-09T00:00"), utc("2024-06-06T00:00")):
        for hour in range(-72, 72):
            at = seam + timedelta(hours=hour)
            assert working.elapsed(at, at + timedelta(days=1)) == 1439 * 60
            assert working.add(at, 1439 * 60 * 3) - at <= timedelta(days=3)


def test_shift_that_ends_or_begins_with_a_block_stays_on_its_edge() -> None:
    evenings, mornings = daily("UTC", "16:00", "24:00"), daily("UTC", "00:00", "08:00")
    seam = utc("2024-06-06T00:00")
    assert evenings.add(utc("2024-06-05T16:00"), 8 * 3600) == seam
    assert evenings.previous_closing(utc("2024-06-06T16:00")) == seam
    assert mornings.add(utc("2024-06-06T08:00"), -8 * 3600) == seam
    assert mornings.next_opening(utc("2024-06-05T08:00")) == seam
    assert mornings.previous_closing(seam) == utc("2024-06-05T08:00")


def test_pauses_overlap_and_come_in_any_order() -> None:
    hour = timedelta(hours=1)
    pauses = [
        (MONDAY + 3 * hour, MONDAY + 5 * hour),
        (MONDAY + hour, MONDAY + 4 * hour),
        (MONDAY - 9 * hour, MONDAY - hour),
    ]
    assert ALWAYS.add(MONDAY, 2 * hour, suspended=pauses) == MONDAY + 6 * hour
    assert ALWAYS.add(MONDAY, hour, suspended=pauses) == MONDAY + hour
    assert ALWAYS.add(MONDAY + 6 * hour, -2 * hour, suspended=pauses) == MONDAY
    assert ALWAYS.elapsed(MONDAY, MONDAY + 6 * hour, suspended=pauses) == 7200
    assert ALWAYS.elapsed(MONDAY + 6 * hour, MONDAY, suspended=pauses) == -7200


# Days


def test_special_day_outranks_a_holiday_and_the_week() -> None:
    eve, christmas = date(2024, 12, 24), date(2024, 12, 25)
    half = Span.parse("09:00", "12:00")
    working = WorkingTime(BERLIN, WEEK, frozenset({eve, christmas}), {eve: (half,), date(2024, 12, 27): ()})
    assert working.elapsed(utc("2024-12-23T23:00"), utc("2024-12-24T23:00")) == 3 * 3600
    assert working.elapsed(utc("2024-12-24T23:00"), utc("2024-12-25T23:00")) == 0
    assert working.add(utc("2024-12-24T10:00"), 3 * 3600) == utc("2024-12-26T10:00")
    assert working.next_opening(utc("2024-12-27T00:00")) == utc("2024-12-30T08:00")


def test_closing_a_day_closes_its_whole_night_and_no_other() -> None:
    nights = WorkingTime(ZoneInfo("UTC"), dict.fromkeys(range(7), (NIGHT,)), frozenset({date(2024, 6, 4)}))
    assert nights.is_open(utc("2024-06-04T05:59"))
    assert nights.next_opening(utc("2024-06-04T06:00")) == utc("2024-06-05T22:00")
    assert not nights.is_open(utc("2024-06-05T03:00"))


def test_nights_that_run_into_the_next_day_are_not_counted_twice() -> None:
    both = WorkingTime(ZoneInfo("UTC"), {0: (NIGHT,), 1: (Span.parse("05:00", "09:00"),)})
    assert both.elapsed(utc("2024-06-03T22:00"), utc("2024-06-04T09:00")) == 11 * 3600


# What is shown


def test_week_is_seven_rows() -> None:
    lunch = (Span.parse("13:00", "17:30"), Span.parse("09:00", "12:00"))
    rows = WorkingTime(BERLIN, {0: lunch, 4: (NIGHT,)}).describe_week()
    assert [row.weekday for row in rows] == list(range(7))
    assert [str(span) for span in rows[0].spans] == ["09:00–12:00", "13:00–17:30"]
    assert [row.seconds / 3600 for row in rows] == [7.5, 0, 0, 0, 8, 0, 0]
    assert str(DAY_ROUND) == "00:00–24:00"
    assert [span.over_midnight for span in (OFFICE, NIGHT, DAY_ROUND)] == [False, True, False]


def test_days_say_why_they_are_as_they_are() -> None:
    eve = date(2024, 12, 24)
    working = WorkingTime(BERLIN, WEEK, frozenset({date(2024, 12, 25)}), {eve: (Span.parse("09:00", "12:00"),)})
    rows = working.describe_days(eve, 3)
    assert [(row.reason, row.seconds // 3600) for row in rows] == [("special", 3), ("closed", 0), ("week", 8)]
    assert rows[0].day == eve


# As a value


def test_equal_calendars_are_one_value() -> None:
    one = WorkingTime(BERLIN, WEEK, frozenset({date(2024, 5, 1)}))
    same = WorkingTime(ZoneInfo("Europe/Berlin"), {**WEEK, 6: ()}, frozenset({date(2024, 5, 1)}))
    assert one == same
    assert hash(one) == hash(same)
    assert one != WorkingTime(BERLIN, WEEK)
    assert one != "Europe/Berlin"


def test_changing_the_mapping_it_was_made_of_changes_nothing() -> None:
    week = {0: (OFFICE,)}
    working = WorkingTime(BERLIN, week)
    week[1] = (OFFICE,)
    assert not working.is_open(utc("2024-06-04T10:00"))
    with pytest.raises(TypeError):
        working.week[1] = (OFFICE,)  # type: ignore[index]  # that it cannot be done is the point


def test_module_needs_no_django() -> None:
    code = "import sys, sla.calendars; sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    root = Path(calendars.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_ten_thousand_clocks_of_one_moment_take_well_under_a_second() -> None:
    working = WorkingTime(BERLIN, WEEK)
    began = process_time()
    answers = {working.add(MONDAY, timedelta(hours=7 * 24)) for _ in range(10_000)}
    assert process_time() - began < 1
    assert answers == {utc("2024-07-02T10:00")}
