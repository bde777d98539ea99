"""The stage history: written by one service, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.lists import LifecycleStage


class StageChange(models.Model):
    """A lead moved: from, to, when, who or what, why, under which version of the rules."""

    class Reason(models.TextChoices):
        CREATED = "created", _("Created")
        THRESHOLD = "threshold", _("Score reached the threshold")
        DECISIVE = "decisive", _("Decisive act")
        IMPORTED = "imported", _("Imported")
        BY_HAND = "by_hand", _("Moved by hand")
        API = "api", _("Moved by a program")
        MERGED = "merged", _("Merged with another lead")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="stage_changes", db_index=False)
    from_stage = models.ForeignKey(
        LifecycleStage, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_stage = models.ForeignKey(LifecycleStage, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_at = models.DateTimeField(_("moved at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices)
    detail = models.CharField(_("detail"), max_length=250, blank=True)
    version = models.CharField(
        _("version"), max_length=120, blank=True, help_text=_("Of the rules that moved it, such as “Scoring 3”.")
    )

    class Meta:
        ordering = ("-changed_at", "-pk")
        verbose_name = _("stage change")
        verbose_name_plural = _("stage changes")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(from_stage__isnull=True) | ~models.Q(from_stage=models.F("to_stage")),
                name="stage_change_moves",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason="by_hand") | models.Q(by__isnull=False),
                name="stage_change_by_hand_says_who",
            ),
            # A program is no person: its key is named in the detail.
            models.CheckConstraint(
                condition=~models.Q(reason="api") | ~models.Q(detail=""),
                name="stage_change_api_says_who",
            ),
        )
        indexes = (models.Index(fields=("lead", "-changed_at"), name="stage_change_lead_newest"),)

    def __str__(self) -> str:
        return f"{self.from_stage or '–'} → {self.to_stage}"
