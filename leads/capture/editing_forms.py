"""What a marketer fills in to build a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.capture.editing import Asked
from leads.capture.origins import OriginsField
from leads.capture.questions import EMAIL, offered
from leads.forms import named
from leads.models import Campaign, CaptureField, CaptureForm, EventType, LeadType, Source
from leads.models.capture import FORM_SUBMITTED
from people.rows import Rows

MOST_QUESTIONS = 40
PARTS = ("what", "label", "help_text", "placeholder", "required", "progressive")


class BuilderForm(forms.ModelForm[CaptureForm]):
    source_name = forms.CharField(
        label=_("Source"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "sources", "autocomplete": "off"}),
        help_text=_("Of new leads whose link and referrer say none."),
    )
    campaign_name = forms.CharField(
        label=_("Campaign"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "campaigns", "autocomplete": "off"}),
        help_text=_("Of new leads whose link says none."),
    )
    redirect_url = forms.URLField(
        label=_("Go on to"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_("An address that is opened after sending, instead of the thank-you text."),
    )
    allowed_sites = OriginsField(
        label=_("Sites that may embed it"),
        required=False,
        wildcards=True,
        help_text=_("One a line, such as https://www.acme.com or https://*.acme.com. Empty: every site."),
    )

    class Meta:
        model = CaptureForm
        fields = (
            "name", "title", "intro", "button_label", "language", "consent_mode", "consent_text", "thanks",
            "redirect_url", "lead_type", "event_type", "ask_at_once", "allowed_sites",
        )  # fmt: skip
        widgets = {
            "intro": forms.Textarea(attrs={"rows": 3}),
            "consent_text": forms.Textarea(attrs={"rows": 3}),
            "thanks": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        form: CaptureForm = kwargs["instance"]
        kwargs["initial"] = {
            "source_name": form.source.name if form.source else "",
            "campaign_name": form.campaign.name if form.campaign else "",
        }
        super().__init__(*args, **kwargs)
        self._offer("lead_type", LeadType.objects.filter(Q(is_active=True) | Q(pk=form.lead_type_id or 0)))
        self._offer("event_type", EventType.objects.filter(Q(is_active=True) | Q(pk=form.event_type_id or 0)))
        if not form.event_type_id:
            usual = EventType.objects.filter(key=FORM_SUBMITTED, is_active=True).first()
            self.initial["event_type"] = usual.pk if usual else None

    def _offer(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = rows
            field.empty_label = _("The usual one") if name == "lead_type" else None

    @property
    def sources(self) -> Any:
        return Source.objects.filter(is_active=True).values_list("name", flat=True)[:200]

    @property
    def campaigns(self) -> Any:
        return Campaign.objects.filter(is_active=True).values_list("name", flat=True)[:200]

    def ready(self) -> CaptureForm:
        """The form as it was filled in, not written yet; a source or campaign it names is found or made."""
        self.instance.source = named(Source, self.cleaned_data["source_name"])
        self.instance.campaign = named(Campaign, self.cleaned_data["campaign_name"])
        return self.instance


class QuestionForm(forms.Form):
    what = forms.ChoiceField(label=_("Asks for"), choices=())
    label = forms.CharField(label=_("Label"), max_length=150, required=False, help_text=_("Empty: the usual one."))
    help_text = forms.CharField(label=_("Help text"), max_length=300, required=False)
    placeholder = forms.CharField(label=_("Example in the field"), max_length=150, required=False)
    required = forms.BooleanField(label=_("Required"), required=False)
    progressive = forms.BooleanField(label=_("Only while not known"), required=False)

    def __init__(self, *args: Any, offered: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.initial.get("what", "")
        flat = {key for _group, choices in offered[1:] for key, _label in choices}
        lost = [(current, current)] if current and current not in flat else []
        self.fields["what"].choices = [*offered, *lost]  # type: ignore[attr-defined]  # a ChoiceField has them


class BaseQuestions(Rows):
    """At least the address, by which people are known; and nothing twice."""

    def clean(self) -> None:
        if any(self.errors):
            return
        seen: set[str] = set()
        for form in self.kept:
            what = form.cleaned_data["what"]
            if what in seen:
                form.add_error("what", _("This is asked already."))
            seen.add(what)
            if what == EMAIL and not form.cleaned_data["required"]:
                form.add_error("required", _("The address is what a person is known by: it has to be required."))
        if EMAIL not in seen:
            raise ValidationError(_("Ask for the e-mail address: it is what a person is known by."))

    def asked(self) -> list[Asked]:
        return [Asked(**{name: values[name] for name in PARTS}) for values in self.values]

    def as_questions(self) -> list[CaptureField]:
        """The rows that make sense already, for the preview; nothing is written."""
        try:
            found = [{name: values.get(name) or "" for name in PARTS} for values in self.values]
        except ValidationError:  # the form does not even say how many rows it has
            return []
        return [CaptureField(pk=n, **values) for n, values in enumerate(found, start=1) if values["what"]]


QuestionRows = forms.formset_factory(
    QuestionForm,
    formset=BaseQuestions,
    extra=0,
    can_delete=True,
    can_order=True,
    max_num=MOST_QUESTIONS,
    absolute_max=MOST_QUESTIONS * 2,
    validate_max=True,
)


def question_rows(data: Any, form: CaptureForm) -> Any:
    """The questions of a form; a new one begins with what every form asks."""
    if form.pk:
        initial: list[dict[str, Any]] = [dict(row) for row in form.questions.values(*PARTS)]
    else:
        initial = [{"what": "first_name"}, {"what": "last_name"}, {"what": EMAIL, "required": True}]
    return QuestionRows(data, prefix="questions", initial=initial, form_kwargs={"offered": offered()})
