"""Rows of an editor: a Django formset whose empty and removed rows are not there, and whose order may be changed."""

from __future__ import annotations

from typing import Any

from django import forms

_TOOLS = {"DELETE", "ORDER"}


class Rows(forms.BaseFormSet[Any]):
    """``kept`` are the rows that stay, in the order in which they stand on the page."""

    @property
    def kept(self) -> list[Any]:
        """Valid rows that say something; call it after validation."""
        rows = [form for form in self.forms if self._says_something(form)]
        if self.can_order:
            rows.sort(key=lambda form: form.cleaned_data.get("ORDER") or len(self.forms))
        return rows

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        """A row that the page did not show has no initial values: equal to some by chance, it is not an empty row."""
        if i >= self.initial_form_count():
            kwargs["initial"] = {}
        return super()._construct_form(i, **kwargs)  # type: ignore[misc]  # not in the stubs

    def _says_something(self, form: forms.BaseForm) -> bool:
        if not form.is_valid() or form.cleaned_data.get("DELETE"):
            return False
        return any(value not in (None, "", []) for name, value in form.cleaned_data.items() if name not in _TOOLS)

    @property
    def values(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.kept]
