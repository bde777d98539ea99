"""What must hold for any calendar, zone and night of daylight saving, and agreement with a slow, plain oracle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla.calendars import ALWAYS, Period, Span, WorkingTime

unhurried = settings(deadline=None)  # a shared machine may stall; what is slow is measured by bench
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NIGHTS = [
    ("Europe/Berlin", date(2024, 3, 31)),
    ("Europe/Berlin", date(2024, 10, 27)),
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight does not exist
    ("America/Sao_Paulo", date(2019, 2, 17)),  # the hour before midnight comes twice
    ("Australia/Lord_Howe", date(2024, 4, 7)),  # half an hour
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that does not exist
    ("Africa/Casablanca", date(2024, 3, 10)),  # Ramadan: back, and forth five weeks later
    ("Africa/Cairo", date(2024, 4, 26)),
    ("America/Nuuk", date(2024, 3, 30)),  # late in the evening
    ("Pacific/Chatham", date(2024, 9, 29)),  # +12:45
    ("Asia/Kathmandu", date(2024, 6, 5)),  # +05:45, no change
    ("UTC", date(2024, 2, 29)),
    ("UTC", date(2024, 6, 6)),  # a seam between two blocks of what is kept computed,
    ("Pacific/Kiritimati", date(2024, 6, 6)),  # seen from the far east
    ("Etc/GMT+12", date(2024, 6, 6)),  # and the far west
]


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _spans(bounds: list[int]) -> tuple[Span, ...]:
    """Consecutive pairs of minutes of the day; an odd last one runs over midnight to the first."""
    ordered = sorted(set(bounds))
    spans = [Span(_time(ordered[i]), _time(ordered[i + 1])) for i in range(0, len(ordered) - 1, 2)]
    if len(ordered) % 2:
        spans.append(Span(_time(ordered[-1]), _time(ordered[0])))
    return tuple(spans)


day_spans = st.lists(st.integers(0, 1439), max_size=5).map(_spans)


@st.composite
def nights(draw: st.DrawFn) -> tuple[WorkingTime, datetime]:
    """A calendar and an instant within days of a change of its zone."""
    name, night = draw(st.sampled_from(NIGHTS))
    around = [night + number * DAY for number in range(-3, 5)]
    week = draw(st.dictionaries(st.integers(0, 6), day_spans, min_size=1))
    assume(any(week.values()))
    working = WorkingTime(
        ZoneInfo(name),
        week,
        frozenset(draw(st.lists(st.sampled_from(around), max_size=2))),
        draw(st.dictionaries(st.sampled_from(around), day_spans, max_size=2)),
    )
    start = datetime.combine(night, time(0), UTC) + draw(st.integers(-2880, 2880)) * MINUTE
    return working, start


def _week_seconds(working: WorkingTime) -> int:
    return sum(row.seconds for row in working.describe_week())


@st.composite
def amounts(draw: st.DrawFn) -> tuple[WorkingTime, datetime, int, int]:
    """A calendar, an instant, and two durations in seconds of up to some ten weeks of its open time."""
    working, start = draw(nights())
    durations = st.integers(0, 10 * _week_seconds(working))
    return working, start, draw(durations), draw(durations)


def _pauses(start: datetime, minutes: list[int]) -> list[Period]:
    return [(start + min(pair) * MINUTE, start + max(pair) * MINUTE) for pair in pairwise(minutes)]


@unhurried
@given(amounts())
def test_what_is_added_is_measured(case: tuple[WorkingTime, datetime, int, int]) -> None:
    working, start, amount, _ = case
    assert working.elapsed(start, working.add(start, amount)) == amount
    assert working.elapsed(start, working.add(start, -amount)) == -amount


@unhurried
@given(amounts())
def test_the_answer_is_the_first_instant_that_will_do(case: tuple[WorkingTime, datetime, int, int]) -> None:
    working, start, amount, _ = case
    tick = timedelta(microseconds=1)
    assume(amount)
    assert working.elapsed(start, working.add(start, amount) - tick) < amount
    assert working.elapsed(start, working.add(start, -amount) + tick) > -amount


@unhurried
@given(amounts(), st.integers(0, 10_000))
def test_more_or_later_is_never_earlier(case: tuple[WorkingTime, datetime, int, int], minutes: int) -> None:
    working, start, one, other = case
    less, more = sorted((one, other))
    assert working.add(start, less) <= working.add(start, more)
    assert working.add(start, -more) <= working.add(start, -less)
    assert working.add(start, one) <= working.add(start + minutes * MINUTE, one)


@unhurried
@given(amounts())
def test_two_steps_are_one(case: tuple[WorkingTime, datetime, int, int]) -> None:
    working, start, one, other = case
    middle = working.add(start, one)
    assert working.add(middle, other) == working.add(start, one + other)
    assert working.add(working.add(start, -one), -other) == working.add(start, -one - other)
    end = working.add(middle, other) + DAY
    assert working.elapsed(start, middle) + working.elapsed(middle, end) == working.elapsed(start, end)


@unhurried
@given(amounts(), st.lists(st.integers(-5000, 5000), max_size=5))
def test_a_pause_is_neither_added_nor_measured(
    case: tuple[WorkingTime, datetime, int, int], minutes: list[int]
) -> None:
    working, start, amount, _ = case
    pauses = _pauses(start, minutes)
    for signed in (amount, -amount):
        end = working.add(start, signed, suspended=pauses)
        assert working.elapsed(start, end, suspended=pauses) == signed
    assert working.add(start, amount, suspended=pauses) >= working.add(start, amount)


@unhurried
@given(amounts(), st.data())
def test_cutting_a_span_in_two_changes_nothing(
    case: tuple[WorkingTime, datetime, int, int], data: st.DataObject
) -> None:
    working, start, amount, _ = case
    cut = WorkingTime(
        working.zone,
        {weekday: _cut(spans, data) for weekday, spans in working.week.items()},
        working.closed,
        working.special,
    )
    assert cut.add(start, amount) == working.add(start, amount)
    assert cut.add(start, -amount) == working.add(start, -amount)
    assert cut.elapsed(start, start + 5 * DAY) == working.elapsed(start, start + 5 * DAY)
    assert cut.next_opening(start) == working.next_opening(start)
    assert cut.previous_closing(start) == working.previous_closing(start)


def _cut(spans: object, data: st.DataObject) -> tuple[Span, ...]:
    assert isinstance(spans, tuple)
    pieces: list[Span] = []
    for span in spans:
        first = span.opens.hour * 60 + span.opens.minute
        last = 1440 if span.over_midnight else min(first + span.seconds // 60, 1440)
        if last - first < 2:
            pieces.append(span)
            continue
        middle = _time(data.draw(st.integers(first + 1, last - 1)))
        pieces += [Span(span.opens, middle), Span(middle, span.closes)]
    return tuple(pieces)


def _wall(working: WorkingTime, start: datetime, minutes: int) -> Iterator[bool]:
    """Minute by minute: does the clock on the wall read a time inside a span?"""
    for number in range(minutes):
        local = (start + number * MINUTE).astimezone(working.zone).replace(tzinfo=None)
        yield any(first <= local < last for first, last in _local_spans(working, local.date()))


def _local_spans(working: WorkingTime, today: date) -> Iterator[tuple[datetime, datetime]]:
    for day in (today - DAY, today):
        for span in working.spans_on(day):
            last = day + DAY if span.closes <= span.opens else day
            yield datetime.combine(day, span.opens), datetime.combine(last, span.closes)


def _plain(working: WorkingTime, start: datetime) -> bool:
    """Whether each end of a span near `start` is a local time that comes exactly once."""
    for number in range(-3, 7):
        for ends in _local_spans(working, start.date() + number * DAY):
            for end in ends:
                there = end.replace(tzinfo=working.zone)
                if there.utcoffset() != there.replace(fold=1).utcoffset():
                    return False
    return True


@settings(unhurried, max_examples=60)
@given(nights())
def test_agrees_with_the_clock_on_the_wall(case: tuple[WorkingTime, datetime]) -> None:
    working, start = case
    assume(_plain(working, start))
    minutes = list(_wall(working, start, 2880))
    assert [working.is_open(start + number * MINUTE) for number in range(2880)] == minutes
    assert working.elapsed(start, start + 2880 * MINUTE) == 60 * sum(minutes)
    if True in minutes:
        assert working.next_opening(start) == start + minutes.index(True) * MINUTE
        assert working.add(start, 60) == start + (minutes.index(True) + 1) * MINUTE


def _first_reading(working: WorkingTime, local: datetime) -> datetime:
    return local.replace(tzinfo=working.zone).astimezone(UTC)


@settings(unhurried, max_examples=60)
@given(
    st.sampled_from([night for night in NIGHTS if night[0] != "Pacific/Apia"]),
    st.integers(0, 238),
    st.integers(1, 120),
    st.integers(-600, 600),
)
def test_ends_at_odd_times_are_read_as_written(night: tuple[str, date], opens: int, length: int, ahead: int) -> None:
    """One short span a night, its ends anywhere in the hours that are skipped or come twice."""
    zone, day = ZoneInfo(night[0]), night[1]
    span = Span(_time(opens), _time(opens + length))
    working = WorkingTime(zone, dict.fromkeys(range(7), (span,)))
    start = datetime.combine(day, time(2), zone).astimezone(UTC) + ahead * MINUTE
    resolved = [
        (
            _first_reading(working, datetime.combine(day + number * DAY, span.opens)),
            _first_reading(working, datetime.combine(day + number * DAY, span.closes)),
        )
        for number in (-2, -1, 0, 1, 2)
    ]
    for number in range(0, 1440, 7):
        at = start + number * MINUTE
        assert working.is_open(at) == any(first <= at < last for first, last in resolved)


@unhurried
@given(st.integers(0, 4 * 10**9), st.timezones(), st.integers(0, 10**8))
def test_always_open_is_wall_time(second: int, zone: ZoneInfo, amount: int) -> None:
    start = datetime.fromtimestamp(second, zone)
    assert ALWAYS.add(start, amount) == start.astimezone(UTC) + timedelta(seconds=amount)
    assert ALWAYS.elapsed(start, start.astimezone(UTC) + timedelta(seconds=amount)) == amount
    assert ALWAYS.is_open(start)
