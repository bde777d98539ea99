"""Changing working hours. Clocks that run keep the instants they were started with (domain rule 6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from sla.calendars import CalendarError, Span, WorkingTime, zone_named
from sla.models import Calendar, CalendarAssignment, CalendarSpan, ClosedDay

if TYPE_CHECKING:
    from people.models import Team, User


@dataclass(frozen=True, slots=True)
class CalendarTerms:
    """All that a calendar says; times of day are local, a span closing at or before it opens runs over midnight."""

    name: str
    spans: Collection[tuple[int, time, time]]
    """Weekday (0 is Monday), opens, closes."""
    time_zone: str = ""
    is_default: bool = False
    closed: Collection[tuple[date, str]] = ()
    teams: Collection[Team] = field(default_factory=tuple)
    people: Collection[User] = field(default_factory=tuple)


@transaction.atomic
def save_calendar(*, calendar: Calendar | None, terms: CalendarTerms) -> Calendar:
    """Create a calendar or change it. Raises ValidationError for one that is never open (domain rule 8)."""
    check_hours(terms.time_zone, terms.spans, (day for day, _name in terms.closed))
    if calendar is not None:
        calendar = Calendar.objects.select_for_update().get(pk=calendar.pk)
    calendar = calendar or Calendar()
    _settle_default(calendar, terms)
    calendar.name, calendar.time_zone, calendar.is_default = terms.name, terms.time_zone, terms.is_default
    calendar.full_clean()
    calendar.save()
    _settle_spans(calendar, set(terms.spans))
    _settle_closed_days(calendar, dict(terms.closed))
    _settle_assignments(calendar, terms)
    return calendar


def check_hours(zone: str, spans: Collection[tuple[int, time, time]], closed: Iterable[date] = ()) -> WorkingTime:
    """The hours as arithmetic sees them; ValidationError when they make no sense."""
    week: dict[int, list[Span]] = defaultdict(list)
    try:
        for weekday, opens, closes in spans:
            week[weekday].append(Span(opens, closes))
        return WorkingTime(zone_named(zone) if zone else ZoneInfo("UTC"), week, frozenset(closed))
    except CalendarError as error:
        raise ValidationError(_(error.message), code=error.code, params=error.params) from error


def _settle_default(calendar: Calendar, terms: CalendarTerms) -> None:
    if terms.is_default:
        for other in Calendar.objects.filter(is_default=True):
            if other != calendar:
                other.is_default = False
                other.save(update_fields=["is_default"])
    elif calendar.is_default:
        raise ValidationError(
            {"is_default": _("There is always a default: make another calendar the default instead.")}
        )


def _settle_spans(calendar: Calendar, wanted: set[tuple[int, time, time]]) -> None:
    kept = set()
    for span in calendar.spans.all():
        key = (span.weekday, span.opens, span.closes)
        if key in wanted:
            kept.add(key)
        else:
            span.delete()
    CalendarSpan.objects.bulk_create(
        CalendarSpan(calendar=calendar, weekday=weekday, opens=opens, closes=closes)
        for weekday, opens, closes in sorted(wanted - kept)
    )


def _settle_closed_days(calendar: Calendar, wanted: dict[date, str]) -> None:
    calendar.closed_days.exclude(date__in=wanted).delete()
    for day in calendar.closed_days.all():
        name = wanted.pop(day.date)
        if day.name != name:
            day.name = name
            day.save(update_fields=["name"])
    ClosedDay.objects.bulk_create(ClosedDay(calendar=calendar, date=day, name=name) for day, name in wanted.items())


def _settle_assignments(calendar: Calendar, terms: CalendarTerms) -> None:
    """Exactly these teams and people work by it; whoever comes from another calendar leaves that one."""
    staying = Q(team__in=terms.teams) | Q(user__in=terms.people)
    for assignment in calendar.assignments.exclude(pk__in=calendar.assignments.filter(staying).values("pk")):
        assignment.delete()
    for team in terms.teams:
        CalendarAssignment.objects.update_or_create(team=team, defaults={"calendar": calendar})
    for person in terms.people:
        CalendarAssignment.objects.update_or_create(user=person, defaults={"calendar": calendar})
