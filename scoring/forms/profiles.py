"""The forms of ideal customer profiles, their criteria, and personas."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import User
from scoring.models import Icp, IcpCriterion, Persona


class IcpForm(forms.ModelForm[Icp]):
    class Meta:
        model = Icp
        fields = ("name", "narrative", "owner", "is_active")
        widgets = {"narrative": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        if isinstance(owner, forms.ModelChoiceField):
            owner.queryset = User.objects.filter(Q(is_active=True) | Q(pk=self.instance.owner_id or 0))


class CriterionForm(forms.ModelForm[IcpCriterion]):
    class Meta:
        model = IcpCriterion
        fields = ("name", "excludes", "points")
        help_texts = {
            "excludes": _("A lead of such a company is never qualified, whatever else it does."),
            "points": _("Points of fit; negative ones count against it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["points"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("excludes"):
            cleaned["points"] = 0
        elif "points" in cleaned and not cleaned["points"]:
            cleaned["points"] = 0
            self.add_error("points", _("A criterion gives points, or rules out and gives none."))
        return cleaned


class PersonaForm(forms.ModelForm[Persona]):
    class Meta:
        model = Persona
        fields = (
            "name",
            "job_title",
            "buying_role",
            "biography",
            "demographics",
            "behaviour",
            "interests",
            "needs",
            "pain_points",
            "points",
            "is_active",
        )
        widgets = {
            name: forms.Textarea(attrs={"rows": rows})
            for name, rows in (
                ("biography", 6),
                ("demographics", 3),
                ("behaviour", 4),
                ("interests", 3),
                ("needs", 4),
                ("pain_points", 4),
            )
        }
