"""Who else may speak to Baton: keys of the API, and the answers kept for those who ask twice."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.querysets import ApiKeyQuerySet

# When it was last used is no change that anybody has to answer for.
TRACKED_FIELDS = ("name", "scopes", "per_minute", "revoked_at")


class Scope(models.TextChoices):
    """What a key may do; the values are what the documentation and a refusal name."""

    LEADS_READ = "leads:read", _("Read leads")
    LEADS_WRITE = "leads:write", _("Create and update leads")
    EVENTS_WRITE = "events:write", _("Record events")


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange(*TRACKED_FIELDS)),
    pghistory.DeleteEvent(),
    fields=["id", *TRACKED_FIELDS],
    model_name="ApiKeyHistory",
)
class ApiKey(models.Model):
    """A program that writes or reads leads. The secret itself is not here: only its hash, to recognise it by."""

    name = models.CharField(
        _("name"), max_length=100, help_text=_("Which program uses it; the history of a lead shows this name.")
    )
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    digest = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices), verbose_name=_("may"))
    per_minute = models.PositiveIntegerField(
        _("requests a minute"), default=600, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("created by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects: ClassVar[ApiKeyQuerySet] = ApiKeyQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=Scope.values) & ~models.Q(scopes=[]),
                name="api_key_scopes_known",
                violation_error_message=_("Choose at least one thing that the key may do."),
            ),
            models.CheckConstraint(condition=models.Q(per_minute__gte=1), name="api_key_may_ask"),
        )

    def __str__(self) -> str:
        return self.name


class StoredAnswer(models.Model):
    """What was answered under an ``Idempotency-Key``: the same request again gets the same answer, for a day."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(_("idempotency key"), max_length=200)
    fingerprint = models.CharField(_("fingerprint of the request"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    body = models.JSONField(_("answer"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints = (models.UniqueConstraint(fields=("api_key", "key"), name="stored_answer_once_per_key"),)

    def __str__(self) -> str:
        return self.key
