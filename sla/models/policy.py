"""Promises: what must happen within how long, what counts as having done it, and who hears when it is not.

A policy keeps its name; its terms are versions that never change. A clock keeps the version it was started under
(domain rule 6), so editing a policy concerns clocks started later.
"""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.facts import Channel, Outcome
from sla.querysets import PolicyQuerySet


@pghistory.track(model_name="SequenceHistory")
class Sequence(models.Model):
    """What counts as a try at connecting: only an attempt by such a channel with such an outcome stops a clock."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    channels = ArrayField(models.CharField(max_length=16, choices=Channel.choices), verbose_name=_("channels"))
    outcomes = ArrayField(models.CharField(max_length=16, choices=Outcome.choices), verbose_name=_("outcomes"))

    class Meta:
        ordering = ("name",)
        verbose_name = _("connection sequence")
        verbose_name_plural = _("connection sequences")
        constraints = (
            models.CheckConstraint(
                condition=~Q(channels=[]) & ~Q(outcomes=[]),
                name="sequence_counts_something",
                violation_error_message=_("Choose at least one channel and one outcome that count."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def counts(self, *, channel: str, outcome: str) -> bool:
        return channel in self.channels and outcome in self.outcomes


@pghistory.track(model_name="PolicyHistory")
class Policy(models.Model):
    """A promise. The first one in order whose conditions hold for the lead applies to its hand-off."""

    class Kind(models.TextChoices):
        FIRST_TOUCH = "first_touch", _("First touch")

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.FIRST_TOUCH)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    conditions = models.JSONField(
        _("applies when"), default=list, blank=True, help_text=_("Without a condition it applies to every lead.")
    )
    is_active = models.BooleanField(
        _("switched on"), default=True, help_text=_("A policy that is switched off starts no clock and sends nothing.")
    )

    objects: ClassVar[PolicyQuerySet] = PolicyQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("policy")
        verbose_name_plural = _("policies")

    def __str__(self) -> str:
        return self.name


class PolicyVersion(models.Model):
    """The terms of a policy from a moment on. Durations are seconds of working time or of wall time."""

    class TimeKind(models.TextChoices):
        WORKING = "working", _("Working time")
        WALL = "wall", _("Wall time")

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    time_kind = models.CharField(_("measured in"), max_length=16, choices=TimeKind.choices, default=TimeKind.WORKING)
    duration_seconds = models.PositiveIntegerField(_("promised within (seconds)"))
    warn_seconds = models.PositiveIntegerField(_("shown as due soon before (seconds)"), default=0)
    sequence = models.ForeignKey(Sequence, verbose_name=_("what counts"), on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("in force from"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-number",)
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        constraints = (
            models.UniqueConstraint(fields=("policy", "number"), name="policy_version_number_unique"),
            models.CheckConstraint(
                condition=Q(duration_seconds__gt=0),
                name="policy_version_duration_positive",
                violation_error_message=_("A promise takes at least a second."),
            ),
            models.CheckConstraint(
                condition=Q(warn_seconds__lte=models.F("duration_seconds")),
                name="policy_version_warns_within",
                violation_error_message=_("The warning cannot come before the clock starts."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.policy} {self.number}"


class Level(models.Model):
    """A rung of the ladder: when, measured from the due time in the policy's kind of time, and who hears."""

    class Recipient(models.TextChoices):
        OWNER = "owner", _("Owner")
        MANAGER = "manager", _("Owner's manager")
        EXECUTIVES = "executives", _("Executives")

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField(_("level"))
    offset_seconds = models.IntegerField(
        _("seconds after the due time"), help_text=_("Negative: before it, as a reminder.")
    )
    recipients = ArrayField(models.CharField(max_length=16, choices=Recipient.choices), verbose_name=_("who hears"))

    class Meta:
        ordering = ("number",)
        verbose_name = _("level")
        verbose_name_plural = _("levels")
        constraints = (
            models.UniqueConstraint(fields=("version", "number"), name="level_number_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="level_number_from_one"),
            models.CheckConstraint(
                condition=~Q(recipients=[]),
                name="level_has_recipients",
                violation_error_message=_("A level that nobody hears is no level."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.version}: {self.number}"
