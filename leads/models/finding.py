"""What a lead is found and ordered by in the list: kept by triggers, so that it is right at every door."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class LeadIndex(models.Model):
    """One row per lead, beside it: what an index of the list holds is written anew when a lead's stage moves.

    ``words`` are the beginnings that search finds: of names, company, domain and e-mail address (accents and case
    folded, see ``leads.text.fold``), and the digits of the phone. ``name_key`` and ``company_key`` are what the list
    is ordered by; ``last_touch_at`` is the newest attempt.
    """

    # The migration makes the foreign key itself: one that takes this row along when SQL deletes the lead.
    lead = models.OneToOneField(
        Lead, primary_key=True, on_delete=models.CASCADE, related_name="index", db_constraint=False
    )
    words = SearchVectorField()
    name_key = models.CharField(_("name"), max_length=100, db_collation="C")
    company_key = models.CharField(_("company"), max_length=100, null=True, db_collation="C")  # noqa: DJ001 - no company is no name, and stands last in either direction
    last_touch_at = models.DateTimeField(_("last touch"), null=True)

    class Meta:
        verbose_name = _("index of a lead")
        verbose_name_plural = _("index of leads")
        indexes: ClassVar[list[models.Index]] = [
            # A short list of what is not sorted in yet: every search reads through it.
            GinIndex(fields=("words",), name="lead_index_words", gin_pending_list_limit=256),
            models.Index(fields=("name_key", "lead"), name="lead_index_name"),
            models.Index(
                fields=("company_key", "lead"),
                name="lead_index_company",
                condition=models.Q(company_key__isnull=False),
            ),
            models.Index(
                fields=("last_touch_at", "lead"),
                name="lead_index_touch",
                condition=models.Q(last_touch_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name_key
