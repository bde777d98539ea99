"""Ideal customer profiles and buyer personas: living records that people read, with criteria that match leads.

Editing one changes no score: publishing a scoring model copies the criteria into that version as rules
(domain rule 16), so that a published version is complete and never moves.
"""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


@pghistory.track(model_name="IcpHistory")
class Icp(models.Model):
    """The company worth selling to, and what rules one out."""

    name = models.CharField(_("name"), max_length=120)
    narrative = models.TextField(_("narrative"), blank=True, help_text=_("In words: who they are and why they buy."))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)

    class Meta:
        ordering = ("position", "name")
        verbose_name = _("ideal customer profile")
        verbose_name_plural = _("ideal customer profiles")
        constraints = (
            models.UniqueConstraint(
                Lower("name"),
                name="icp_name_unique",
                violation_error_message=_("There is a profile of this name already."),
            ),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="IcpCriterionHistory")
class IcpCriterion(models.Model):
    """One trait of the profile: worth points of fit, or an exclusion that disqualifies."""

    icp = models.ForeignKey(Icp, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name = models.CharField(_("name"), max_length=150)
    conditions = models.JSONField(_("conditions"), default=list)
    excludes = models.BooleanField(_("rules the company out"), default=False)
    points = models.SmallIntegerField(_("points"), default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(excludes=True, points=0) | (models.Q(excludes=False) & ~models.Q(points=0)),
                name="icp_criterion_points_or_excludes",
                violation_error_message=_("A criterion gives points, or rules out and gives none."),
            ),
            models.CheckConstraint(
                condition=~models.Q(conditions=[]),
                name="icp_criterion_has_conditions",
                violation_error_message=_("A criterion needs at least one condition."),
            ),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="PersonaHistory")
class Persona(models.Model):
    """The person at such a company, given a name and a life so that people can write and talk to them."""

    class BuyingRole(models.TextChoices):
        DECISION_MAKER = "decision_maker", _("Decision maker")
        INFLUENCER = "influencer", _("Influencer")
        USER = "user", _("User")

    name = models.CharField(_("name"), max_length=120)
    job_title = models.CharField(_("job title"), max_length=150, blank=True)
    buying_role = models.CharField(_("buying role"), max_length=16, choices=BuyingRole.choices)
    biography = models.TextField(_("biography"), blank=True)
    demographics = models.TextField(_("demographics"), blank=True)
    behaviour = models.TextField(_("behaviour"), blank=True)
    interests = models.TextField(_("interests"), blank=True)
    needs = models.TextField(_("needs"), blank=True)
    pain_points = models.TextField(_("pain points"), blank=True)
    conditions = models.JSONField(
        _("who matches"), default=list, help_text=_("A lead for whom all of these hold has this persona.")
    )
    points = models.SmallIntegerField(_("points of fit for a match"), default=0)
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("A lead that matches several has the first one.")
    )
    is_active = models.BooleanField(_("in use"), default=True)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)

    class Meta:
        ordering = ("position", "name")
        verbose_name = _("buyer persona")
        verbose_name_plural = _("buyer personas")
        constraints = (
            models.UniqueConstraint(
                Lower("name"),
                name="persona_name_unique",
                violation_error_message=_("There is a persona of this name already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(conditions=[]),
                name="persona_has_conditions",
                violation_error_message=_("A persona needs at least one condition to match leads by."),
            ),
        )

    def __str__(self) -> str:
        return self.name
