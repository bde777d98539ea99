"""What people type while they work leads: attempts, notes, reassignments and the filters of the lists."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import Attempt, Note
from leads.models.facts import Channel, Outcome
from people.models import User
from sla.models import Handoff, Notice
from sla.timeline import GROUPS, Wish, tellers

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import QueryDict

    from leads.models import Lead

MOST_AT_ONCE = 200
MOST_ID = 2**63 - 1

# What can come of each channel, the usual first. An e-mail is never busy.
OUTCOMES: dict[str, tuple[Outcome, ...]] = {
    Channel.CALL: (Outcome.CONNECTED, Outcome.NO_ANSWER, Outcome.VOICEMAIL, Outcome.BUSY, Outcome.WRONG_CONTACT),
    Channel.EMAIL: (Outcome.SENT, Outcome.CONNECTED, Outcome.BOUNCED, Outcome.WRONG_CONTACT),
    Channel.VIDEO: (Outcome.SENT, Outcome.CONNECTED),
    Channel.SOCIAL: (Outcome.SENT, Outcome.CONNECTED, Outcome.WRONG_CONTACT),
    Channel.MEETING: (Outcome.CONNECTED, Outcome.NO_ANSWER),
}


class AttemptForm(forms.Form):
    """An attempt, logged by one press on its outcome."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=Outcome.choices,
        widget=forms.HiddenInput,
        error_messages={"required": _("Choose what came of it.")},
    )
    note = forms.CharField(
        label=_("Note (optional)"),
        required=False,
        max_length=Attempt._meta.get_field("note").max_length,
        widget=forms.Textarea(attrs={"rows": 1}),
    )

    @property
    def offered(self) -> list[tuple[str, str]]:
        """The outcomes of the form's channel, as (value, label)."""
        return [(outcome.value, str(outcome.label)) for outcome in OUTCOMES.get(self.chosen, ())]

    @property
    def chosen(self) -> str:
        """The channel the form is about, as its value."""
        return str(self["channel"].value())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        channel, outcome = cleaned.get("channel"), cleaned.get("outcome")
        if channel and outcome and outcome not in OUTCOMES[channel]:
            self.add_error("outcome", _("That cannot come of this channel. Choose one of the outcomes shown."))
        return cleaned


class NoteForm(forms.Form):
    body = forms.CharField(
        label=_("Note"),
        max_length=Note._meta.get_field("body").max_length,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write something first.")},
    )


class ReassignForm(forms.Form):
    """Who gets the lead: SDRs who take leads now, by team."""

    to = forms.ModelChoiceField(
        label=_("Give to"),
        queryset=User.objects.none(),
        error_messages={
            "required": _("Choose who gets the leads."),
            "invalid_choice": _("This person takes no leads at the moment. Choose another."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[User]", self.fields["to"])
        people = User.objects.available_sdrs().filter(team__isnull=False).select_related("team")
        field.queryset = people
        self.people = list(people.order_by("team__name", "team", "name", "pk"))
        field.choices = [("", _("Give to …")), *_by_team(self.people)]


class BulkReassignForm(ReassignForm):
    """Several hand-offs at once; only those the person may reassign are among the choices."""

    handoffs = forms.ModelMultipleChoiceField(
        label=_("Leads"),
        queryset=Handoff.objects.none(),
        widget=forms.MultipleHiddenInput,
        error_messages={
            "required": _("Choose at least one lead."),
            "invalid_choice": _("One of these leads is no longer yours to reassign. Look at the list again."),
        },
    )

    def __init__(self, *args: Any, allowed: QuerySet[Handoff], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelMultipleChoiceField[Handoff]", self.fields["handoffs"]).queryset = allowed

    def clean_handoffs(self) -> QuerySet[Handoff]:
        chosen: QuerySet[Handoff] = self.cleaned_data["handoffs"]
        if len(chosen) > MOST_AT_ONCE:
            raise forms.ValidationError(_("Reassign at most %(most)d leads at once.") % {"most": MOST_AT_ONCE})
        return chosen


class BoardFilter(forms.Form):
    """What the board lists; ``owner`` is an id or ``none``."""

    STATES = (("breached", _("Late")), ("soon", _("Due soon")), ("waiting", _("All waiting")))

    state = forms.ChoiceField(required=False, choices=STATES)
    team = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID)
    owner = forms.CharField(required=False)

    def clean_state(self) -> str:
        return self.cleaned_data["state"] or "breached"

    def clean_owner(self) -> int | str | None:
        owner = self.cleaned_data["owner"]
        if owner in ("", "none"):
            return owner or None
        return int(forms.IntegerField(min_value=1, max_value=MOST_ID).clean(owner))


class StoryFilter(forms.Form):
    """What of a lead's story is shown. What cannot be is as if it had not been asked for."""

    kind = forms.ChoiceField(required=False, choices=[("", ""), *GROUPS.items()], widget=forms.HiddenInput)
    who = forms.TypedChoiceField(label=_("Person"), required=False, coerce=int, empty_value=None)
    q = forms.CharField(
        label=_("Words"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Words in it")}),
    )

    def __init__(self, data: QueryDict, *, lead: Lead) -> None:
        super().__init__(data, auto_id="story_%s")
        cast("forms.ChoiceField", self.fields["who"]).choices = [("", _("By anybody")), *tellers(lead)]

    def wish(self) -> Wish:
        self.full_clean()
        given = self.cleaned_data
        return Wish(given.get("kind", ""), given.get("who"), given.get("q", ""))


class NoticeFilter(forms.Form):
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *Notice.State.choices])


def _by_team(people: list[User]) -> list[tuple[str, list[tuple[int, str]]]]:
    return [
        (str(team), [(person.pk, str(person)) for person in members])
        for team, members in groupby(people, key=lambda person: person.team)
    ]
