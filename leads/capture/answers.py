"""The form that a visitor sees, built from the questions a marketer chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from leads.capture.questions import EMAIL, control, custom_fields, name_of
from leads.capture.words import words
from leads.models import CaptureForm, CustomField
from leads.text import normalise_email, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from leads.models import CaptureField

CONSENT, TRAP, TICKET = "consent", "website_url", "ticket"


class AnswerForm(forms.Form):
    """What is asked of one visitor. Nothing is filled in beforehand: what we know of somebody is not shown to them."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        form: CaptureForm,
        questions: Sequence[CaptureField],
        consent_text: str,
    ) -> None:
        super().__init__(data, label_suffix="")
        self.form, self.words = form, words(form.language)
        self.custom = custom_fields(questions)
        self.asked: dict[str, str] = {}
        for question in questions:
            field = control(question, form.language, self.custom)
            if field is not None:
                self.asked[name_of(question.what)] = question.what
                self.fields[name_of(question.what)] = field
        if form.consent_mode != CaptureForm.Consent.NONE and consent_text:
            self.fields[CONSENT] = forms.BooleanField(
                label=consent_text,
                required=form.consent_mode == CaptureForm.Consent.REQUIRED,
                error_messages={"required": self.words.required},
            )

    def clean_email(self) -> str:
        return normalise_email(str(self.cleaned_data["email"]))

    def clean(self) -> dict[str, Any]:
        """Text as it is kept."""
        given = super().clean() or {}
        for name, value in given.items():
            if isinstance(value, str):
                # Composing letters can make a text longer than it was when its length was checked.
                given[name] = tidy(value)[: getattr(self.fields[name], "max_length", None)]
        return given

    @property
    def answers(self) -> dict[str, Any]:
        """By question, only what was answered; numbers and dates typed as custom fields keep them."""
        given = {what: self._value(what, self.cleaned_data.get(name)) for name, what in self.asked.items()}
        return {what: value for what, value in given.items() if value not in (None, "")}

    def _value(self, what: str, value: Any) -> Any:
        field = self.custom.get(what.removeprefix("custom.")) if what != EMAIL else None
        if field is not None and field.kind == CustomField.Kind.YES_NO and value:
            return value == "yes"
        return value

    @property
    def consents(self) -> bool:
        return bool(self.cleaned_data.get(CONSENT))

    def refuse(self, error: ValidationError) -> None:
        """Put a service's refusal at the question it is about, or on top."""
        told = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, reasons in told.items():
            field = name_of(name)
            self.add_error(field if field in self.fields else None, reasons)
