"""The forms of a calendar: its week, its closed days, and who works by it."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from people.forms import ZoneField
from people.models import Team, User
from people.rows import Rows
from sla.calendars import Span
from sla.models import Calendar, CalendarSpan
from sla.services.calendars_edit import CalendarTerms, check_hours


class CalendarForm(forms.ModelForm[Calendar]):
    time_zone = ZoneField(
        label=_("Time zone"), required=False, help_text=_("Leave empty to read the hours in each person's own zone.")
    )
    # No field of the model's form: that would refuse a second default before the first one has given way.
    is_default = forms.BooleanField(label=_("Used where no other is assigned"), required=False)
    teams = forms.ModelMultipleChoiceField(
        label=_("Teams that work by it"),
        required=False,
        queryset=Team.objects.order_by("name"),
        widget=forms.CheckboxSelectMultiple,
    )
    people = forms.ModelMultipleChoiceField(
        label=_("People who work by it"),
        required=False,
        queryset=User.objects.active().order_by("name"),
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("Only those with hours of their own: a person's calendar goes before their team's."),
    )

    class Meta:
        model = Calendar
        fields = ("name", "time_zone")

    @classmethod
    def initial_of(cls, calendar: Calendar | None) -> dict[str, Any]:
        if calendar is None:
            return {"is_default": False}
        assigned = list(calendar.assignments.all())
        return {
            "is_default": calendar.is_default,
            "teams": [one.team_id for one in assigned if one.team_id],
            "people": [one.user_id for one in assigned if one.user_id],
        }


class SpanForm(forms.Form):
    weekday = forms.TypedChoiceField(label=_("Day"), choices=CalendarSpan.Weekday.choices, coerce=int)
    opens = forms.TimeField(label=_("Opens"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    closes = forms.TimeField(
        label=_("Closes"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )


class BaseSpans(Rows):
    """The week: open somewhere, and no two spans of a day at the same time."""

    def clean(self) -> None:
        if any(self.errors):
            return
        if not self._mark_overlaps():
            check_hours("", self.spans)

    def _mark_overlaps(self) -> bool:
        """Put an error on each row that begins before another of its day has ended; whether there was one."""
        days: dict[int, list[tuple[Span, int, forms.Form]]] = defaultdict(list)
        for number, form in enumerate(self.kept):
            data = form.cleaned_data
            days[data["weekday"]].append((Span(data["opens"], data["closes"]), number, form))
        found = False
        for rows in days.values():
            for (earlier, _number, _form), (later, _other, form) in pairwise(sorted(rows, key=lambda row: row[:2])):
                if earlier.end > later.start:
                    form.add_error("opens", _now("This overlaps with %(span)s of the same day.") % {"span": earlier})
                    found = True
        return found

    @property
    def spans(self) -> list[tuple[int, Any, Any]]:
        return [(row["weekday"], row["opens"], row["closes"]) for row in self.values]


class ClosedDayForm(forms.Form):
    date = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    name = forms.CharField(label=_("What for"), max_length=120, required=False)


class BaseClosedDays(Rows):
    def clean(self) -> None:
        seen = set()
        for form in self.kept:
            day = form.cleaned_data["date"]
            if day in seen:
                form.add_error("date", _now("This date is in the list already."))
            seen.add(day)

    @property
    def days(self) -> list[tuple[Any, str]]:
        return [(row["date"], row["name"]) for row in self.values]


_LIMITS: dict[str, Any] = {"extra": 0, "can_delete": True, "validate_max": True}
Spans = forms.formset_factory(SpanForm, formset=BaseSpans, max_num=50, absolute_max=100, **_LIMITS)
ClosedDays = forms.formset_factory(ClosedDayForm, formset=BaseClosedDays, max_num=400, absolute_max=600, **_LIMITS)


def calendar_terms(form: Any, spans: Any, closed: Any) -> CalendarTerms:
    """The calendar that a valid page says."""
    data = form.cleaned_data
    return CalendarTerms(
        name=data["name"],
        time_zone=data["time_zone"],
        is_default=data["is_default"],
        spans=spans.spans,
        closed=closed.days,
        teams=data["teams"],
        people=data["people"],
    )
