"""Sites that carry the tracking snippet, who visits them, and what they do there before anybody knows who they are."""

from __future__ import annotations

import uuid

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.capture import new_key
from leads.models.lead import Lead
from leads.models.lists import EventType


@pghistory.track(model_name="TrackedSiteHistory")
class TrackedSite(models.Model):
    """A site that may send what its visitors do. The key is public: what counts is the origin of a request."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    key = models.CharField(_("public key"), max_length=24, unique=True, default=new_key, editable=False)
    origins = ArrayField(models.CharField(max_length=250), verbose_name=_("addresses of the site"))
    event_types = models.ManyToManyField(
        EventType,
        verbose_name=_("events it may send"),
        related_name="+",
        help_text=_("Anything else it sends is not kept, but counted."),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = _("tracked site")
        verbose_name_plural = _("tracked sites")
        constraints = (models.CheckConstraint(condition=~models.Q(origins=[]), name="tracked_site_has_origins"),)

    def __str__(self) -> str:
        return self.name


class SiteCount(models.Model):
    """How often a site sent an event of a name on a day, kept or not: what the settings page shows."""

    site = models.ForeignKey(TrackedSite, on_delete=models.CASCADE, related_name="counts", db_index=False)
    day = models.DateField(_("day"))
    name = models.CharField(_("event"), max_length=64)
    is_kept = models.BooleanField(_("kept"))
    number = models.PositiveIntegerField(_("number"), default=0)
    last_at = models.DateTimeField(_("last"))

    class Meta:
        ordering = ("-day", "name")
        verbose_name = _("count of a site")
        verbose_name_plural = _("counts of a site")
        constraints = (
            models.UniqueConstraint(fields=("site", "day", "name", "is_kept"), name="site_count_one_per_day"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.name}: {self.number}"


class Visitor(models.Model):
    """A browser that visits our sites. Who it is, is known once it is identified; address and user agent never are.

    ``uuid`` is what the browser keeps. When somebody else turns up in the same browser, the row is closed
    (``ended_at``) and a new one begins: what the first person did stays with them.
    """

    uuid = models.UUIDField(_("number in the browser"), default=uuid.uuid4)
    site = models.ForeignKey(TrackedSite, null=True, blank=True, on_delete=models.SET_NULL, related_name="visitors")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="visitors")
    consent = models.BooleanField(_("agreed to being tracked"), default=False)
    first_seen = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen = models.DateTimeField(_("last seen"), default=timezone.now)
    ended_at = models.DateTimeField(_("somebody else since"), null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        constraints = (
            models.UniqueConstraint(
                fields=("uuid",), condition=models.Q(ended_at__isnull=True), name="visitor_one_per_browser"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(lead__isnull=False),
                name="visitor_ends_as_somebody",
            ),
        )
        indexes = (
            # The purge: those whom nobody ever identified, longest unseen first.
            models.Index(fields=("last_seen",), name="visitor_anonymous", condition=models.Q(lead__isnull=True)),
        )

    def __str__(self) -> str:
        return str(self.uuid)


class VisitorEvent(models.Model):
    """Behaviour of a visitor nobody knows yet; it moves to ``Event`` when the visitor is identified."""

    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="events", db_index=False)
    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="+", db_index=False)
    occurred_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    idempotency_key = models.CharField(_("idempotency key"), max_length=200, unique=True)
    properties = models.JSONField(_("properties"), default=dict, blank=True)

    class Meta:
        ordering = ("occurred_at", "pk")
        verbose_name = _("event of a visitor")
        verbose_name_plural = _("events of a visitor")
        constraints = (models.CheckConstraint(condition=~models.Q(idempotency_key=""), name="visitor_event_has_key"),)
        indexes = (models.Index(fields=("visitor", "occurred_at"), name="visitor_event_oldest"),)

    def __str__(self) -> str:
        return f"{self.event_type} {self.occurred_at:%Y-%m-%d %H:%M}"
