"""Escalations (the fact that a level fired) and notices (the messages that tell of it).

Detecting and delivering are apart (domain rule 10): the sweep writes an escalation in the same statement as it advances
the clock; a second step makes notices of them, a third one sends those.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sla.models.clock import Clock
from sla.querysets import EscalationQuerySet, NoticeQuerySet


class Escalation(models.Model):
    """A level of a clock fired: once, says the database (domain rule 9)."""

    class State(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        NOTICED = "noticed", _("Handed to delivery")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        SET_ASIDE = "set_aside", _("Set aside")

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="escalations", db_index=False)
    level = models.PositiveSmallIntegerField(_("level"))
    level_at = models.DateTimeField(_("was to fire at"))
    recorded_at = models.DateTimeField(_("noticed at"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RECORDED)
    error = models.TextField(_("error"), blank=True)

    objects: ClassVar[EscalationQuerySet] = EscalationQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("pk",)
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = (models.UniqueConstraint(fields=("clock", "level"), name="escalation_once_per_level"),)
        indexes = (
            models.Index(fields=("id",), name="escalation_recorded", condition=Q(state="recorded")),
            models.Index(fields=("id",), name="escalation_set_aside", condition=Q(state="set_aside")),
        )

    def __str__(self) -> str:
        return f"{self.clock_id}/{self.level}"


class Notice(models.Model):
    """One message to one or more people about one or more escalations; ``message_id`` never changes on a retry."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        FAILED = "failed", _("Failed")

    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    escalations = models.ManyToManyField(Escalation, related_name="notices", verbose_name=_("about"))
    recipients = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="notices", verbose_name=_("to"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    reason = models.CharField(_("why"), max_length=250)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    body = models.TextField(_("text as sent"), blank=True)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    next_try_at = models.DateTimeField(_("next try at"), null=True, blank=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="notice_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending"], next_try_at__isnull=False)
                | (~Q(state__in=["pending", "sending"]) & Q(next_try_at__isnull=True)),
                name="notice_open_has_next_try",
            ),
            models.CheckConstraint(
                condition=Q(state="sending", claimed_until__isnull=False)
                | (~Q(state="sending") & Q(claimed_until__isnull=True)),
                name="notice_sending_is_claimed",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_try_at", "id"), name="notice_due", condition=Q(state__in=["pending", "sending"])
            ),
            # The few of their kind among the many sent; those that wait are found by the index above.
            models.Index(
                fields=("state", "id"), name="notice_not_sent", condition=Q(state__in=["withdrawn", "failed"])
            ),
        )

    def __str__(self) -> str:
        return self.subject or self.reason


class DeliveryTry(models.Model):
    """What the mail server said, each time."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="delivery_tries")
    tried_at = models.DateTimeField(_("tried at"))
    ok = models.BooleanField(_("accepted"))
    detail = models.CharField(_("answer"), max_length=500, blank=True)

    class Meta:
        ordering = ("-tried_at", "-pk")
        verbose_name = _("delivery try")
        verbose_name_plural = _("delivery tries")

    def __str__(self) -> str:
        return f"{self.tried_at:%Y-%m-%d %H:%M:%S} {self.detail}"
