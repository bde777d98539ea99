"""Which hours apply to whom: the person's own calendar, else the team's, else the default one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings

from people.models import Team, User
from sla.calendars import Span, WorkingTime
from sla.models import Calendar, CalendarAssignment
from sla.spans import CalendarError, gettext_noop, zone_named

if TYPE_CHECKING:
    from datetime import date


class NoCalendarError(CalendarError):
    """Nobody assigned a calendar and none is the default: an error, never a silent 24/7 (domain rule 8)."""

    code = "no_calendar"
    message = gettext_noop("There is no default working-hours calendar; mark one as the default.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A calendar as stored, still without the zone it is read in."""

    zone: str
    week: dict[int, tuple[Span, ...]]
    closed: frozenset[date]

    def read_in(self, zone: ZoneInfo) -> WorkingTime:
        return WorkingTime(zone_named(self.zone) if self.zone else zone, self.week, self.closed)


@dataclass(frozen=True, slots=True)
class Rota:
    """Everybody's hours as they stand now, loaded by four queries whatever the number of people."""

    sheets: dict[int, Sheet]
    default: int | None
    by_user: dict[int, int]
    by_team: dict[int, int]
    _read: dict[tuple[int, str], WorkingTime] = field(default_factory=dict)

    def of_user(self, user: User) -> WorkingTime:
        """The hours of a person, in the calendar's zone or else their own."""
        calendar = self.by_user.get(user.pk) or self._of_team(user.team_id)
        return self._working_time(calendar, user.zone)

    def of_team(self, team: Team) -> WorkingTime:
        """The hours in which a team's queue waits for somebody: in the zone of whoever answers for it."""
        return self._working_time(self._of_team(team.pk), _zone_of_team(team))

    def _of_team(self, team_id: int | None) -> int | None:
        return self.by_team.get(team_id or 0, self.default)

    def _working_time(self, calendar: int | None, zone: ZoneInfo) -> WorkingTime:
        if calendar is None:
            raise NoCalendarError
        key = (calendar, zone.key)
        if key not in self._read:
            self._read[key] = self.sheets[calendar].read_in(zone)
        return self._read[key]


def load_rota() -> Rota:
    """Read every calendar and who works by it."""
    calendars = list(Calendar.objects.prefetch_related("spans", "closed_days"))
    assignments = list(CalendarAssignment.objects.all())
    return Rota(
        sheets={calendar.pk: _sheet(calendar) for calendar in calendars},
        default=next((calendar.pk for calendar in calendars if calendar.is_default), None),
        by_user={one.user_id: one.calendar_id for one in assignments if one.user_id is not None},
        by_team={one.team_id: one.calendar_id for one in assignments if one.team_id is not None},
    )


def working_time_of(target: User | Team) -> WorkingTime:
    """The hours of one person or one team."""
    rota = load_rota()
    return rota.of_user(target) if isinstance(target, User) else rota.of_team(target)


def _sheet(calendar: Calendar) -> Sheet:
    week: dict[int, list[Span]] = defaultdict(list)
    for span in calendar.spans.all():
        week[span.weekday].append(Span(span.opens, span.closes))
    return Sheet(
        zone=calendar.time_zone,
        week={weekday: tuple(spans) for weekday, spans in week.items()},
        closed=frozenset(day.date for day in calendar.closed_days.all()),
    )


def _zone_of_team(team: Team) -> ZoneInfo:
    if team.manager is not None:
        return team.manager.zone
    member = team.members.filter(is_active=True).order_by("pk").first()
    return member.zone if member is not None else ZoneInfo(settings.TIME_ZONE)
