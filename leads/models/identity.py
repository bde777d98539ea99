"""By what else a person or a company is known: the addresses and domains that a merge took out of use."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models.functions import Lower, Trim
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.company import Company
from leads.models.lead import Lead

# Whoever writes an address that is somebody's waits for them at the unique index of the other table, and is then
# refused by the look that follows (docs/merging.md): so the two tables hold an address once between them.
TAKEN = """
    IF EXISTS (SELECT 1 FROM leads_lead l WHERE l.email = NEW.email) THEN
        RAISE unique_violation USING CONSTRAINT = 'former_email_is_free',
            MESSAGE = 'a lead has the e-mail address ' || NEW.email;
    END IF;
    RETURN NULL;
"""


class FormerEmail(models.Model):
    """An address by which a lead was known before a merge; whoever writes from it is still that person."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="former_emails")
    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("former e-mail address")
        verbose_name_plural = _("former e-mail addresses")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(email=Lower(Trim("email"))) & ~models.Q(email=""), name="former_email_normalised"
            ),
        )
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="former_email_is_free",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.After,
                func=TAKEN,
            ),
        ]

    def __str__(self) -> str:
        return self.email


HAS_IT = """
    IF EXISTS (SELECT 1 FROM leads_company c WHERE lower(c.domain) = NEW.domain) THEN
        RAISE unique_violation USING CONSTRAINT = 'former_domain_is_free',
            MESSAGE = 'a company has the web domain ' || NEW.domain;
    END IF;
    RETURN NULL;
"""


class FormerDomain(models.Model):
    """A web domain of a company that was merged into this one: whoever writes from there works for this one."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="former_domains")
    domain = models.CharField(_("web domain"), max_length=253, unique=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("former web domain")
        verbose_name_plural = _("former web domains")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(domain=Lower("domain")) & ~models.Q(domain=""), name="former_domain_normalised"
            ),
        )
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="former_domain_is_free",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.After,
                func=HAS_IT,
            ),
        ]

    def __str__(self) -> str:
        return self.domain
