"""The lead: one person, as far as they are known, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Trim
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.company import Company
from leads.models.index_triggers import LEAD_TRIGGERS as INDEX_TRIGGERS
from leads.models.lead_triggers import LEAD_TRIGGERS
from leads.models.lists import Campaign, LeadStatus, LeadType, LifecycleStage, Source
from leads.querysets import LeadQuerySet

if TYPE_CHECKING:
    from people.models import User

# What a colleague may ask "who changed this, and from what?" about. The row kept is the one *before* the change.
TRACKED_FIELDS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "job_title",
    "company",
    "country",
    "city",
    "language",
    "source",
    "campaign",
    "lead_type",
    "status",
    "status_reason",
    "stage",
    "journey_step",
    "owner",
    "bant_budget",
    "bant_authority",
    "bant_need",
    "bant_timeline",
    "consent",
    "consent_at",
    "consent_source",
    "do_not_email",
    "do_not_call",
    "custom",
)

# The words that say who somebody is, or that somebody wrote about them: empty once they are erased.
PERSONAL_TEXTS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "job_title",
    "city",
    "status_reason",
    "bant_budget",
    "bant_authority",
    "bant_need",
    "bant_timeline",
    "consent_source",
)


@pghistory.track(
    pghistory.UpdateEvent(row=pghistory.Old, condition=pghistory.AnyChange(*TRACKED_FIELDS)),
    fields=["id", *TRACKED_FIELDS],
    model_name="LeadBefore",
)
class Lead(models.Model):
    """A person who may buy. Stage moves only through ``leads.services.stages.move_stages``."""

    class Consent(models.TextChoices):
        UNKNOWN = "unknown", _("Unknown")
        GRANTED = "granted", _("Granted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class JourneyStep(models.TextChoices):
        AWARENESS = "awareness", _("Awareness")
        CONSIDERATION = "consideration", _("Consideration")
        DECISION = "decision", _("Decision")

    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    job_title = models.CharField(_("job title"), max_length=200, blank=True)
    company = models.ForeignKey(
        Company, verbose_name=_("company"), null=True, blank=True, on_delete=models.SET_NULL, related_name="leads"
    )
    country = models.CharField(_("country"), max_length=100, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    source = models.ForeignKey(
        Source, verbose_name=_("source"), null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    campaign = models.ForeignKey(
        Campaign, verbose_name=_("campaign"), null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    lead_type = models.ForeignKey(LeadType, verbose_name=_("lead type"), on_delete=models.PROTECT, related_name="leads")
    status = models.ForeignKey(LeadStatus, verbose_name=_("status"), on_delete=models.PROTECT, related_name="leads")
    status_reason = models.CharField(_("reason of the status"), max_length=250, blank=True)
    stage = models.ForeignKey(
        LifecycleStage, verbose_name=_("lifecycle stage"), on_delete=models.PROTECT, related_name="leads"
    )
    stage_since = models.DateTimeField(_("in this stage since"), default=timezone.now)
    journey_step = models.CharField(_("buyer's journey"), max_length=16, choices=JourneyStep.choices, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="leads",
    )
    # BANT, as far as somebody has found out: in words, since "two seats in spring" is no number and no date.
    bant_budget = models.CharField(_("budget"), max_length=250, blank=True, default="", db_default="")
    bant_authority = models.CharField(_("authority"), max_length=250, blank=True, default="", db_default="")
    bant_need = models.CharField(_("need"), max_length=250, blank=True, default="", db_default="")
    bant_timeline = models.CharField(_("timeline"), max_length=250, blank=True, default="", db_default="")
    consent = models.CharField(
        _("consent to be mailed"), max_length=16, choices=Consent.choices, default=Consent.UNKNOWN
    )
    consent_at = models.DateTimeField(_("consent given or withdrawn at"), null=True, blank=True)
    consent_source = models.CharField(_("where consent was given or withdrawn"), max_length=200, blank=True)
    do_not_email = models.BooleanField(_("do not e-mail"), default=False)
    do_not_call = models.BooleanField(_("do not call"), default=False)
    custom = models.JSONField(_("custom fields"), default=dict, blank=True)
    behaviour_from = models.DateTimeField(
        _("behaviour counts from"),
        null=True,
        blank=True,
        help_text=_("Set when a lead is returned: only what it does later counts towards qualifying again."),
    )
    erased_at = models.DateTimeField(
        _("erased"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The person is gone; what is left is counted and cannot be changed."),
    )
    captured_at = models.DateTimeField(_("captured"), default=timezone.now)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)

    objects: ClassVar[LeadQuerySet] = LeadQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = (
            models.UniqueConstraint(
                fields=("email",),
                condition=~models.Q(email=""),
                name="lead_email_unique",
                violation_error_message=_("There is a lead with this e-mail address already."),
            ),
            models.CheckConstraint(condition=models.Q(email=Lower(Trim("email"))), name="lead_email_normalised"),
            models.CheckConstraint(
                condition=models.Q(consent="unknown") | models.Q(consent_at__isnull=False),
                name="lead_consent_has_time",
                violation_error_message=_("Consent needs the time when it was given or withdrawn."),
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at__isnull=True) | models.Q(**dict.fromkeys(PERSONAL_TEXTS, "")),
                name="lead_erased_is_nobody",
                violation_error_message=_("This person was erased; nothing can be kept of them again."),
            ),
        )
        indexes = (
            models.Index(fields=("erased_at",), name="lead_erased", condition=models.Q(erased_at__isnull=False)),
            models.Index(fields=("owner", "-id"), name="lead_owner_newest"),
            models.Index(fields=("stage", "-id"), name="lead_stage_newest"),
            # What changed since, page by page (the API).
            models.Index(fields=("updated_at", "id"), name="lead_updated"),
            models.Index(fields=("captured_at", "id"), name="lead_captured"),
        )
        triggers: ClassVar[list[pgtrigger.Trigger]] = [*LEAD_TRIGGERS, *INDEX_TRIGGERS]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    def is_workable_by(self, user: User) -> bool:
        """Whether somebody who sees this lead may act on it: ``LeadQuerySet.workable_by`` without asking for it."""
        return not self.is_erased and (
            user.role == "manager" or (user.role in {"sdr", "ae"} and self.owner_id == user.pk)
        )

    @property
    def refuses_email(self) -> bool:
        """They said no, in one of the two ways in which one can."""
        return self.do_not_email or self.consent == self.Consent.WITHDRAWN

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def display_name(self) -> str:
        """Name, else address, else number: real imports have leads that are only an ``external_id``."""
        if self.is_erased:
            return str(_("Erased person"))
        return self.full_name or self.email or str(_("Lead %(number)s") % {"number": self.pk})


class ExternalId(models.Model):
    """What another system calls this lead: no value twice in a system. Merged leads have several in one."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="external_ids")
    system = models.CharField(_("system"), max_length=64)
    value = models.CharField(_("number there"), max_length=200)

    class Meta:
        verbose_name = _("external id")
        verbose_name_plural = _("external ids")
        constraints = (
            # The number first: people search for one without knowing the system.
            models.UniqueConstraint(fields=("value", "system"), name="external_id_unique"),
        )

    def __str__(self) -> str:
        return f"{self.system}: {self.value}"
