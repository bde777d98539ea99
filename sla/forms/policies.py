"""The forms of a policy: its terms, and the rungs of its ladder."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.models.facts import Channel, Outcome
from people.rows import Rows
from sla import defaults
from sla.forms.durations import DurationField
from sla.models import Level, Policy, PolicyVersion
from sla.services.policies import LevelTerms, PolicyTerms

if TYPE_CHECKING:
    from collections.abc import Mapping


class PolicyForm(forms.ModelForm[Policy]):
    duration_seconds = DurationField(label=_("Promised within"))
    time_kind = forms.ChoiceField(
        label=_("Measured in"),
        choices=PolicyVersion.TimeKind.choices,
        widget=forms.RadioSelect,
        initial=PolicyVersion.TimeKind.WORKING,
        help_text=_("Working time runs only in the owner's working hours; wall time runs day and night."),
    )
    warn_seconds = DurationField(
        label=_("Shown as due soon"), required=False, help_text=_("So long before the due time it turns amber.")
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels that count"), choices=Channel.choices, widget=forms.CheckboxSelectMultiple
    )
    outcomes = forms.MultipleChoiceField(
        label=_("Outcomes that count"),
        choices=Outcome.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only a logged attempt by such a channel with such an outcome stops the clock."),
    )

    class Meta:
        model = Policy
        fields = ("name",)

    @classmethod
    def initial_of(cls, version: PolicyVersion | None) -> dict[str, Any]:
        """What the form shows of the present terms."""
        if version is None:
            counted = {"channels": defaults.COUNTED_CHANNELS, "outcomes": defaults.COUNTED_OUTCOMES}
            return {"duration_seconds": defaults.FIRST_TOUCH_SECONDS, "warn_seconds": 120, **counted}
        return {
            "duration_seconds": version.duration_seconds,
            "time_kind": version.time_kind,
            "warn_seconds": version.warn_seconds,
            "channels": version.sequence.channels,
            "outcomes": version.sequence.outcomes,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        within, warn = cleaned.get("duration_seconds"), cleaned.get("warn_seconds") or 0
        if within == 0:
            self.add_error("duration_seconds", _("A promise takes at least a second."))
        elif within is not None and warn > within:
            self.add_error("warn_seconds", _("The warning cannot come before the clock starts."))
        return cleaned


class LevelForm(forms.Form):
    SIDES = (("after", _("after it is due")), ("before", _("before it is due")))

    seconds = DurationField(label=_("When"))
    side = forms.ChoiceField(label=_("Before or after"), choices=SIDES, initial="after")
    recipients = forms.MultipleChoiceField(
        label=_("Who hears"), choices=Level.Recipient.choices, widget=forms.CheckboxSelectMultiple
    )

    @staticmethod
    def initial_of(level: Level) -> dict[str, Any]:
        return {
            "seconds": abs(level.offset_seconds),
            "side": "before" if level.offset_seconds < 0 else "after",
            "recipients": level.recipients,
        }

    @staticmethod
    def terms(data: Mapping[str, Any]) -> LevelTerms:
        sign = -1 if data["side"] == "before" else 1
        return LevelTerms(sign * data["seconds"], tuple(data["recipients"]))


class BaseLevels(Rows):
    """The ladder: at least one rung, each later than the one above it."""

    def clean(self) -> None:
        if any(self.errors):
            return
        if not self.kept:
            raise ValidationError(_("A policy needs at least one level: who hears when nothing happens?"))
        for (_form, earlier), (form, later) in pairwise(zip(self.kept, self.terms(), strict=True)):
            if later.offset_seconds <= earlier.offset_seconds:
                form.add_error("seconds", _("This level does not come later than the one before it."))

    def terms(self) -> list[LevelTerms]:
        return [LevelForm.terms(values) for values in self.values]


Levels = forms.formset_factory(
    LevelForm, formset=BaseLevels, extra=0, can_delete=True, max_num=20, absolute_max=40, validate_max=True
)


def policy_terms(form: PolicyForm, levels: Any, conditions: list[dict[str, object]]) -> PolicyTerms:
    """The terms that a valid page says."""
    data = form.cleaned_data
    return PolicyTerms(
        name=data["name"],
        duration_seconds=data["duration_seconds"],
        time_kind=data["time_kind"],
        warn_seconds=data["warn_seconds"] or 0,
        channels=data["channels"],
        outcomes=data["outcomes"],
        conditions=conditions,
        levels=levels.terms(),
    )
