"""Forms that a marketer builds and a visitor fills in, and what was sent by them."""

from __future__ import annotations

import secrets
from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.lists import Campaign, EventType, LeadType, Source

# Without letters that are taken for one another when somebody reads an address aloud.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
KEY_LENGTH = 12
FORM_SUBMITTED = "form_submitted"


def new_key() -> str:
    """The part of a public address that nobody guesses: about 59 bits."""
    return "".join(secrets.choice(ALPHABET) for _position in range(KEY_LENGTH))


@pghistory.track(exclude=["bots_caught"], model_name="CaptureFormHistory")
class CaptureForm(models.Model):
    """A form with a public address, to be linked to or shown in a frame of another site."""

    class Consent(models.TextChoices):
        NONE = "none", _("Not asked")
        OPTIONAL = "optional", _("Asked, may be left empty")
        REQUIRED = "required", _("Asked, must be ticked")

    class Language(models.TextChoices):
        ENGLISH = "en", _("English")
        SPANISH = "es", _("Spanish")
        POLISH = "pl", _("Polish")
        PORTUGUESE = "pt-br", _("Brazilian Portuguese")

    name = models.CharField(
        _("name"), max_length=120, unique=True, help_text=_("For colleagues; the lead's history says it too.")
    )
    key = models.CharField(_("public key"), max_length=24, unique=True, default=new_key, editable=False)
    title = models.CharField(_("title"), max_length=150)
    intro = models.TextField(_("introduction"), max_length=2_000, blank=True)
    button_label = models.CharField(_("text of the button"), max_length=60, blank=True)
    language = models.CharField(
        _("language"),
        max_length=8,
        choices=Language.choices,
        default=Language.ENGLISH,
        help_text=_("Of the words that Baton adds, such as error messages."),
    )
    consent_mode = models.CharField(
        _("consent to be mailed"), max_length=16, choices=Consent.choices, default=Consent.OPTIONAL
    )
    consent_text = models.TextField(
        _("consent text"),
        max_length=1_000,
        blank=True,
        help_text=_("Beside the box to tick. The text as it was shown is kept with every submission."),
    )
    consent_version = models.PositiveIntegerField(_("version of the consent text"), default=1, editable=False)
    thanks = models.TextField(_("thank-you text"), max_length=2_000, blank=True)
    redirect_url = models.URLField(
        _("go on to"),
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=("http", "https"))],
        help_text=_("An address that is opened after sending, instead of the thank-you text."),
    )
    lead_type = models.ForeignKey(
        LeadType, verbose_name=_("lead type"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    source = models.ForeignKey(
        Source, verbose_name=_("source"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    campaign = models.ForeignKey(
        Campaign, verbose_name=_("campaign"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    event_type = models.ForeignKey(EventType, verbose_name=_("recorded as"), on_delete=models.PROTECT, related_name="+")
    ask_at_once = models.PositiveSmallIntegerField(
        _("progressive questions at a time"),
        default=3,
        validators=[MinValueValidator(0), MaxValueValidator(20)],
        help_text=_("How many of the questions that are asked only while the answer is not known."),
    )
    allowed_sites = ArrayField(
        models.CharField(max_length=250), verbose_name=_("sites that may embed it"), default=list, blank=True
    )
    is_active = models.BooleanField(_("in use"), default=True)
    bots_caught = models.PositiveIntegerField(_("bots caught"), default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = _("form")
        verbose_name_plural = _("forms")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(consent_mode="none") | ~models.Q(consent_text=""),
                name="capture_form_consent_says_what",
                violation_error_message=_("Say what people consent to."),
            ),
            models.CheckConstraint(condition=models.Q(ask_at_once__lte=20), name="capture_form_asks_at_most_20"),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(model_name="CaptureFieldHistory")
class CaptureField(models.Model):
    """One question of a form; ``what`` is a key of ``leads.capture.questions``, or ``custom.<key>``."""

    form = models.ForeignKey(CaptureForm, on_delete=models.CASCADE, related_name="questions")
    what = models.CharField(_("question"), max_length=80)
    label = models.CharField(_("label"), max_length=150, blank=True)
    help_text = models.CharField(_("help text"), max_length=300, blank=True)
    placeholder = models.CharField(_("example in the field"), max_length=150, blank=True)
    required = models.BooleanField(_("required"), default=False)
    progressive = models.BooleanField(_("only while not known"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = (models.UniqueConstraint(fields=("form", "what"), name="capture_field_once_per_form"),)

    def __str__(self) -> str:
        return self.label or self.what


class Submission(models.Model):
    """What one person sent by a form, as they typed it, with the consent text they were shown."""

    form = models.ForeignKey(CaptureForm, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="submissions")
    visitor = models.ForeignKey(
        "leads.Visitor", null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions"
    )
    submitted_at = models.DateTimeField(_("sent at"), default=timezone.now)
    values = models.JSONField(_("answers"), default=dict)
    consent_given = models.BooleanField(_("consent given"), default=False)
    consent_text = models.TextField(_("consent text shown"), blank=True)
    consent_version = models.PositiveIntegerField(_("version of the consent text"), default=0)
    utm = models.JSONField(_("UTM parameters"), default=dict, blank=True)
    referrer = models.CharField(_("came from"), max_length=500, blank=True)
    page = models.CharField(_("page"), max_length=500, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=100)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        constraints = (
            models.UniqueConstraint(fields=("idempotency_key",), name="submission_once"),
            models.CheckConstraint(
                condition=models.Q(consent_given=False) | ~models.Q(consent_text=""),
                name="submission_consent_to_something",
            ),
        )
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=("form", "-id"), name="submission_form_newest")]

    def __str__(self) -> str:
        return f"{self.form} {self.submitted_at:%Y-%m-%d %H:%M}"
