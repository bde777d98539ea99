"""Forms about those who speak to Baton, and those it speaks to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import ApiKey, Scope, WebhookDelivery, WebhookEndpoint, WebhookKind


class ApiKeyForm(forms.ModelForm[ApiKey]):
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=[(scope.value, f"{scope.label} ({scope.value})") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "per_minute")
        help_texts = {"per_minute": _("More are answered with 429 and the seconds to wait.")}


class WebhookForm(forms.ModelForm[WebhookEndpoint]):
    kinds = forms.MultipleChoiceField(
        label=_("It hears of"), choices=[(kind.value, f"{kind.label} ({kind.value})") for kind in WebhookKind],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "kinds")
        help_texts = {"url": _("Such as https://example.com/hooks/baton. It must answer with 2xx within 10 seconds.")}
        widgets = {"url": forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"})}


class DeliveryFilter(forms.Form):
    """Which part of a delivery log is shown."""

    state = forms.ChoiceField(choices=[("", _("All")), *WebhookDelivery.State.choices], required=False)

    @property
    def chosen(self) -> Any:
        return self.cleaned_data["state"]
