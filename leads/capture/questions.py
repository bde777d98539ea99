"""What a form may ask, which field of a page asks it, and what of it is known of somebody already."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from leads.capture.words import words
from leads.models import Company, CustomField, Lead
from leads.text import normalise_domain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.functional import _StrPromise

    from leads.models import CaptureField, CaptureForm


@dataclass(frozen=True, slots=True)
class Question:
    """``autocomplete`` is how browsers know what a field is for; ``kind`` decides its control."""

    label: _StrPromise
    length: int
    autocomplete: str = ""
    kind: str = "text"


EMAIL, MESSAGE = "email", "message"
QUESTIONS: dict[str, Question] = {
    "first_name": Question(_("First name"), 150, "given-name"),
    "last_name": Question(_("Last name"), 150, "family-name"),
    EMAIL: Question(_("E-mail address"), 254, "email", "email"),
    "phone": Question(_("Phone"), 50, "tel", "tel"),
    "job_title": Question(_("Job title"), 200, "organization-title"),
    "country": Question(_("Country"), 100, "country-name"),
    "city": Question(_("City"), 100, "address-level2"),
    "company.name": Question(_("Company"), 250, "organization"),
    "company.domain": Question(_("Company: web domain"), 253, "url", "domain"),
    "company.industry": Question(_("Company: industry"), 120),
    "company.employees": Question(_("Company: employees"), 9, kind="whole"),
    "company.country": Question(_("Company: country"), 100),
    "company.city": Question(_("Company: city"), 100),
    "bant_budget": Question(_("Budget"), 250),
    "bant_authority": Question(_("Authority: who decides"), 250),
    "bant_need": Question(_("Need"), 250),
    "bant_timeline": Question(_("Timeline"), 250),
    MESSAGE: Question(_("Message (kept with the submission)"), 5_000, kind="message"),
}
LABELLED = tuple(QUESTIONS)
MOST = 2_147_483_647
DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+")


def offered() -> list[tuple[str, Any]]:
    """What a marketer may choose from, in groups."""
    person = [(key, one.label) for key, one in QUESTIONS.items() if "." not in key and not key.startswith("bant_")]
    company = [(key, one.label) for key, one in QUESTIONS.items() if key.startswith("company.")]
    need = [(key, one.label) for key, one in QUESTIONS.items() if key.startswith("bant_")]
    own = [(f"custom.{field.key}", field.name) for field in CustomField.objects.filter(is_active=True)]
    groups: list[tuple[Any, list[tuple[str, Any]]]] = [
        (_("Person"), person),
        (_("Company"), company),
        (_("Qualification"), need),
        (_("Custom fields"), own),
    ]
    return [("", "–"), *[group for group in groups if group[1]]]


def usual_label(what: str, language: str, custom: Mapping[str, CustomField]) -> str:
    """The label of a question that was given none, in the form's language."""
    if what in QUESTIONS:
        return words(language).labels[LABELLED.index(what)]
    field = custom.get(what.removeprefix("custom."))
    return field.name if field else what


def name_of(what: str) -> str:
    """The name of the field on the page."""
    return what.replace(".", "_")


def custom_fields(questions: Sequence[CaptureField]) -> dict[str, CustomField]:
    keys = [one.what.removeprefix("custom.") for one in questions if one.what.startswith("custom.")]
    return {field.key: field for field in CustomField.objects.filter(key__in=keys, is_active=True)} if keys else {}


def known_of(lead: Lead | None) -> set[str]:
    """Which questions have an answer already. Nothing says what the answer is (docs/capture.md, “Privacy”)."""
    if lead is None:
        return set()
    known = {what for what in QUESTIONS if "." not in what and what != MESSAGE and getattr(lead, what)}
    known |= {f"custom.{key}" for key in lead.custom}
    company: Company | None = lead.company
    if company is not None:
        facts = (what for what in QUESTIONS if what.startswith("company."))
        known |= {what for what in facts if getattr(company, what.removeprefix("company.")) not in ("", None)}
    return known


def to_ask(form: CaptureForm, questions: Sequence[CaptureField], lead: Lead | None) -> list[CaptureField]:
    """Every plain question, and of the progressive ones the first few whose answer is not known yet."""
    known, left, asked = known_of(lead), form.ask_at_once, []
    for one in questions:
        if one.progressive:
            if one.what in known or not left:
                continue
            left -= 1
        asked.append(one)
    return asked


def control(question: CaptureField, language: str, custom: Mapping[str, CustomField]) -> forms.Field | None:
    """The field that asks the question; none when its custom field is gone."""
    text = words(language)
    shown: dict[str, Any] = {
        "label": question.label or usual_label(question.what, language, custom),
        "help_text": question.help_text,
        "required": question.required,
        "error_messages": {"required": text.required},
    }
    attrs = {"placeholder": question.placeholder} if question.placeholder else {}
    if question.what in QUESTIONS:
        return _plain(QUESTIONS[question.what], shown, attrs)
    field = custom.get(question.what.removeprefix("custom."))
    return _custom(field, language, shown, attrs) if field else None


def _plain(asked: Question, shown: dict[str, Any], attrs: dict[str, Any]) -> forms.Field:
    if asked.autocomplete:
        attrs["autocomplete"] = asked.autocomplete
    if asked.kind == "email":
        widget: forms.Widget = forms.EmailInput(attrs=attrs)
        return forms.EmailField(max_length=asked.length, widget=widget, **shown)
    if asked.kind == "whole":
        return forms.IntegerField(min_value=0, max_value=MOST, widget=forms.NumberInput(attrs=attrs), **shown)
    if asked.kind == "message":
        widget = forms.Textarea(attrs={"rows": 4, **attrs})
        return forms.CharField(max_length=asked.length, widget=widget, **shown)
    if asked.kind == "domain":
        widget = forms.TextInput(attrs={"inputmode": "url", **attrs})
        return forms.CharField(max_length=asked.length, widget=widget, validators=[_is_domain], **shown)
    widget = forms.TextInput(attrs={"type": asked.kind, **attrs})
    return forms.CharField(max_length=asked.length, widget=widget, **shown)


def _is_domain(text: str) -> None:
    """Refuse what is no web domain, in the words that Django has for it in every language."""
    if not DOMAIN.fullmatch(normalise_domain(text)):
        raise ValidationError(URLValidator.message)


def _custom(field: CustomField, language: str, shown: dict[str, Any], attrs: dict[str, Any]) -> forms.Field:
    text, kinds = words(language), CustomField.Kind
    if field.kind in {kinds.NUMBER, kinds.MONEY}:
        widget: forms.Widget = forms.NumberInput(attrs={"step": "any", **attrs})
        return forms.DecimalField(max_digits=20, decimal_places=6, widget=widget, **shown)
    if field.kind == kinds.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d"), **shown)
    if field.kind == kinds.CHOICE:
        return forms.ChoiceField(choices=[("", text.choose), *((one, one) for one in field.choices)], **shown)
    if field.kind == kinds.YES_NO:
        choices = [("", text.choose), ("yes", text.yes), ("no", text.no)]
        return forms.ChoiceField(choices=choices, **shown)
    return forms.CharField(max_length=1_000, widget=forms.TextInput(attrs=attrs), **shown)
