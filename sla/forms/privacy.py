"""What is asked before somebody is erased, and by which address a person is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.models import PrivacyAct
from leads.text import normalise_email

if TYPE_CHECKING:
    from leads.models import Lead

REASONS = [choice for choice in PrivacyAct.Reason.choices if choice[0] != PrivacyAct.Reason.RETENTION]


class EraseForm(forms.Form):
    """The name of the lead is typed, so that nobody erases the wrong one by a click."""

    reason = forms.ChoiceField(label=_("Why"), choices=REASONS, initial=PrivacyAct.Reason.REQUESTED)
    block = forms.BooleanField(
        label=_("Do not let them come back by an import or a form"),
        required=False,
        initial=True,
        help_text=_("Of their addresses a fingerprint is kept that tells them when they come again, and nothing else."),
    )
    confirm = forms.CharField(
        label=_("Type the name to confirm"), max_length=320, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lead = lead
        self.fields["confirm"].help_text = lead.display_name

    def clean_confirm(self) -> str:
        typed = " ".join(str(self.cleaned_data["confirm"]).split()).lower()
        if typed != " ".join(self.lead.display_name.split()).lower():
            raise ValidationError(_("This is not the name of the lead. Nothing was erased."))
        return typed


class LookUpForm(forms.Form):
    email = forms.CharField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])
