"""What is to be done to many leads: a form per act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads.models import Lead, LeadStatus, LifecycleStage, StatusReason
from leads.text import tidy
from sla.forms.work import ReassignForm
from sla.models import BulkJob

if TYPE_CHECKING:
    from django.db.models import QuerySet


def _reason(**options: Any) -> forms.CharField:
    return forms.CharField(**{"label": gettext_lazy("Reason"), "max_length": 250, **options})


def _offered(**options: Any) -> forms.CharField:
    return _reason(widget=forms.TextInput(attrs={"list": "status-reasons", "autocomplete": "off"}), **options)


class AssignForm(ReassignForm):
    """Who gets them. Leads with an open hand-off are handed over with their clocks."""

    def params(self) -> dict[str, Any]:
        return {"to": self.cleaned_data["to"].pk}

    def summary(self) -> str:
        return _("Assign to %(name)s") % {"name": self.cleaned_data["to"]}


class ReasonedForm(forms.Form):
    """A form with the reason of a status; ``reasons`` is what the field suggests."""

    @property
    def reasons(self) -> QuerySet[StatusReason]:
        return StatusReason.offered()

    def refuse_reason(self, status: LeadStatus, reason: str) -> None:
        if status.needs_reason and not reason:
            self.add_error("reason", _("This status needs a reason."))
        elif status.refuses(reason):
            self.add_error("reason", _("Choose one of the reasons that this status offers."))


class StatusForm(ReasonedForm):
    status = forms.ModelChoiceField(
        LeadStatus.objects.filter(is_active=True), label=gettext_lazy("Status"), empty_label=gettext_lazy("Choose…")
    )
    reason = _offered(required=False, help_text=gettext_lazy("Some statuses need one, and some offer those they take."))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["reason"] = tidy(given.get("reason", ""))
        if given.get("status"):
            self.refuse_reason(given["status"], given["reason"])
        return given

    def params(self) -> dict[str, Any]:
        return {"status": self.cleaned_data["status"].pk, "reason": self.cleaned_data["reason"]}

    def summary(self) -> str:
        return _with_reason(_("Status: %(name)s") % {"name": self.cleaned_data["status"]}, self.cleaned_data["reason"])


class StageForm(forms.Form):
    stage = forms.ModelChoiceField(
        LifecycleStage.objects.filter(is_active=True), label=gettext_lazy("Stage"), empty_label=gettext_lazy("Choose…")
    )
    reason = _reason(label=gettext_lazy("Why they are moved by hand"))

    def clean_reason(self) -> str:
        reason = tidy(self.cleaned_data["reason"])
        if not reason:
            raise forms.ValidationError(_("Say why the stage is changed by hand."))
        return reason

    def params(self) -> dict[str, Any]:
        return {"stage": self.cleaned_data["stage"].pk, "reason": self.cleaned_data["reason"]}

    def summary(self) -> str:
        return _with_reason(_("Stage: %(name)s") % {"name": self.cleaned_data["stage"]}, self.cleaned_data["reason"])


class NurtureForm(ReasonedForm):
    journey_step = forms.ChoiceField(
        label=gettext_lazy("Buyer's journey"),
        required=False,
        choices=[("", gettext_lazy("as it is")), *Lead.JourneyStep.choices],
    )
    reason = _offered(required=False)

    @property
    def reasons(self) -> QuerySet[StatusReason]:
        return StatusReason.offered().filter(status__key="nurturing")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["reason"] = tidy(given.get("reason", ""))
        self.refuse_reason(LeadStatus.objects.get(key="nurturing"), given["reason"])
        return given

    def params(self) -> dict[str, Any]:
        return {"journey_step": self.cleaned_data["journey_step"], "reason": self.cleaned_data["reason"]}

    def summary(self) -> str:
        step = dict(Lead.JourneyStep.choices).get(self.cleaned_data["journey_step"], "")
        text = _("Nurture: %(step)s") % {"step": step} if step else _("Nurture")
        return _with_reason(text, self.cleaned_data["reason"])


class DeleteForm(forms.Form):
    """The number of leads, typed: nobody deletes a list by a slip of the hand."""

    number = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count
        self.fields["number"].label = ngettext(
            "Type %(n)d to delete %(n)d lead with everything that belongs to it, for good",
            "Type %(n)d to delete %(n)d leads with everything that belongs to them, for good",
            count,
        ) % {"n": count}

    def clean_number(self) -> int:
        number: int = self.cleaned_data["number"]
        if number != self.count:
            raise forms.ValidationError(
                ngettext(
                    "It is %(n)d lead. Nothing was deleted.", "There are %(n)d leads. Nothing was deleted.", self.count
                )
                % {"n": self.count}
            )
        return number

    def params(self) -> dict[str, Any]:
        return {}

    def summary(self) -> str:
        return _("Delete")


def form_of(act: str, data: Any, count: int) -> Any:
    """The form of an act; filled in where ``data`` is given."""
    if act == BulkJob.Act.DELETE:
        return DeleteForm(data, count=count)
    forms_by_act: dict[str, type[Any]] = {
        BulkJob.Act.ASSIGN: AssignForm,
        BulkJob.Act.STATUS: StatusForm,
        BulkJob.Act.STAGE: StageForm,
        BulkJob.Act.NURTURE: NurtureForm,
    }
    return forms_by_act[act](data)


def _with_reason(text: str, reason: str) -> str:
    return f"{text} ({reason})" if reason else text
