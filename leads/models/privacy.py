"""What was done with what is held on people: kept without saying whom it concerned."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead


class PrivacyAct(models.Model):
    """Somebody was handed what is held on a person, or a person was erased. It holds nothing about the person."""

    class Kind(models.TextChoices):
        EXPORTED = "exported", _("Handed out")
        ERASED = "erased", _("Erased")

    class Reason(models.TextChoices):
        REQUESTED = "requested", _("They asked for it")
        RETENTION = "retention", _("Nothing happened for as long as data is kept")
        MISTAKE = "mistake", _("They should never have been stored")
        OTHER = "other", _("Another reason")

    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="privacy_acts")
    kind = models.CharField(_("what"), max_length=16, choices=Kind.choices)
    reason = models.CharField(_("why"), max_length=16, choices=Reason.choices, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("privacy act")
        verbose_name_plural = _("privacy acts")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="exported", reason="") | (Q(kind="erased") & ~Q(reason="")),
                name="privacy_act_erasure_says_why",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=False) | Q(reason="retention"), name="privacy_act_by_a_person_or_retention"
            ),
        )
        indexes = (models.Index(fields=("kind", "-at"), name="privacy_act_newest"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class ErasedAddress(models.Model):
    """The fingerprint of an address whose owner is not to come back; the address itself is nowhere.

    It is made with a secret (``BATON_ERASURE_SECRET``), so that nobody who reads the table can try addresses on it.
    """

    digest = models.CharField(_("fingerprint"), max_length=64, unique=True)
    # The day and no more: the moment would say which erasure, and so which lead, it belongs to.
    erased_on = models.DateField(_("erased"))

    class Meta:
        verbose_name = _("erased address")
        verbose_name_plural = _("erased addresses")

    def __str__(self) -> str:
        return self.digest[:8]
