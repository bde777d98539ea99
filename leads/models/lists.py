"""The configured lists: lifecycle stages, statuses, lead types, sources, campaigns, event types, custom fields."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

validate_key = RegexValidator(
    r"^[a-z][a-z0-9_]*$", _("A key is lower-case letters, digits and underscores, and begins with a letter.")
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


class LifecycleStage(Listed):
    """How far the relationship is; ordered by ``position``, which is also the order of promotion."""

    description = models.TextField(_("what it means"), blank=True)

    class Meta(Listed.Meta):
        verbose_name = _("lifecycle stage")
        verbose_name_plural = _("lifecycle stages")
        constraints = (
            models.UniqueConstraint(
                fields=("position",), name="stage_position_unique", deferrable=models.Deferrable.DEFERRED
            ),
        )


class LeadStatus(Listed):
    """What is happening with the lead now."""

    is_closed = models.BooleanField(
        _("closed"), default=False, help_text=_("A lead in a closed status is never moved or handed off by a score.")
    )
    needs_reason = models.BooleanField(_("needs a reason"), default=False)

    class Meta(Listed.Meta):
        verbose_name = _("lead status")
        verbose_name_plural = _("lead statuses")


class LeadType(Listed):
    """What kind of business a lead is; routing, scores and clocks may depend on it."""

    class Meta(Listed.Meta):
        verbose_name = _("lead type")
        verbose_name_plural = _("lead types")


class EventType(Listed):
    """A kind of behaviour that can be recorded on a lead."""

    class Meta(Listed.Meta):
        verbose_name = _("event type")
        verbose_name_plural = _("event types")


class Source(models.Model):
    """Where leads come from, as it was typed: ``Google`` and ``google`` are two sources until somebody merges them."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """What marketing did to bring leads in: a fair, a mailing, ``utm_campaign`` of a link; named as it was typed."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")

    def __str__(self) -> str:
        return self.name


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

    class Meta(Listed.Meta):
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(kind="choice", choices=[]),
                name="custom_field_choice_has_choices",
                violation_error_message=_("A choice needs at least one value to choose."),
            ),
        )
