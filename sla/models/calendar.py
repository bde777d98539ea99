"""Working hours, as rows people edit; ``sla.calendars`` does the arithmetic."""

from __future__ import annotations

from datetime import time

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from people.models import Team
from people.zones import validate_zone


@pghistory.track(model_name="CalendarHistory")
class Calendar(models.Model):
    """A week of open hours, and the days it is closed. Without a zone of its own, each person's zone applies."""

    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_zone],
        help_text=_("Leave empty to use each person's own zone."),
    )
    is_default = models.BooleanField(_("used where no other is assigned"), default=False)

    class Meta:
        ordering = ("name",)
        verbose_name = _("working-hours calendar")
        verbose_name_plural = _("working-hours calendars")
        constraints = (
            models.UniqueConstraint(
                Lower("name"),
                name="calendar_name_unique",
                violation_error_message=_("There is a calendar of this name already."),
            ),
            models.UniqueConstraint(fields=("is_default",), condition=Q(is_default=True), name="calendar_one_default"),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="CalendarSpanHistory")
class CalendarSpan(models.Model):
    """Open from–to on a weekday, in local wall time; closing at or before opening runs over midnight."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="spans")
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices)
    opens = models.TimeField(_("opens"), default=time(9))
    closes = models.TimeField(_("closes"), default=time(17))

    class Meta:
        ordering = ("weekday", "opens")
        verbose_name = _("open hours")
        verbose_name_plural = _("open hours")
        constraints = (
            models.UniqueConstraint(
                fields=("calendar", "weekday", "opens"),
                name="calendar_span_unique",
                violation_error_message=_("Two spans of a day open at the same time."),
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="calendar_span_weekday"),
        )

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


@pghistory.track(model_name="ClosedDayHistory")
class ClosedDay(models.Model):
    """A date on which nobody works: a public holiday or a day of the company's own."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="closed_days")
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=120, blank=True)

    class Meta:
        ordering = ("date",)
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        constraints = (
            models.UniqueConstraint(
                fields=("calendar", "date"),
                name="closed_day_unique",
                violation_error_message=_("This date is in the list already."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d} {self.name}".strip()


@pghistory.track(model_name="CalendarAssignmentHistory")
class CalendarAssignment(models.Model):
    """Who works by a calendar: a person, or a team. The person's own one wins."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="assignments")
    team = models.OneToOneField(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_assignment"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="calendar_assignment",
    )

    class Meta:
        verbose_name = _("calendar assignment")
        verbose_name_plural = _("calendar assignments")
        constraints = (
            models.CheckConstraint(
                condition=Q(team__isnull=True, user__isnull=False) | Q(team__isnull=False, user__isnull=True),
                name="calendar_assignment_one_target",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user or self.team}: {self.calendar}"
