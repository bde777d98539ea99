"""The queue of leads whose facts changed: written with the facts, drained by the flow."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.querysets import ChangedLeadQuerySet


class ChangedLead(models.Model):
    """One mark per change. Append-only on purpose: a writer never waits for the flow that is draining."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    queued_at = models.DateTimeField(_("queued at"), default=timezone.now)
    set_aside_at = models.DateTimeField(_("set aside at"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)

    objects: ClassVar[ChangedLeadQuerySet] = ChangedLeadQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("pk",)
        verbose_name = _("changed lead")
        verbose_name_plural = _("changed leads")
        indexes = (
            models.Index(fields=("id",), name="changed_lead_waiting", condition=models.Q(set_aside_at__isnull=True)),
            models.Index(
                fields=("set_aside_at",),
                name="changed_lead_set_aside",
                condition=models.Q(set_aside_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead_id}"
