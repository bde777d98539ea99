"""Versions of the scoring model and their rules."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import EventType, LifecycleStage
from scoring.models.profiles import Icp, Persona
from scoring.querysets import ScoringModelQuerySet


@pghistory.track(model_name="ScoringModelHistory")
class ScoringModel(models.Model):
    """A version of the rules. A draft scores nobody; at most one is published; a superseded one is history."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Superseded")

    version = models.PositiveIntegerField(_("version"), unique=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    comment = models.TextField(_("what this version is about"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    objects: ClassVar[ScoringModelQuerySet] = ScoringModelQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("-version",)
        verbose_name = _("scoring model")
        verbose_name_plural = _("scoring models")
        constraints = (
            models.UniqueConstraint(
                fields=("state",), condition=Q(state="published"), name="scoring_model_one_published"
            ),
            models.UniqueConstraint(fields=("state",), condition=Q(state="draft"), name="scoring_model_one_draft"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True)
                | (~Q(state="draft") & Q(published_at__isnull=False)),
                name="scoring_model_published_has_time",
            ),
        )

    def __str__(self) -> str:
        return str(_("Scoring %(version)s") % {"version": self.version})

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT


@pghistory.track(model_name="RuleHistory")
class Rule(models.Model):
    """One line of a scoring model.

    ``conditions`` is a list of ``{"field", "op", "value"}`` (see ``scoring.language``), all of which must hold for the
    lead. With an ``event_type`` the rule counts that lead's events of the type for which ``event_conditions`` hold:
    ``points`` for each one, faded by ``half_life_days`` or cut off after ``window_days``, from ``min_count`` events on,
    never further from zero than ``cap``.
    """

    class Effect(models.TextChoices):
        POINTS = "points", _("Gives points")
        EXCLUSION = "exclusion", _("Excludes")
        DECISIVE = "decisive", _("Moves straight to a stage")

    class Part(models.TextChoices):
        FIT = "fit", _("Fit")
        ENGAGEMENT = "engagement", _("Engagement")
        INTENT = "intent", _("Intent")

    model = models.ForeignKey(ScoringModel, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name = models.CharField(_("name"), max_length=150)
    effect = models.CharField(_("effect"), max_length=16, choices=Effect.choices, default=Effect.POINTS)
    part = models.CharField(_("part of the score"), max_length=16, choices=Part.choices, blank=True)
    conditions = models.JSONField(_("conditions on the lead"), default=list, blank=True)
    event_type = models.ForeignKey(
        EventType,
        verbose_name=_("event"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Leave empty for a rule about who the lead is."),
    )
    event_conditions = models.JSONField(_("conditions on the event"), default=list, blank=True)
    min_count = models.PositiveSmallIntegerField(_("from how many events on"), default=1)
    window_days = models.PositiveSmallIntegerField(_("counts for days"), null=True, blank=True)
    half_life_days = models.PositiveSmallIntegerField(_("halves every days"), null=True, blank=True)
    points = models.SmallIntegerField(_("points"), default=0)
    cap = models.PositiveSmallIntegerField(_("at most points"), null=True, blank=True)
    target_stage = models.ForeignKey(
        LifecycleStage,
        verbose_name=_("moves to"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    icp = models.ForeignKey(Icp, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    persona = models.ForeignKey(Persona, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    is_active = models.BooleanField(_("switched on"), default=True)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = (
            models.CheckConstraint(
                condition=Q(effect="points", part__in=["fit", "engagement", "intent"])
                | (Q(part="", points=0) & ~Q(effect="points")),
                name="rule_points_have_a_part",
                violation_error_message=_("A rule that gives points says to which part; any other gives none."),
            ),
            models.CheckConstraint(
                condition=~Q(effect="points", points=0, persona__isnull=True),
                name="rule_points_not_zero",
                violation_error_message=_("A rule that gives no points does nothing."),
            ),
            models.CheckConstraint(
                condition=Q(effect="decisive", target_stage__isnull=False)
                | (~Q(effect="decisive") & Q(target_stage__isnull=True)),
                name="rule_decisive_has_stage",
                violation_error_message=_("A decisive act says to which stage it moves; no other rule does."),
            ),
            models.CheckConstraint(
                condition=Q(window_days__isnull=True) | Q(half_life_days__isnull=True),
                name="rule_window_or_half_life",
                violation_error_message=_("Choose a time window or a half-life, not both."),
            ),
            models.CheckConstraint(
                condition=Q(event_type__isnull=False)
                | Q(
                    event_conditions=[],
                    min_count=1,
                    window_days__isnull=True,
                    half_life_days__isnull=True,
                    cap__isnull=True,
                ),
                name="rule_event_settings_need_event",
                violation_error_message=_("Windows, half-lives, counts and caps are for rules about events."),
            ),
            models.CheckConstraint(
                condition=Q(event_type__isnull=False) | ~Q(conditions=[]),
                name="rule_has_a_condition",
                violation_error_message=_("A rule needs an event or at least one condition."),
            ),
            models.CheckConstraint(condition=Q(min_count__gte=1), name="rule_min_count_positive"),
            models.CheckConstraint(
                condition=Q(window_days__isnull=True) | Q(window_days__gte=1), name="rule_window_positive"
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__isnull=True) | Q(half_life_days__gte=1), name="rule_half_life_positive"
            ),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="ThresholdHistory")
class Threshold(models.Model):
    """From which score on a lead belongs in a stage; every limit that is set must be reached."""

    model = models.ForeignKey(ScoringModel, on_delete=models.CASCADE, related_name="thresholds")
    stage = models.ForeignKey(LifecycleStage, verbose_name=_("stage"), on_delete=models.PROTECT, related_name="+")
    min_total = models.SmallIntegerField(_("total from"), null=True, blank=True)
    min_fit = models.SmallIntegerField(_("fit from"), null=True, blank=True)
    min_engagement = models.SmallIntegerField(_("engagement from"), null=True, blank=True)
    min_intent = models.SmallIntegerField(_("intent from"), null=True, blank=True)

    class Meta:
        ordering = ("stage__position",)
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        constraints = (
            models.UniqueConstraint(
                fields=("model", "stage"),
                name="threshold_one_per_stage",
                violation_error_message=_("This stage has a threshold already."),
            ),
            models.CheckConstraint(
                condition=Q(min_total__isnull=False)
                | Q(min_fit__isnull=False)
                | Q(min_engagement__isnull=False)
                | Q(min_intent__isnull=False),
                name="threshold_has_a_limit",
                violation_error_message=_("Set at least one limit; without any, every lead would be moved."),
            ),
        )

    def __str__(self) -> str:
        return str(self.stage)
