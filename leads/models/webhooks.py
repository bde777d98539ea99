"""Telling other programs what happened: where to, what was said, and what they answered."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.querysets import WebhookDeliveryQuerySet, WebhookEndpointQuerySet

# The secret is no matter for a history, and how sending fares has a log of its own.
TRACKED_FIELDS = ("url", "description", "kinds", "is_active")


class WebhookKind(models.TextChoices):
    """What can be told; docs/api.md says when each is."""

    LEAD_CREATED = "lead.created", _("Lead created")
    STAGE_CHANGED = "lead.stage_changed", _("Stage changed")
    HANDED_OFF = "lead.handed_off", _("Handed off")
    BREACHED = "lead.breached", _("Promise broken")
    RETURNED = "lead.returned", _("Returned to marketing")
    WON = "lead.won", _("Won")
    LOST = "lead.lost", _("Lost")


PING = "ping"


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange(*TRACKED_FIELDS)),
    pghistory.DeleteEvent(),
    fields=["id", *TRACKED_FIELDS],
    model_name="WebhookEndpointHistory",
)
class WebhookEndpoint(models.Model):
    """An address that wants to hear of some kinds of things."""

    url = models.CharField(_("address"), max_length=1000)
    description = models.CharField(_("what it is for"), max_length=200, blank=True)
    kinds = ArrayField(models.CharField(max_length=32, choices=WebhookKind.choices), verbose_name=_("hears of"))
    is_active = models.BooleanField(_("switched on"), default=True)
    # Kept as it is, unlike a password: each message is signed with it. After a roll both sign for a while.
    secret = models.CharField(_("signing secret"), max_length=100, editable=False)
    old_secret = models.CharField(_("signing secret before"), max_length=100, blank=True, editable=False)
    old_secret_until = models.DateTimeField(_("which signs until"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("created by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    quiet_until = models.DateTimeField(_("left alone until"), null=True, blank=True, editable=False)
    disabled_at = models.DateTimeField(_("switched off by Baton"), null=True, blank=True, editable=False)

    objects: ClassVar[WebhookEndpointQuerySet] = WebhookEndpointQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("pk",)
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = (
            models.CheckConstraint(
                condition=Q(kinds__contained_by=WebhookKind.values) & ~Q(kinds=[]),
                name="webhook_kinds_known",
                violation_error_message=_("Choose at least one kind."),
            ),
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True) | Q(is_active=False), name="webhook_disabled_is_off"
            ),
        )

    def __str__(self) -> str:
        return self.description or self.url


class WebhookDelivery(models.Model):
    """One message to one address: written with the fact it tells of, sent afterwards."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Being sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event_id = models.UUIDField(_("message"), help_text=_("The same at every try, and for every address."))
    kind = models.CharField(_("kind"), max_length=32)
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="webhook_deliveries")
    payload = models.JSONField(_("message"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    next_try_at = models.DateTimeField(_("next try at"), null=True, blank=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    status = models.PositiveSmallIntegerField(_("last answer"), null=True, blank=True)
    error = models.CharField(_("what went wrong"), max_length=500, blank=True)

    objects: ClassVar[WebhookDeliveryQuerySet] = WebhookDeliveryQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "event_id"), name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending"], next_try_at__isnull=False)
                | (~Q(state__in=["pending", "sending"]) & Q(next_try_at__isnull=True)),
                name="webhook_delivery_open_has_next_try",
            ),
            models.CheckConstraint(
                condition=Q(state="sending", claimed_until__isnull=False)
                | (~Q(state="sending") & Q(claimed_until__isnull=True)),
                name="webhook_delivery_sending_is_claimed",
            ),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at__isnull=True)),
                name="webhook_delivery_delivered_has_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("endpoint", "next_try_at", "id"),
                name="webhook_delivery_due",
                condition=Q(state__in=["pending", "sending"]),
            ),
            models.Index(fields=("endpoint", "-id"), name="webhook_delivery_log"),
            models.Index(fields=("endpoint", "-id"), name="webhook_delivery_failed", condition=Q(state="failed")),
            models.Index(fields=("created_at",), name="webhook_delivery_age"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"

    @property
    def message_id(self) -> str:
        """What the header ``webhook-id`` says."""
        return f"msg_{self.event_id.hex}"

    @property
    def kind_name(self) -> str:
        return str(dict(WebhookKind.choices).get(self.kind, self.kind))


class WebhookTry(models.Model):
    """What the other side said, each time."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tried")
    tried_at = models.DateTimeField(_("tried at"))
    seconds = models.FloatField(_("seconds"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    answer = models.TextField(_("beginning of the answer"), blank=True)
    error = models.CharField(_("what went wrong"), max_length=500, blank=True)

    class Meta:
        ordering = ("-tried_at", "-pk")
        verbose_name = _("webhook try")
        verbose_name_plural = _("webhook tries")

    def __str__(self) -> str:
        return f"{self.tried_at:%Y-%m-%d %H:%M:%S} {self.status or self.error}"
