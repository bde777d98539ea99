"""Changes of a list that concern more leads than somebody can wait for."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lists import CustomField


class FieldWork(models.Model):
    """Values of a field that leads still have as they were: a choice was renamed, or the kind is another one.

    It goes when all are done. Leads whose number is above ``after`` are still to be looked at.
    """

    field = models.OneToOneField(CustomField, on_delete=models.CASCADE, related_name="work")
    renames = models.JSONField(
        _("renamed choices"), default=dict, help_text=_("Empty: values become ones of the new kind.")
    )
    after = models.BigIntegerField(_("done up to"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("leads"))
    started_at = models.DateTimeField(_("asked at"), default=timezone.now)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("change of a field")
        verbose_name_plural = _("changes of fields")

    def __str__(self) -> str:
        return f"{self.field}: {self.done} / {self.total}"
