"""Saved views of the list of leads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import SavedView
from leads.querysets import SHARERS
from people.models import User


class ViewForm(forms.ModelForm[SavedView]):
    """The name of a view, and whether others see it; by whom it may be shared is asked here."""

    class Meta:
        model = SavedView
        fields = ("name", "is_shared", "query")
        widgets = {"query": forms.HiddenInput}

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.instance.owner = by
        if by.role not in SHARERS:
            del self.fields["is_shared"]
        else:
            self.fields["is_shared"].label = _("Share it with everybody")

    def _get_validation_exclusions(self) -> set[str]:
        """The constraint names the owner, whom the form does not ask for."""
        left_out: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # not in the stubs
        return left_out - {"owner"}


class QueryForm(forms.Form):
    query = forms.CharField(required=False, max_length=4_000)
