"""Hand-offs, and the rules by which they find an SDR."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import Lead, LifecycleStage, StageChange
from people.models import Team
from scoring.models import ScoringModel
from sla.querysets import HandoffQuerySet


@pghistory.track(model_name="RoutingRuleHistory")
class RoutingRule(models.Model):
    """A lead that reaches the stage and meets the conditions is handed to the team; first match wins."""

    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name = models.CharField(_("name"), max_length=120)
    stage = models.ForeignKey(LifecycleStage, verbose_name=_("on reaching"), on_delete=models.PROTECT, related_name="+")
    conditions = models.JSONField(_("and when"), default=list, blank=True)
    team = models.ForeignKey(Team, verbose_name=_("goes to"), on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField(_("switched on"), default=True)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")

    def __str__(self) -> str:
        return self.name


class RoutingTurn(models.Model):
    """Whose turn it is in a team: who has the lowest number is next. Its rows are the lock of the round."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    turn = models.BigIntegerField(_("last turn"), default=0)

    class Meta:
        verbose_name = _("routing turn")
        verbose_name_plural = _("routing turns")
        constraints = (models.UniqueConstraint(fields=("team", "user"), name="routing_turn_unique"),)

    def __str__(self) -> str:
        return f"{self.team} {self.user}: {self.turn}"


@pghistory.track(
    pghistory.UpdateEvent(row=pghistory.Old, condition=pghistory.AnyChange("owner", "team")),
    fields=["id", "owner", "team"],
    model_name="HandoffBefore",
)
class Handoff(models.Model):
    """A qualified lead given to sales, with the facts of that moment (domain: the hand-off keeps its explanation).

    ``explanation`` is the score as it stood: ``{"model", "fit", "engagement", "intent", "total", "scored_at",
    "lines": [{"rule", "name", "part", "points", "fact"}]}``; ``routing`` says why this owner: ``{"rule", "why"}``,
    and ``"by"`` whom, where somebody decided it.
    """

    class Why(models.TextChoices):
        """Kept as a word, told in the reader's language."""

        NEXT = "next", _("Next in turn")
        KEPT = "kept", _("Has this lead already")
        NOBODY = "nobody", _("Nobody available")
        WAITED = "waited", _("Next in turn, after a wait")
        REASSIGNED = "reassigned", _("Reassigned by %(by)s")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="handoffs")
    stage = models.ForeignKey(LifecycleStage, on_delete=models.PROTECT, related_name="+", db_index=False)
    stage_change = models.OneToOneField(
        StageChange, on_delete=models.PROTECT, related_name="handoff", null=True, blank=True
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="handoffs")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="handoffs",
        help_text=_("Empty while nobody in the team is available."),
    )
    model = models.ForeignKey(
        ScoringModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    explanation = models.JSONField(_("score at that moment"), default=dict)
    routing = models.JSONField(_("why this owner"), default=dict)
    opened_at = models.DateTimeField(_("handed off at"))
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects: ClassVar[HandoffQuerySet] = HandoffQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("-opened_at", "-pk")
        verbose_name = _("hand-off")
        verbose_name_plural = _("hand-offs")
        constraints = (
            models.UniqueConstraint(
                fields=("lead",), condition=Q(closed_at__isnull=True), name="handoff_one_open_per_lead"
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True, assigned_at__isnull=True)
                | Q(owner__isnull=False, assigned_at__isnull=False),
                name="handoff_owner_has_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("owner", "-opened_at"), name="handoff_open_by_owner", condition=Q(closed_at__isnull=True)
            ),
            models.Index(
                fields=("team", "opened_at"),
                name="handoff_unassigned",
                condition=Q(closed_at__isnull=True, owner__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.owner_id or self.team_id}"

    @property
    def why(self) -> str:
        """Why this owner; empty where nobody said."""
        word = self.routing.get("why")
        return str(self.Why(word).label) % {"by": self.routing.get("by", "–")} if word in self.Why else ""
