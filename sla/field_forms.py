"""One place of a lead's page as a form: what it shows, what two people changed at once, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from leads.changes import in_words
from leads.forms import LeadForm
from people.models import User
from sla.forms.work import ReassignForm

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.http import QueryDict

    from leads.models import Lead
    from leads.slots import Slot


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that somebody else changed while it was open here."""

    label: str
    theirs: str
    yours: str


class FieldForm(LeadForm):
    """The fields of one place; ``conflicts`` are those that somebody else changed since they were shown."""

    def __init__(self, data: QueryDict | None, *, lead: Lead, by: User, slot: Slot) -> None:
        super().__init__(data, lead=lead, by=by, only=slot.fields, auto_id="fact_%s")

    def conflicts(self) -> list[Conflict]:
        """Nothing is written when there are any. Asked again, the form knows what it is now shown with."""
        found = [self[name] for name in self.changed_data if _overtaken(self[name])]
        told = [
            Conflict(str(field.label), self._words(field, field.initial), self._words(field, field.data))
            for field in found
        ]
        if found:
            _show_as_stored(self)
        return told

    def _words(self, bound: BoundField, value: Any) -> str:
        field = bound.field
        if isinstance(field, forms.ModelChoiceField):
            row = field.queryset.filter(pk=getattr(value, "pk", value) or None).first() if field.queryset else None
            return in_words(str(row or ""))
        if isinstance(field, forms.BooleanField):
            return in_words(bool(field.to_python(value)))
        choices = dict(getattr(field, "choices", ()))
        return in_words(str(choices[value])) if value in choices else in_words(value)


class OwnerForm(ReassignForm):
    """Who gets the lead, and why."""

    reason = forms.CharField(label=_("Why"), max_length=250, required=False)

    def __init__(self, data: QueryDict | None, *, lead: Lead) -> None:
        super().__init__(data, auto_id="fact_%s", initial={"to": lead.owner_id})
        self.fields["to"].show_hidden_initial = True

    def conflicts(self) -> list[Conflict]:
        bound = self["to"]
        if not _overtaken(bound):
            return []
        names = {
            str(person.pk): str(person) for person in User.objects.filter(pk__in=_numbers(bound.initial, bound.data))
        }
        _show_as_stored(self)
        theirs, yours = (names.get(str(value or ""), str(_("Nobody"))) for value in (bound.initial, bound.data))
        return [Conflict(str(bound.label), theirs, yours)]


def _overtaken(bound: BoundField) -> bool:
    """Whether what is stored is neither what was shown here nor what is sent now."""
    data = bound.form.data
    if bound.html_initial_name not in data:
        return False
    shown = bound.field.hidden_widget().value_from_datadict(data, MultiValueDict(), bound.html_initial_name)
    return bound.field.has_changed(bound.initial, shown) and bound.field.has_changed(bound.initial, bound.data)


def _show_as_stored(form: forms.Form) -> None:
    """Let the form be sent again knowing what is stored now: its hidden fields say so from here on."""
    data = cast("QueryDict", form.data).copy()
    for bound in form:
        if bound.field.show_hidden_initial:
            value = bound.field.prepare_value(bound.initial)
            data[bound.html_initial_name] = "" if value is None else str(value)
    form.data = data


def _numbers(*values: Any) -> list[int]:
    return [int(value) for value in values if str(value or "").isdecimal() and len(str(value)) < 19]
