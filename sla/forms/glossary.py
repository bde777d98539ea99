"""The form of a glossary term."""

from __future__ import annotations

from django import forms

from sla.models import GlossaryTerm


class TermForm(forms.ModelForm[GlossaryTerm]):
    class Meta:
        model = GlossaryTerm
        fields = ("term", "text")
        widgets = {"text": forms.Textarea(attrs={"rows": 6})}
