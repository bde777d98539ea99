"""The clock of a promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leads.models import Attempt, Lead
from people.models import Team
from sla.models.handoff import Handoff
from sla.models.policy import Policy, PolicyVersion
from sla.querysets import ClockQuerySet

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Clock(models.Model):
    """A running promise. Every instant is computed once, at the start, and stored (domain rules 1 and 6).

    ``level_at[i]`` is when level ``i + 1`` fires; ``next_level`` is the number of the level that fires at ``next_at``;
    ``next_at`` is empty when none is left, the clock has stopped, or its policy was switched off.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        MET = "met", _("Stopped by an attempt")
        CANCELLED = "cancelled", _("Cancelled")

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="clocks")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="clocks")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="clocks",
        db_index=False,
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="clocks")
    kind = models.CharField(_("kind"), max_length=16, choices=Policy.Kind.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    time_zone = models.CharField(_("time zone"), max_length=64, help_text=_("The zone the promise was computed in."))
    started_at = models.DateTimeField(_("started at"))
    warn_at = models.DateTimeField(_("due soon from"))
    due_at = models.DateTimeField(_("due at"))
    level_at = ArrayField(models.DateTimeField(), verbose_name=_("when each level fires"))
    next_level = models.PositiveSmallIntegerField(_("next level"), default=1)
    next_at = models.DateTimeField(_("next level at"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    stopped_by = models.ForeignKey(
        Attempt, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    working_seconds = models.PositiveIntegerField(
        _("working time taken (seconds)"), null=True, blank=True, help_text=_("From the start to the stop.")
    )

    objects: ClassVar[ClockQuerySet] = ClockQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("due_at", "pk")
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = (
            models.UniqueConstraint(
                fields=("handoff", "kind"), condition=Q(state="running"), name="clock_one_running_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="running", stopped_at__isnull=True)
                | (~Q(state="running") & Q(stopped_at__isnull=False, next_at__isnull=True)),
                name="clock_stopped_has_time",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("started_at"), warn_at__lte=F("due_at"), warn_at__gte=F("started_at")),
                name="clock_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(stopped_at__gte=F("started_at")),
                name="clock_stops_after_start",
            ),
        )
        indexes = (
            # The sweep: cost depends on what is due, never on how many clocks there are.
            models.Index(fields=("next_at", "id"), name="clock_next", condition=Q(next_at__isnull=False)),
            models.Index(fields=("owner", "due_at", "id"), name="clock_inbox", condition=Q(state="running")),
            models.Index(fields=("team", "due_at", "id"), name="clock_board", condition=Q(state="running")),
            # Whose notices somebody may read: also those of clocks that have stopped.
            models.Index(fields=("owner",), name="clock_owner"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.lead_id} {self.due_at:%Y-%m-%d %H:%M}"

    def is_breached(self, at: datetime) -> bool:
        """Whether the promise was broken by ``at``: still running, or stopped, after the due time."""
        return (self.stopped_at or at) > self.due_at

    def wall_time(self, at: datetime) -> timedelta:
        """Wall time from the start to the stop, or to ``at`` while it runs (domain rule 3: it goes on measuring)."""
        return (self.stopped_at or at) - self.started_at
