"""The configured lists: lifecycle stages, statuses, lead types, sources, campaigns, event types, custom fields."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

validate_key = RegexValidator(
    r"^[a-z][a-z0-9_]*$", _("A key is lower-case letters, digits and underscores, and begins with a letter.")
)


def _one_of_a_name(constraint: str) -> models.UniqueConstraint:
    """No two rows of a list whose names differ in nothing but case: nobody could tell them apart in a menu."""
    return models.UniqueConstraint(
        Lower("name"), name=constraint, violation_error_message=_("There is one of this name already.")
    )


class Listed(models.Model):
    """A row of a configured list: a stable key for the program, a name for people, an order, and retirement."""

    key = models.CharField(_("key"), max_length=64, unique=True, validators=[validate_key])
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(
        _("in use"), default=True, help_text=_("Retired values stay on old records and are offered no more.")
    )

    class Meta:
        abstract = True
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="LifecycleStageHistory")
class LifecycleStage(Listed):
    """How far the relationship is; ordered by ``position``, which is also the order of promotion."""

    description = models.TextField(_("what it means"), blank=True, max_length=1000)

    class Meta(Listed.Meta):
        verbose_name = _("lifecycle stage")
        verbose_name_plural = _("lifecycle stages")
        constraints = (
            models.UniqueConstraint(
                fields=("position",), name="stage_position_unique", deferrable=models.Deferrable.DEFERRED
            ),
            _one_of_a_name("stage_name_unique"),
        )


@pghistory.track(model_name="LeadStatusHistory")
class LeadStatus(Listed):
    """What is happening with the lead now."""

    is_closed = models.BooleanField(
        _("closed"), default=False, help_text=_("A lead in a closed status is never moved or handed off by a score.")
    )
    needs_reason = models.BooleanField(_("needs a reason"), default=False)
    takes_other_reasons = models.BooleanField(
        _("another reason may be written"),
        default=True,
        db_default=True,
        help_text=_("Off: only the reasons listed below can be chosen."),
    )

    class Meta(Listed.Meta):
        verbose_name = _("lead status")
        verbose_name_plural = _("lead statuses")
        constraints = (_one_of_a_name("status_name_unique"),)

    def refuses(self, reason: str) -> bool:
        """Whether a reason is none of those that this status takes; one that is not given is another matter."""
        return bool(reason and self.only_reasons) and reason.lower() not in self.only_reasons

    @property
    def only_reasons(self) -> frozenset[str]:
        """The reasons it takes, in small letters; none where another may be written."""
        if self.takes_other_reasons:
            return frozenset()
        return frozenset(each.text.lower() for each in self.reasons.all() if each.is_active)


@pghistory.track(model_name="StatusReasonHistory")
class StatusReason(models.Model):
    """A reason that a status offers. A lead keeps the words, so that renaming a reason rewrites no history."""

    status = models.ForeignKey(LeadStatus, on_delete=models.CASCADE, related_name="reasons")
    text = models.CharField(_("reason"), max_length=250)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        constraints = (
            models.UniqueConstraint(
                "status",
                Lower("text"),
                name="status_reason_unique",
                violation_error_message=_("The status has this reason already."),
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="status_reason_says_something"),
        )

    def __str__(self) -> str:
        return self.text

    @classmethod
    def offered(cls) -> models.QuerySet[StatusReason]:
        """Those that can be chosen, with their statuses and in their order."""
        rows = cls.objects.filter(is_active=True, status__is_active=True)
        return rows.select_related("status").order_by("status__position", "position", "pk")


@pghistory.track(model_name="LeadTypeHistory")
class LeadType(Listed):
    """What kind of business a lead is; routing, scores and clocks may depend on it."""

    class Meta(Listed.Meta):
        verbose_name = _("lead type")
        verbose_name_plural = _("lead types")
        constraints = (_one_of_a_name("lead_type_name_unique"),)


@pghistory.track(model_name="EventTypeHistory")
class EventType(Listed):
    """A kind of behaviour that can be recorded on a lead."""

    class Meta(Listed.Meta):
        verbose_name = _("event type")
        verbose_name_plural = _("event types")
        constraints = (_one_of_a_name("event_type_name_unique"),)


@pghistory.track(model_name="SourceHistory")
class Source(models.Model):
    """Where leads come from, as it was typed: ``Google`` and ``google`` are two sources until somebody merges them."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="also_written",
        help_text=_("Whatever comes under this name counts for the other one."),
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True)
                | (models.Q(is_active=False) & ~models.Q(merged_into=models.F("id"))),
                name="source_merged_is_retired",
            ),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="CampaignHistory")
class Campaign(models.Model):
    """What marketing did to bring leads in: a fair, a mailing, ``utm_campaign`` of a link; named as it was typed."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="also_written",
        help_text=_("Whatever comes under this name counts for the other one."),
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True)
                | (models.Q(is_active=False) & ~models.Q(merged_into=models.F("id"))),
                name="campaign_merged_is_retired",
            ),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="CustomFieldHistory")
class CustomField(Listed):
    """A field of the company's own; values are kept typed in ``Lead.custom`` under ``key``."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        MONEY = "money", _("Money")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")
        YES_NO = "yes_no", _("Yes or no")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.TEXT)
    choices = ArrayField(models.CharField(max_length=200), verbose_name=_("choices"), default=list, blank=True)
    retired_choices = ArrayField(
        models.CharField(max_length=200), verbose_name=_("retired choices"), default=list, db_default=[], blank=True
    )

    class Meta(Listed.Meta):
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(kind="choice", choices=[]),
                name="custom_field_choice_has_choices",
                violation_error_message=_("A choice needs at least one value to choose."),
            ),
            _one_of_a_name("custom_field_name_unique"),
        )


@pghistory.track(model_name="ForbiddenMoveHistory")
class ForbiddenMove(models.Model):
    """A move between two stages that no door lets through; what is not here is allowed."""

    from_stage = models.ForeignKey(
        LifecycleStage, verbose_name=_("from"), on_delete=models.CASCADE, related_name="forbidden_moves"
    )
    to_stage = models.ForeignKey(LifecycleStage, verbose_name=_("to"), on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("forbidden move")
        verbose_name_plural = _("forbidden moves")
        constraints = (
            models.UniqueConstraint(fields=("from_stage", "to_stage"), name="forbidden_move_unique"),
            models.CheckConstraint(condition=~models.Q(from_stage=models.F("to_stage")), name="forbidden_move_moves"),
        )

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}"
