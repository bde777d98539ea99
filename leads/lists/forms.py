"""What people type on the pages of the lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.lists.catalogue import BY_MODEL
from leads.models import (
    Campaign,
    CustomField,
    EventType,
    LeadStatus,
    LeadType,
    LifecycleStage,
    Source,
    StatusReason,
)
from leads.services.fields import Choice, save_field
from leads.services.lists import save_value
from leads.services.reasons import Reason, save_reasons
from leads.text import tidy
from people.rows import Rows

if TYPE_CHECKING:
    from datetime import datetime


class ValueForm(forms.ModelForm[Any]):
    """A value of a list by its name; a name that differs from another in nothing but case is refused."""

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("This field is required."))
        model: Any = self._meta.model
        same = model._default_manager.filter(name__iexact=name).exclude(pk=self.instance.pk).first()
        if same is not None:
            raise ValidationError(self.taken(same))
        return name

    def taken(self, same: Any) -> str:
        return _("There is one of this name already: “%(name)s”.") % {"name": same}

    def rows(self, data: Any) -> dict[str, Any]:  # noqa: ARG002 - those with rows read them from it
        """The formsets that belong to the value."""
        return {}

    def write(self, rows: dict[str, Any], now: datetime) -> None:  # noqa: ARG002 - as above
        save_value(row=self.instance, now=now)


class NamedForm(ValueForm):
    """A source or a campaign: what two people wrote differently is merged."""

    def taken(self, same: Any) -> str:
        return _("There is “%(name)s” already. If both are the same, merge this one into it.") % {"name": same}


class StageForm(ValueForm):
    class Meta:
        model = LifecycleStage
        fields = ("name", "description")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class TextRow(forms.Form):
    """A row whose words are tidied; what is left of invisible characters is no text."""

    def clean_text(self) -> str:
        text = tidy(self.cleaned_data["text"])
        if not text:
            raise ValidationError(_("This field is required."))
        return text


class ReasonRow(TextRow):
    """A reason that a status offers; ``pk`` is that of one that is there already."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(label=gettext_lazy("Reason"), max_length=250)
    is_active = forms.BooleanField(label=gettext_lazy("in use"), required=False, initial=True)


ReasonRows = formset_factory(
    ReasonRow, formset=Rows, extra=0, can_delete=True, can_order=True, max_num=100, validate_max=True
)


class StatusForm(ValueForm):
    class Meta:
        model = LeadStatus
        fields = ("name", "is_closed", "needs_reason", "takes_other_reasons")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.key in BY_MODEL[LeadStatus].known:
            self.fields["is_closed"].disabled = True
            self.fields["is_closed"].help_text = _("Baton works with this status; whether it is closed stays.")

    def rows(self, data: Any) -> dict[str, Any]:
        known = list(StatusReason.objects.filter(status=self.instance.pk).values("pk", "text", "is_active"))
        return {"reasons": ReasonRows(data, prefix="reasons", initial=known)}

    @transaction.atomic
    def write(self, rows: dict[str, Any], now: datetime) -> None:
        super().write(rows, now)
        given = rows["reasons"].values
        reasons = [Reason(value["text"], value["is_active"], value["pk"]) for value in given]
        save_reasons(status=self.instance, reasons=reasons)


class TypeForm(ValueForm):
    class Meta:
        model = LeadType
        fields = ("name",)


class EventTypeForm(ValueForm):
    class Meta:
        model = EventType
        fields = ("name",)


class SourceForm(NamedForm):
    class Meta:
        model = Source
        fields = ("name",)


class CampaignForm(NamedForm):
    class Meta:
        model = Campaign
        fields = ("name",)


class ChoiceRow(TextRow):
    """A choice; ``was`` is what it was called when the page was opened."""

    was = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    text = forms.CharField(label=gettext_lazy("Choice"), max_length=200)
    is_active = forms.BooleanField(label=gettext_lazy("in use"), required=False, initial=True)


ChoiceRows = formset_factory(
    ChoiceRow, formset=Rows, extra=0, can_delete=True, can_order=True, max_num=200, validate_max=True
)


class FieldForm(ValueForm):
    class Meta:
        model = CustomField
        fields = ("name", "kind")

    def rows(self, data: Any) -> dict[str, Any]:
        known = [{"was": text, "text": text, "is_active": True} for text in self.instance.choices]
        known += [{"was": text, "text": text, "is_active": False} for text in self.instance.retired_choices]
        return {"choices": ChoiceRows(data, prefix="choices", initial=known)}

    def write(self, rows: dict[str, Any], now: datetime) -> None:
        given = rows["choices"].values
        choices = [Choice(value["text"], value["was"], value["is_active"]) for value in given]
        save_field(row=self.instance, choices=choices, now=now)


FORMS: dict[Any, type[ValueForm]] = {
    LifecycleStage: StageForm,
    LeadStatus: StatusForm,
    LeadType: TypeForm,
    Source: SourceForm,
    Campaign: CampaignForm,
    EventType: EventTypeForm,
    CustomField: FieldForm,
}


class MergeForm(forms.Form):
    """Which one a source or campaign is counted for from now on, by its name."""

    into = forms.CharField(
        label=gettext_lazy("Merge into"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "others", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        self.row = row
        self.others = type(row)._default_manager.filter(merged_into__isnull=True).exclude(pk=row.pk)
        same = self.others.filter(name__iexact=row.name).first()
        kwargs["initial"] = {"into": same.name if same else ""}
        super().__init__(*args, **kwargs)

    @property
    def names(self) -> Any:
        return self.others.order_by("-is_active", "name").values_list("name", flat=True)[:500]

    def clean_into(self) -> Any:
        name = tidy(self.cleaned_data["into"])
        found = self.others.filter(name=name).first() or self.others.filter(name__iexact=name).first()
        if found is None:
            raise ValidationError(_("There is no other one named “%(name)s”.") % {"name": name})
        return found


class MovesForm(forms.Form):
    """The matrix: what is ticked is allowed. ``stages`` are those that the page showed."""

    stages = forms.ModelMultipleChoiceField(
        LifecycleStage.objects.filter(is_active=True), widget=forms.MultipleHiddenInput
    )

    def pairs(self) -> tuple[set[tuple[int, int]], set[int]]:
        """What is forbidden, and among which stages; call it after validation."""
        shown = {stage.pk for stage in self.cleaned_data["stages"]}
        ticked = set(self.data.getlist("allow") if hasattr(self.data, "getlist") else ())
        every = {(start, end) for start in shown for end in shown if start != end}
        return {pair for pair in every if f"{pair[0]}-{pair[1]}" not in ticked}, shown
