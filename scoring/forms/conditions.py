"""Conditions as rows of a form: a field, a comparison, a value. What is wrong is said at its row and field."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from people.rows import Rows
from scoring.conditions import OPERATOR_LABELS, as_validation_error
from scoring.fields import EVENT_FIELDS, PROPERTY_PREFIX, Types, lead_fields
from scoring.language import MAX_CONDITIONS, OPERATORS, Kind, check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.http import QueryDict

    from scoring.fields import Field

Choices = list[tuple[Any, Any]]


class MarkedSelect(forms.Select):
    """A menu whose options carry what static/js/conditions.js narrows by."""

    def __init__(self, marks: Mapping[str, Mapping[str, str]], choices: Choices) -> None:
        super().__init__(choices=choices)
        self.marks = marks

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["attrs"] |= self.marks.get(str(value), {})
        return option


class ConditionForm(forms.Form):
    """One condition about the lead; the language says what is wrong with it, not the form."""

    field = forms.CharField(label=_("Field"), required=False)
    op = forms.CharField(label=_("Comparison"), required=False)
    value = forms.CharField(label=_("Value"), required=False, max_length=5000)

    def __init__(self, *args: Any, fields: Mapping[str, Field], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.initial.get("field", "")
        self.fields["field"].widget = self.field_widget(fields, known)
        self.fields["op"].widget = _op_widget()
        self.fields["value"].widget.attrs |= {"autocomplete": "off", "data-condition-value": True}
        for name in ("field", "op"):
            self.fields[name].widget.attrs[f"data-condition-{name}"] = True

    def field_widget(self, fields: Mapping[str, Field], known: str) -> forms.Widget:
        """A menu of the fields by group. One that is no longer there stays visible, so that it can be mended."""
        lost = [(known, known)] if known and known not in fields else []
        marks = {name: {"data-kind": str(field.kind)} for name, field in fields.items()}
        return MarkedSelect(marks, [("", "–"), *lost, *_grouped(fields.values())])

    @property
    def row(self) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name) for name in ("field", "op", "value")}


class EventConditionForm(ConditionForm):
    """One condition about a property that the event carries; any name will do."""

    def field_widget(self, fields: Mapping[str, Field], known: str) -> forms.Widget:  # noqa: ARG002  # events know no list
        self.fields["field"].label = _("Property of the event")
        return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})

    @property
    def row(self) -> dict[str, Any]:
        row = super().row
        name = (row["field"] or "").strip()
        return {**row, "field": f"{PROPERTY_PREFIX}{name.removeprefix(PROPERTY_PREFIX)}" if name else ""}


class BaseConditions(Rows):
    """All of them must hold. ``stored`` is what a model keeps, after validation."""

    of_event = False
    needed = ""

    def clean(self) -> None:
        kept = self.kept
        types = Types(EVENT_FIELDS if self.of_event else self.form_kwargs["fields"])
        conditions, errors = check([form.row for form in kept], types)
        for error in errors:
            kept[error.index].add_error(str(error.part), as_validation_error(error))
        self.stored = [condition.as_dict() for condition in conditions]
        if self.needed and not kept and not any(self.errors):
            raise ValidationError(self.needed)

    @property
    def suggestions(self) -> list[tuple[str, list[str]]]:
        """Values to choose from, by field: what the page offers while one types."""
        return [(name, _values(field)) for name, field in self.form_kwargs["fields"].items() if _offers(field)]


class BaseEventConditions(BaseConditions):
    of_event = True


_LIMITS: dict[str, Any] = {"can_delete": True, "max_num": MAX_CONDITIONS, "absolute_max": 100, "validate_max": True}
Conditions: Any = forms.formset_factory(ConditionForm, formset=BaseConditions, extra=0, **_LIMITS)
EventConditions: Any = forms.formset_factory(EventConditionForm, formset=BaseEventConditions, extra=0, **_LIMITS)


def conditions_on_lead(
    data: QueryDict | None, stored: Sequence[Mapping[str, Any]], *, prefix: str = "conditions", needed: str = ""
) -> Any:
    """The rows for conditions on a lead. ``needed`` is the error when there is none; empty: none is fine."""
    fields = lead_fields()
    formset = Conditions(data, prefix=prefix, initial=_typed(stored), form_kwargs={"fields": fields})
    formset.needed = needed
    formset.extra = int(bool(needed) and not stored)
    return formset


def conditions_on_event(data: QueryDict | None, stored: Sequence[Mapping[str, Any]], *, prefix: str) -> Any:
    """The rows for conditions on what an event carries."""
    initial = [{**row, "field": row["field"].removeprefix(PROPERTY_PREFIX)} for row in _typed(stored)]
    return EventConditions(data, prefix=prefix, initial=initial, form_kwargs={"fields": {}})


def _typed(stored: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Stored rows as a person would type them again: lists with commas."""
    return [{**row, "value": _as_text(row.get("value"))} for row in stored]


def _as_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _grouped(fields: Iterable[Field]) -> Choices:
    by_group = sorted(fields, key=lambda field: _GROUP_ORDER.get(field.name.partition(".")[0], 0))
    groups: dict[str, Choices] = {}
    for group, members in groupby(by_group, key=lambda field: str(field.group)):
        groups.setdefault(group, []).extend((field.name, field.label) for field in members)
    return list(groups.items())


_GROUP_ORDER = {"company": 1, "custom": 2}


def _op_widget() -> MarkedSelect:
    kinds = {
        str(op): {"data-kinds": " ".join(str(kind) for kind in Kind if op in OPERATORS[kind])} for op in OPERATOR_LABELS
    }
    return MarkedSelect(kinds, [("", "–"), *((str(op), label) for op, label in OPERATOR_LABELS.items())])


def _offers(field: Field) -> bool:
    return bool(field.choices or field.suggestions)


def _values(field: Field) -> list[str]:
    if field.choices:
        return [str(label) for label in field.choices().values()]
    return field.suggestions() if field.suggestions else []
