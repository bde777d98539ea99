"""The score of a lead, as last computed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leads.models import Lead, LifecycleStage
from scoring.models.profiles import Icp, Persona
from scoring.models.rules import Rule, ScoringModel

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def _points(label: _StrPromise) -> models.DecimalField[Decimal, Decimal]:
    return models.DecimalField(label, max_digits=10, decimal_places=2, default=Decimal(0))


class LeadScore(models.Model):
    """Fit + engagement + intent = total, to the hundredth (domain rule 13: the database checks the sum).

    ``breakdown`` maps the id of each rule that gave points to those points, e.g. ``{"12": 10.0, "15": -2.5}``.
    """

    lead = models.OneToOneField(Lead, primary_key=True, on_delete=models.CASCADE, related_name="score")
    model = models.ForeignKey(ScoringModel, on_delete=models.PROTECT, related_name="+", db_index=False)
    fit = _points(_("fit"))
    engagement = _points(_("engagement"))
    intent = _points(_("intent"))
    total = _points(_("score"))
    breakdown = models.JSONField(_("points by rule"), default=dict)
    excluded_by = models.ForeignKey(
        Rule, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    decided_by = models.ForeignKey(
        Rule, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    target_stage = models.ForeignKey(
        LifecycleStage,
        verbose_name=_("stage the score qualifies for"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    icp = models.ForeignKey(Icp, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    persona = models.ForeignKey(
        Persona, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    scored_at = models.DateTimeField(_("scored at"))

    class Meta:
        verbose_name = _("lead score")
        verbose_name_plural = _("lead scores")
        constraints = (
            models.CheckConstraint(
                condition=Q(total=F("fit") + F("engagement") + F("intent")), name="lead_score_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(excluded_by__isnull=True) | Q(target_stage__isnull=True), name="lead_score_excluded_stays"
            ),
        )
        indexes = (
            models.Index(fields=("scored_at",), name="lead_score_oldest"),
            models.Index(fields=("total", "lead"), name="lead_score_total"),
            # Deleting a rule, or a draft with fifty of them, asks for each whether a score names it.
            models.Index(fields=("excluded_by",), name="lead_score_excluded", condition=Q(excluded_by__isnull=False)),
            models.Index(fields=("decided_by",), name="lead_score_decided", condition=Q(decided_by__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.total}"
