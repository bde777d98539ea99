"""What a calendar is made of: spans of a day, zones by name, and the errors that say what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

SECOND = 1_000_000
DAY = 86_400 * SECOND


def gettext_noop(message: str) -> str:
    """Mark a message for makemessages; who shows it translates it: `_(error.message) % error.params`."""
    return message


class CalendarError(ValueError):
    """A calendar, or a question to it, that makes no sense; `params` fill `message` and say where."""

    code = "calendar"
    message = gettext_noop("This calendar is not valid.")

    def __init__(self, **params: object) -> None:
        self.params = params
        super().__init__(self.message % params)


class UnknownZoneError(CalendarError):
    code = "unknown_zone"
    message = gettext_noop("“%(zone)s” is not a time zone; name one like “Europe/Berlin”.")


class SpanError(CalendarError):
    code = "span"
    message = gettext_noop("“%(value)s” is not a time of day; write it like 09:00 (a span may close at 24:00).")


class WeekdayError(CalendarError):
    code = "weekday"
    message = gettext_noop("%(weekday)s is not a day of the week (0 is Monday, 6 is Sunday).")


class OverlapError(CalendarError):
    """`params["day"]` is the weekday (0–6) or the special date."""

    code = "overlap"
    message = gettext_noop("Two spans of one day overlap: %(first)s and %(second)s.")


class NoOpenTimeError(CalendarError):
    code = "no_open_time"
    message = gettext_noop("The week has no open hour: open it on one day at least.")


class NaiveInstantError(CalendarError):
    code = "naive_instant"
    message = gettext_noop("%(instant)s has no time zone.")


class PeriodError(CalendarError):
    code = "period"
    message = gettext_noop("A period ends before it starts: %(start)s to %(end)s.")


class ReachError(CalendarError):
    code = "reach"
    message = gettext_noop("The answer lies more than fifty years away.")


@dataclass(frozen=True, order=True)
class Span:
    """Open from `opens` to `closes`, local wall time.

    Closing at or before the opening is on the next day: 22:00–06:00 is a night, 00:00–00:00 a whole day.
    """

    opens: time
    closes: time

    def __post_init__(self) -> None:
        for value in (self.opens, self.closes):
            if value.tzinfo is not None:
                raise SpanError(value=value.isoformat())

    @classmethod
    def parse(cls, opens: str, closes: str) -> Span:
        """Read "09:00", "17:30"; "24:00" closes at the end of the day. Raises SpanError."""
        return cls(_time(opens), time(0) if closes.strip() == "24:00" else _time(closes))

    @property
    def start(self) -> int:
        """Microseconds after the midnight of its day."""
        return _micros_of(self.opens)

    @property
    def end(self) -> int:
        """Microseconds after the midnight of its day; beyond 24 h for a span that runs over midnight."""
        return _micros_of(self.closes) + (DAY if self.closes <= self.opens else 0)

    @property
    def over_midnight(self) -> bool:
        return self.end > DAY

    @property
    def seconds(self) -> int:
        """As the wall clock counts; a night of daylight saving may make it more or less."""
        return (self.end - self.start) // SECOND

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{'24:00' if self.closes == time(0) else f'{self.closes:%H:%M}'}"


DAY_ROUND = Span(time(0), time(0))


def zone_named(name: str) -> ZoneInfo:
    """The zone of that name. Raises UnknownZoneError: never a silent fall-back to UTC."""
    if name not in _zone_names():
        raise UnknownZoneError(zone=name)
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    """Names a person may choose; the two left out mean "not set" and "whatever this machine is set to"."""
    return frozenset(available_timezones() - {"Factory", "localtime"})


def _time(value: str) -> time:
    try:
        return time.fromisoformat(value.strip())
    except ValueError:
        raise SpanError(value=value) from None


def _micros_of(value: time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * SECOND + value.microsecond
