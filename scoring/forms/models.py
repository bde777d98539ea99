"""The forms of a draft of the scoring model: its rules, its thresholds, its publication."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import EventType, LifecycleStage
from scoring.models import Rule, ScoringModel, Threshold

OF_EVENTS = ("window_days", "half_life_days", "cap")


class RuleForm(forms.ModelForm[Rule]):
    class Meta:
        model = Rule
        fields = (
            "name",
            "effect",
            "part",
            "points",
            "target_stage",
            "event_type",
            "min_count",
            "window_days",
            "half_life_days",
            "cap",
            "is_active",
        )
        help_texts = {
            "points": _("For each event, or once when the conditions hold. Negative ones count against the lead."),
            "min_count": _("Fewer events give nothing."),
            "window_days": _("Older events no longer count."),
            "half_life_days": _("Points fade: half after so many days, a quarter after twice as many."),
            "cap": _("All events together never give more."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {"target_stage": LifecycleStage, "event_type": EventType}
        for name, model in offered.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                present = getattr(self.instance, f"{name}_id") or 0
                field.queryset = model._default_manager.filter(Q(is_active=True) | Q(pk=present))
        self.fields["points"].required = False
        for name in OF_EVENTS:
            self.fields[name].widget.attrs["min"] = 1

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._check_effect(cleaned)
        self._check_event(cleaned)
        return cleaned

    def _check_effect(self, cleaned: dict[str, Any]) -> None:
        """What an effect has no use for is left out, what it needs is asked for."""
        effect = cleaned.get("effect")
        if effect == Rule.Effect.POINTS:
            if not cleaned.get("part"):
                self.add_error("part", _("Say to which part of the score the points go."))
            if "points" in cleaned and not cleaned["points"]:
                cleaned["points"] = 0
                self.add_error("points", _("A rule that gives no points does nothing."))
        else:
            cleaned["part"], cleaned["points"] = "", 0
        if effect != Rule.Effect.DECISIVE:
            cleaned["target_stage"] = None
        elif not cleaned.get("target_stage"):
            self.add_error("target_stage", _("Say to which stage it moves the lead."))

    def _check_event(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("event_type") is None and "event_type" not in self.errors:
            for name in OF_EVENTS:
                if cleaned.get(name) is not None:
                    self.add_error(name, _("Only a rule about an event has this: choose the event, or leave it empty."))
            cleaned["min_count"] = 1
        for name in ("min_count", *OF_EVENTS):
            if cleaned.get(name) == 0:
                self.add_error(name, _("At least 1."))
        if cleaned.get("window_days") and cleaned.get("half_life_days"):
            self.add_error("half_life_days", _("Choose a time window or a half-life, not both."))


class ThresholdForm(forms.ModelForm[Threshold]):
    class Meta:
        model = Threshold
        fields = ("stage", "min_total", "min_fit", "min_engagement", "min_intent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stage = self.fields["stage"]
        if isinstance(stage, forms.ModelChoiceField):
            stage.queryset = LifecycleStage.objects.filter(Q(is_active=True) | Q(pk=self.instance.stage_id or 0))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        limits = ("min_total", "min_fit", "min_engagement", "min_intent")
        if not self.errors and all(cleaned.get(name) is None for name in limits):
            self.add_error("min_total", _("Set at least one limit; without any, every lead would be moved."))
        return cleaned


class PublishForm(forms.ModelForm[ScoringModel]):
    class Meta:
        model = ScoringModel
        fields = ("comment",)
        widgets = {"comment": forms.Textarea(attrs={"rows": 2})}
