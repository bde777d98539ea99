"""Editing working hours."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.editor import Editor, form_methods, locked
from people.history import Told, events, history_of
from people.permissions import Can, may, requires, signed_in
from people.zones import zone_names
from sla.forms.calendars import CalendarForm, ClosedDays, Spans, calendar_terms
from sla.models import Calendar, CalendarAssignment, CalendarSpan
from sla.presenting import week_rows
from sla.services.calendars_edit import save_calendar

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from people.history import Change


@requires(Can.SEE_POLICIES)
@require_safe
def calendar_list(request: HttpRequest) -> HttpResponse:
    assigned = Prefetch("assignments", CalendarAssignment.objects.select_related("team", "user"))
    calendars = Calendar.objects.prefetch_related("spans", "closed_days", assigned).order_by("-is_default", "name")
    rows = [(calendar, week_rows(calendar)) for calendar in calendars]
    may_edit = may(signed_in(request), Can.EDIT_POLICIES)
    return render(request, "sla/calendar_list.html", {"rows": rows, "may_edit": may_edit})


@requires(Can.EDIT_POLICIES)
@form_methods
@transaction.atomic
def calendar_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@requires(Can.EDIT_POLICIES)
@form_methods
@transaction.atomic
def calendar_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(locked(Calendar.objects.all(), request), pk=pk))


def _edit(request: HttpRequest, calendar: Calendar | None) -> HttpResponse:
    name = str(calendar or _("New calendar"))
    data = request.POST if request.method == "POST" else None
    editor = Editor(
        request,
        CalendarForm(data, instance=calendar, initial=CalendarForm.initial_of(calendar)),
        spans=Spans(data, prefix="spans", initial=_spans(calendar)),
        closed=ClosedDays(data, prefix="closed", initial=_closed(calendar)),
    )
    if editor.carry_out(lambda: _save(editor, calendar)):
        messages.success(request, _("Saved. Clocks that run keep their due times; new ones go by these hours."))
        return redirect("calendar-list")
    history = _history(calendar) if calendar else []
    return editor.page("sla/calendar_edit.html", calendar=calendar, name=name, zones=zone_names(), history=history)


def _save(editor: Editor, calendar: Calendar | None) -> None:
    save_calendar(calendar=calendar, terms=calendar_terms(editor.form, editor["spans"], editor["closed"]))


def _spans(calendar: Calendar | None) -> list[dict[str, Any]]:
    if calendar is None:
        return [{"weekday": day, "opens": time(9), "closes": time(17)} for day in range(5)]
    return [{"weekday": each.weekday, "opens": each.opens, "closes": each.closes} for each in calendar.spans.all()]


def _closed(calendar: Calendar | None) -> list[dict[str, Any]]:
    if calendar is None:
        return []
    return [{"date": day.date, "name": day.name} for day in calendar.closed_days.all()]


def _history(calendar: Calendar) -> list[Change]:
    days = {"weekday": lambda value: str(CalendarSpan.Weekday(value).label)}
    return history_of(
        Told.of(calendar),
        Told(events("sla", "CalendarSpanHistory").filter(calendar_id=calendar.pk), days),
        Told(events("sla", "ClosedDayHistory").filter(calendar_id=calendar.pk)),
        Told(events("sla", "CalendarAssignmentHistory").filter(calendar_id=calendar.pk)),
    )
