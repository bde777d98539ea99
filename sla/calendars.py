"""Working time: when somebody is at work, and arithmetic in it (domain rule 8).

Values in, values out; nothing here knows of Django or the database. Every function takes aware datetimes of
any zone and returns UTC. Inside, an instant is an integer of microseconds since 1970, so sums are exact.

What is open
    A span is local wall time. Its ends become instants as RFC 5545 (3.3.5) and PEP 495 read them: a time that
    comes twice is the first of the two; one that daylight saving skips is read with the offset before it, so
    02:30 is 03:30 that night, and a span whose end comes before its moved beginning is empty. Spans that touch
    are one span, so cutting one in two changes nothing. A date that a zone skips altogether is closed.
    The opening instant is open, the closing instant is not.
    A span that runs over midnight belongs to the day on which it opens: closing that day closes all of it.
    A special day replaces the week and outranks a closed day (a half day on a public holiday).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from sla.spans import (
    DAY,
    DAY_ROUND,
    SECOND,
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
    zone_named,
)

__all__ = [
    "ALWAYS",
    "DAY_ROUND",
    "CalendarError",
    "DayHours",
    "Duration",
    "NaiveInstantError",
    "NoOpenTimeError",
    "OverlapError",
    "Period",
    "PeriodError",
    "ReachError",
    "Reason",
    "Span",
    "SpanError",
    "UnknownZoneError",
    "WeekdayError",
    "WorkingTime",
    "next_in_window",
    "zone_named",
]

Duration: TypeAlias = timedelta | float
"""A timedelta, or seconds."""
Reason: TypeAlias = Literal["week", "closed", "special"]
Period: TypeAlias = tuple[datetime, datetime]
"""From, until: a stretch during which a clock stood still (a pause, somebody's leave)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_BLOCK_DAYS = 28
_BLOCK = _BLOCK_DAYS * DAY
_REACH = 50 * 366 // _BLOCK_DAYS
"""How many blocks (about fifty years) a search goes before it gives up: nothing here can loop forever."""
_BLOCKS = range(-25_000, 104_000)
"""Years 53 to 9941: beyond, dates run out."""


@dataclass(frozen=True)
class DayHours:
    """One row of a week or a year to be shown; `seconds` as the wall clock counts."""

    weekday: int
    day: date | None
    spans: tuple[Span, ...]
    reason: Reason
    seconds: int


@dataclass(frozen=True, eq=False)
class WorkingTime:
    """A calendar: its zone, its week (0 is Monday), days that are closed, and days with hours of their own.

    A weekday not named is closed. Raises a CalendarError when the zone is unknown, spans of one day overlap
    or the week is never open. Equal calendars share what is computed for them, however often they are loaded.
    """

    zone: ZoneInfo
    week: Mapping[int, Collection[Span]]
    closed: frozenset[date] = frozenset()
    special: Mapping[date, Collection[Span]] = field(default_factory=dict)
    _key: tuple[object, ...] = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        zone_named(self.zone.key)
        for weekday in self.week:
            if weekday not in range(7):
                raise WeekdayError(weekday=weekday)
        week = {weekday: _tidy(self.week.get(weekday, ()), weekday) for weekday in range(7)}
        special = {day: _tidy(spans, day) for day, spans in self.special.items()}
        if not any(week.values()):
            raise NoOpenTimeError
        closed = frozenset(self.closed)
        key = (self.zone.key, *week.values(), closed, frozenset(special.items()))
        settled = {"week": MappingProxyType(week), "special": MappingProxyType(special), "closed": closed}
        for name, value in {**settled, "_key": key, "_hash": hash(key)}.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkingTime) and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def add(self, start: datetime, duration: Duration, *, suspended: Iterable[Period] = ()) -> datetime:
        """The instant after so much open time (seconds or a timedelta; negative: before so much).

        Reaching a closing instant exactly stays on it, backwards the same with an opening instant; adding
        nothing is `start` itself. Time in `suspended` does not count. Raises ReachError.
        """
        at, amount = _instant(start), _duration(duration)
        pauses = _merged(suspended)
        if amount > 0:
            return _datetime(self._ahead_around(at, amount, pauses))
        if amount < 0:
            return _datetime(self._back_around(at, -amount, pauses))
        return _datetime(at)

    def elapsed(self, start: datetime, end: datetime, *, suspended: Iterable[Period] = ()) -> float:
        """Seconds of open time between, those in `suspended` left out; negative when `end` is first."""
        first, last = _instant(start), _instant(end)
        sign = 1 if first <= last else -1
        first, last = min(first, last), max(first, last)
        total = self._open_between(first, last)
        for pause_start, pause_end in _merged(suspended):
            if pause_start < last and pause_end > first:
                total -= self._open_between(max(pause_start, first), min(pause_end, last))
        return sign * total / SECOND

    def is_open(self, at: datetime) -> bool:
        instant = _instant(at)
        block = _block(self, instant // _BLOCK)
        index = bisect_right(block.opens, instant) - 1
        return index >= 0 and instant < block.closes[index]

    def next_opening(self, at: datetime) -> datetime:
        """The first open instant from `at` on: `at` itself while open."""
        instant = _instant(at)
        for block in self._blocks(instant // _BLOCK, 1):
            index = bisect_right(block.closes, instant)
            if index < len(block.opens):
                return _datetime(max(instant, block.opens[index]))
        raise ReachError

    def previous_closing(self, at: datetime) -> datetime:
        """The last instant up to `at` with open time just before it: `at` itself in a span or at its close."""
        instant = _instant(at)
        for block in self._blocks(instant // _BLOCK, -1):
            index = bisect_left(block.opens, instant) - 1
            if index >= 0:
                return _datetime(min(instant, block.closes[index]))
        raise ReachError

    def spans_on(self, day: date) -> Collection[Span]:
        """The spans that open on a local date."""
        if day in self.special:
            return self.special[day]
        return () if day in self.closed else self.week[day.weekday()]

    def hours_on(self, day: date) -> DayHours:
        """A local date as a row to show: its spans and why it has these."""
        reason: Reason = "special" if day in self.special else "closed" if day in self.closed else "week"
        return _row(day.weekday(), day, self.spans_on(day), reason)

    def describe_week(self) -> tuple[DayHours, ...]:
        """Seven rows, Monday first, of the ordinary week."""
        return tuple(_row(weekday, None, spans, "week") for weekday, spans in self.week.items())

    def describe_days(self, first: date, days: int) -> tuple[DayHours, ...]:
        """One row per local date, exceptions included: a month or a year to be read."""
        return tuple(self.hours_on(first + timedelta(days=number)) for number in range(days))

    def _wall_spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Spans of the days numbered `first` to `last` since 1970, wall-clock microseconds, in order of opening."""
        for number in range(first, last + 1):
            spans = self.spans_on(date.fromordinal(number + _EPOCH_ORDINAL))
            if spans and self._instant_of(number * DAY) < self._instant_of((number + 1) * DAY):
                for span in spans:
                    yield number * DAY + span.start, number * DAY + span.end

    def _instant_of(self, wall: int) -> int:
        return _micros(datetime(1970, 1, 1, tzinfo=self.zone) + timedelta(microseconds=wall) - _EPOCH)

    def _intervals(self, first: int, last: int) -> list[tuple[int, int]]:
        """Open time between two instants, in order and disjoint."""
        walls = _united(self._wall_spans(first // DAY - 2, last // DAY))
        instants = ((self._instant_of(start), self._instant_of(end)) for start, end in walls)
        within = ((max(start, first), min(end, last)) for start, end in instants)
        return _united(sorted((start, end) for start, end in within if start < end))

    def _blocks(self, number: int, step: Literal[1, -1]) -> Iterator[_Block]:
        for ahead in range(_REACH):
            yield _block(self, number + step * ahead)

    def _open_between(self, first: int, last: int) -> int:
        numbers = range(first // _BLOCK, last // _BLOCK + 1)
        if len(numbers) > _REACH:
            raise ReachError
        blocks = (_block(self, number) for number in numbers)
        return sum(block.position(last) - block.position(first) for block in blocks)

    def _ahead(self, at: int, amount: int) -> int:
        for block in self._blocks(at // _BLOCK, 1):
            target = block.position(at) + amount
            if target <= block.total:
                return block.earliest(target)
            amount = target - block.total
        raise ReachError

    def _back(self, at: int, amount: int) -> int:
        for block in self._blocks(at // _BLOCK, -1):
            target = block.position(at) - amount
            if target >= 0:
                return block.latest(target)
            amount = -target
        raise ReachError

    def _ahead_around(self, at: int, amount: int, pauses: list[tuple[int, int]]) -> int:
        for start, end in pauses:
            if end <= at:
                continue
            room = self._open_between(at, start) if start > at else 0
            if amount <= room:
                break
            at, amount = end, amount - room
        return self._ahead(at, amount)

    def _back_around(self, at: int, amount: int, pauses: list[tuple[int, int]]) -> int:
        for start, end in reversed(pauses):
            if start >= at:
                continue
            room = self._open_between(end, at) if end < at else 0
            if amount <= room:
                break
            at, amount = start, amount - room
        return self._back(at, amount)


@dataclass(frozen=True, slots=True)
class _Block:
    """Four weeks of a calendar laid out in UTC: disjoint intervals, and how much is open before each."""

    opens: array[int]
    closes: array[int]
    before: array[int]
    total: int

    def position(self, at: int) -> int:
        """Open microseconds of this block before `at`: none or all of them for an instant outside it."""
        index = bisect_right(self.opens, at) - 1
        return self.before[index] + min(at, self.closes[index]) - self.opens[index] if index >= 0 else 0

    def earliest(self, position: int) -> int:
        """The first instant with so much (more than none) open before it."""
        index = bisect_left(self.before, position) - 1
        return self.opens[index] + position - self.before[index]

    def latest(self, position: int) -> int:
        """The last instant with so much (less than all) open before it."""
        index = bisect_right(self.before, position) - 1
        return self.opens[index] + position - self.before[index]


@lru_cache(maxsize=4096)
def _block(working: WorkingTime, number: int) -> _Block:
    if number not in _BLOCKS:
        raise ReachError
    opens, closes, before, total = array("q"), array("q"), array("q"), 0
    for start, end in working._intervals(number * _BLOCK, (number + 1) * _BLOCK):
        opens.append(start)
        closes.append(end)
        before.append(total)
        total += end - start
    return _Block(opens, closes, before, total)


def next_in_window(
    at: datetime, *, zone: ZoneInfo, weekdays: Collection[int] = (), window: Span | None = None
) -> datetime:
    """The first instant from `at` on inside a daily window (opening inclusive) on the weekdays (0 is Monday).

    No weekday named means any. A reversed window is read the right way round, not as one over midnight.
    Without a window the local time of day is kept and only the day moves.
    """
    days = weekdays or range(7)
    if window is not None:
        return _window(zone, frozenset(days), window).next_opening(at)
    local = _datetime(_instant(at)).astimezone(zone)
    if local.weekday() in days:
        return local.astimezone(UTC)
    for number in range(1, 7):
        candidate = local + timedelta(days=number)
        if candidate.weekday() in days:
            return candidate.astimezone(UTC)
    raise WeekdayError(weekday=min(days))


@lru_cache(maxsize=256)
def _window(zone: ZoneInfo, days: frozenset[int], window: Span) -> WorkingTime:
    if window.over_midnight:
        window = Span(window.closes, window.opens)
    return WorkingTime(zone, dict.fromkeys(days, (window,)))


def _tidy(spans: Iterable[Span], day: int | date) -> tuple[Span, ...]:
    ordered = tuple(sorted(spans))
    for first, second in pairwise(ordered):
        if first.end > second.start:
            raise OverlapError(day=day, first=first, second=second)
    return ordered


def _row(weekday: int, day: date | None, spans: Collection[Span], reason: Reason) -> DayHours:
    return DayHours(weekday, day, tuple(spans), reason, sum(span.seconds for span in spans))


def _merged(periods: Iterable[Period]) -> list[tuple[int, int]]:
    instants = sorted((_instant(start), _instant(end)) for start, end in periods)
    for start, end in instants:
        if end < start:
            raise PeriodError(start=_datetime(start), end=_datetime(end))
    return _united(instants)


def _united(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Intervals in order of their starts, those that touch or overlap made one."""
    united: list[tuple[int, int]] = []
    for start, end in intervals:
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def _instant(at: datetime) -> int:
    if at.utcoffset() is None:
        raise NaiveInstantError(instant=at)
    return _micros(at - _EPOCH)


def _datetime(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _duration(duration: Duration) -> int:
    if isinstance(duration, timedelta):
        return _micros(duration)
    try:
        return _micros(timedelta(seconds=duration))
    except OverflowError:
        raise ReachError from None


def _micros(delta: timedelta) -> int:
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


ALWAYS = WorkingTime(ZoneInfo("UTC"), dict.fromkeys(range(7), (DAY_ROUND,)))
"""Open day and night: wall time, for promises and demonstrations that keep no hours."""
