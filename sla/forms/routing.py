"""The form of a routing rule."""

from __future__ import annotations

from django import forms
from django.db.models import Q

from leads.models import LifecycleStage
from people.models import Team
from sla.models import RoutingRule


class RoutingForm(forms.ModelForm[RoutingRule]):
    class Meta:
        model = RoutingRule
        fields = ("name", "stage", "team", "is_active")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        stage, team = self.fields["stage"], self.fields["team"]
        if isinstance(stage, forms.ModelChoiceField) and isinstance(team, forms.ModelChoiceField):
            stage.queryset = LifecycleStage.objects.filter(Q(is_active=True) | Q(pk=self.instance.stage_id or 0))
            team.queryset = Team.objects.filter(Q(side=Team.Side.SALES) | Q(pk=self.instance.team_id or 0))
