"""The company a lead works for."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower
from django.db.models.lookups import In
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.index_triggers import COMPANY_TRIGGERS as INDEX_TRIGGERS
from leads.models.lead_triggers import COMPANY_TRIGGERS
from leads.text import FREE_MAIL

# What a colleague may ask "who changed this, and from what?" about. The row kept is the one *before* the change.
TRACKED_FIELDS = (
    "name",
    "domain",
    "industry",
    "employees",
    "annual_revenue",
    "country",
    "region",
    "city",
    "technologies",
)


@pghistory.track(
    pghistory.UpdateEvent(row=pghistory.Old, condition=pghistory.AnyChange(*TRACKED_FIELDS)),
    fields=["id", *TRACKED_FIELDS],
    model_name="CompanyBefore",
)
class Company(models.Model):
    """An account: one row per web domain where the domain is known."""

    name = models.CharField(_("name"), max_length=250)
    domain = models.CharField(_("web domain"), max_length=253, blank=True)
    industry = models.CharField(_("industry"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    annual_revenue = models.DecimalField(_("annual revenue"), max_digits=16, decimal_places=2, null=True, blank=True)
    country = models.CharField(_("country"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    technologies = models.CharField(
        _("technologies"), max_length=500, blank=True, help_text=_("What they are known to use, separated by commas.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = (
            models.UniqueConstraint(
                Lower("domain"),
                condition=~models.Q(domain=""),
                name="company_domain_unique",
                violation_error_message=_("There is a company with this domain already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(In(Lower("domain"), sorted(FREE_MAIL))),
                name="company_domain_is_own",
                violation_error_message=_("Anybody can have an address there: it is no company's domain."),
            ),
        )
        indexes: ClassVar[list[models.Index]] = [
            # The import finds the companies of a batch by it.
            models.Index(OpClass(Lower("name"), "text_pattern_ops"), name="company_name_prefix"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [*COMPANY_TRIGGERS, *INDEX_TRIGGERS]

    def __str__(self) -> str:
        return self.name
