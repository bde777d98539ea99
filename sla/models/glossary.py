"""The glossary both teams share."""

from __future__ import annotations

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _


@pghistory.track(model_name="GlossaryTermHistory")
class GlossaryTerm(models.Model):
    """One of the ten terms, in the company's own words; ``key`` ties it to the live rule shown beside it."""

    key = models.CharField(_("key"), max_length=64, unique=True, editable=False)
    term = models.CharField(_("term"), max_length=120)
    text = models.TextField(_("what it means here"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("glossary term")
        verbose_name_plural = _("glossary terms")

    def __str__(self) -> str:
        return self.term
