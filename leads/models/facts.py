"""What happened: behaviour of the lead (events), and what we did (attempts, notes)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.index_triggers import ATTEMPT_TRIGGERS
from leads.models.lead import Lead
from leads.models.lists import EventType


class Event(models.Model):
    """A piece of behaviour, at the time it happened (domain rule 17); the same key twice is one event."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="events", db_index=False)
    event_type = models.ForeignKey(
        EventType, verbose_name=_("event type"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    occurred_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    idempotency_key = models.CharField(_("idempotency key"), max_length=200, blank=True)
    properties = models.JSONField(_("properties"), default=dict, blank=True)

    class Meta:
        ordering = ("-occurred_at", "-pk")
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = (
            models.UniqueConstraint(
                fields=("idempotency_key",),
                condition=~models.Q(idempotency_key=""),
                name="event_idempotency_key_unique",
            ),
        )
        indexes = (
            # Timeline of one lead, and the join of the scoring query.
            models.Index(fields=("lead", "-occurred_at"), name="event_lead_newest"),
        )

    def __str__(self) -> str:
        return f"{self.event_type} {self.occurred_at:%Y-%m-%d %H:%M}"


class Channel(models.TextChoices):
    CALL = "call", _("Call")
    EMAIL = "email", _("E-mail")
    VIDEO = "video", _("Video message")
    SOCIAL = "social", _("Social")
    MEETING = "meeting", _("Meeting")


class Outcome(models.TextChoices):
    CONNECTED = "connected", _("Connected")
    NO_ANSWER = "no_answer", _("No answer")
    VOICEMAIL = "voicemail", _("Left a voicemail")
    BUSY = "busy", _("Busy")
    SENT = "sent", _("Sent")
    BOUNCED = "bounced", _("Bounced")
    WRONG_CONTACT = "wrong_contact", _("Wrong number or address")


class Attempt(models.Model):
    """A try at reaching a lead. Whether it *counts* is what the promise's sequence says, not this row."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="attempts"
    )
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    note = models.TextField(_("note"), blank=True, max_length=5000)
    occurred_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(_("logged at"), default=timezone.now, editable=False)

    class Meta:
        ordering = ("-occurred_at", "-pk")
        verbose_name = _("connection attempt")
        verbose_name_plural = _("connection attempts")
        constraints = (
            models.CheckConstraint(condition=models.Q(channel__in=Channel.values), name="attempt_channel_known"),
            models.CheckConstraint(condition=models.Q(outcome__in=Outcome.values), name="attempt_outcome_known"),
        )
        indexes = (models.Index(fields=("lead", "-occurred_at"), name="attempt_lead_newest"),)
        triggers = ATTEMPT_TRIGGERS

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_outcome_display()}"


class Note(models.Model):
    """Something a colleague should know."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="notes", db_index=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), on_delete=models.PROTECT, related_name="notes"
    )
    body = models.TextField(_("note"), max_length=10000)
    created_at = models.DateTimeField(_("written at"), default=timezone.now, editable=False)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = (models.Index(fields=("lead", "-created_at"), name="note_lead_newest"),)

    def __str__(self) -> str:
        return self.body[:80]
