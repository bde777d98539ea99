"""Forms about people and teams."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import Role, Team, User
from people.zones import zone_names


class ZoneInput(forms.TextInput):
    """A text field that offers every zone while one types; ``people/zones.html`` writes the list."""

    def __init__(self) -> None:
        super().__init__(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"})


class ZoneField(forms.CharField):
    widget = ZoneInput

    def to_python(self, value: Any) -> str:
        """The zone as it is written, whatever case and blanks were typed."""
        text = str(super().to_python(value)).replace(" ", "_")
        return _ZONES.get(text.lower(), text)


_ZONES = {name.lower(): name for name in zone_names()}


class PersonForm(forms.ModelForm[User]):
    time_zone = ZoneField(
        label=_("Time zone"), initial="UTC", help_text=_("Such as Europe/Madrid. Their working hours are read in it.")
    )

    class Meta:
        model = User
        fields = (
            "name", "email", "role", "team", "reports_to", "time_zone", "language", "takes_leads", "is_active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bosses = User.objects.filter(Q(is_active=True) | Q(pk=self.instance.reports_to_id or 0))
        field = self.fields["reports_to"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = bosses.exclude(pk=self.instance.pk)

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])


class ProfileForm(forms.ModelForm[User]):
    time_zone = ZoneField(label=_("Time zone"), help_text=_("All times are shown in it."))

    class Meta:
        model = User
        fields = ("name", "time_zone", "language", "takes_leads")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.role != Role.SDR:
            del self.fields["takes_leads"]


class TeamForm(forms.ModelForm[Team]):
    class Meta:
        model = Team
        fields = ("name", "side", "manager")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["manager"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = User.objects.filter(Q(is_active=True) | Q(pk=self.instance.manager_id or 0))


class PeopleFilter(forms.Form):
    """What the list of people is narrowed by; anything unknown narrows nothing."""

    q = forms.CharField(label=_("Name or address"), required=False)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Every role")), *Role.choices])
    team = forms.ModelChoiceField(
        label=_("Team"), required=False, queryset=Team.objects.all(), empty_label=_("Every team")
    )

    def people(self) -> Any:
        """The people that pass, with what the list shows of them."""
        found = User.objects.select_related("team", "reports_to").order_by("-is_active", "name", "pk")
        self.is_valid()
        text, role, team = (self.cleaned_data.get(name) for name in ("q", "role", "team"))
        if text:
            found = found.filter(Q(name__icontains=text) | Q(email__icontains=text))
        if role:
            found = found.filter(role=role)
        return found.filter(team=team) if team else found
