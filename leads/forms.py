"""What people type about leads. The services decide what may be stored; these forms read and present it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.forms import formset_factory
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models import (
    Campaign,
    Company,
    CustomField,
    EventType,
    Lead,
    LeadStatus,
    LeadType,
    LifecycleStage,
    Source,
    StatusReason,
)
from leads.services.companies import company_for
from leads.text import normalise_email, tidy
from people.models import Role, User

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

    from leads.services.companies import CompanyData
    from leads.services.leads import LeadData

MOVERS = frozenset({Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})
PLAIN = (
    "first_name", "last_name", "email", "phone", "job_title", "country", "city", "language", "lead_type", "status",
    "status_reason", "journey_step", "bant_budget", "bant_authority", "bant_need", "bant_timeline",
    "consent", "consent_at", "consent_source", "do_not_email", "do_not_call",
)  # fmt: skip
COMPANY = ("company_name", "company_domain")
Named = TypeVar("Named", Source, Campaign)


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a date and a time."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"step": 60}, format="%Y-%m-%dT%H:%M")


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _text(label: _StrPromise, length: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, **options)


class LeadForm(forms.Form):
    """A lead, new or known. Of a known one only what was changed in this form is handed on.

    So two people who have the same lead open do not undo each other: each field carries the value it was shown with.
    """

    first_name = _text(_("First name"), 150)
    last_name = _text(_("Last name"), 150)
    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = _text(_("Phone"), 50, widget=forms.TextInput(attrs={"type": "tel"}))
    job_title = _text(_("Job title"), 200)
    country = _text(_("Country"), 100)
    city = _text(_("City"), 100)
    language = _text(_("Language"), 16)
    company_name = _text(_("Company"), 250)
    company_domain = _text(
        _("Web domain"), 253, help_text=_("Such as acme.com. It finds the company, however its name is written.")
    )
    lead_type = forms.ModelChoiceField(LeadType.objects.none(), label=_("Lead type"))
    source = _text(_("Source"), 200, widget=forms.TextInput(attrs={"list": "sources", "autocomplete": "off"}))
    campaign = _text(_("Campaign"), 200, widget=forms.TextInput(attrs={"list": "campaigns", "autocomplete": "off"}))
    status = forms.ModelChoiceField(LeadStatus.objects.none(), label=_("Status"))
    status_reason = _text(
        _("Reason of the status"),
        250,
        widget=forms.TextInput(attrs={"list": "status-reasons", "autocomplete": "off"}),
        help_text=_("Some statuses need one, and some offer those they take."),
    )
    journey_step = forms.ChoiceField(
        label=_("Buyer's journey"), required=False, choices=[("", "–"), *Lead.JourneyStep.choices]
    )
    bant_budget = _text(_("Budget"), 250)
    bant_authority = _text(_("Authority"), 250, help_text=_("Who decides, and whether it is this person."))
    bant_need = _text(_("Need"), 250)
    bant_timeline = _text(_("Timeline"), 250)
    consent = forms.ChoiceField(label=_("Consent to be mailed"), choices=Lead.Consent.choices)
    consent_at = forms.DateTimeField(
        label=_("Given or withdrawn at"), required=False, widget=MomentInput, help_text=_("Empty: now.")
    )
    consent_source = _text(_("Where"), 200)
    do_not_email = forms.BooleanField(label=_("Do not e-mail"), required=False)
    do_not_call = forms.BooleanField(label=_("Do not call"), required=False)

    def __init__(
        self, *args: Any, lead: Lead | None = None, by: User, only: Collection[str] | None = None, **kwargs: Any
    ) -> None:
        """``only`` some of its fields, to edit those in place."""
        self.lead, self.by = lead, by
        self.custom_fields = {field.key: field for field in CustomField.objects.filter(is_active=True)}
        kwargs["initial"] = _shown(lead)
        super().__init__(*args, **kwargs)
        self._offer("lead_type", LeadType.objects.all(), lead.lead_type_id if lead else 0)
        self._offer("status", LeadStatus.objects.all(), lead.status_id if lead else 0)
        for key, custom in self.custom_fields.items():
            self.fields[f"custom_{key}"] = _custom_field(custom, lead.custom.get(key) if lead else None)
        if lead is not None:
            self._for_known(lead)
        if only is not None:
            self.fields = {name: field for name, field in self.fields.items() if name in only}

    def _offer(self, name: str, rows: QuerySet[Any], current: int) -> None:
        """What is in use, and what the lead has anyway."""
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = rows.filter(Q(is_active=True) | Q(pk=current))
            field.empty_label = None

    def _for_known(self, lead: Lead) -> None:
        if self.by.role in MOVERS:
            stages = LifecycleStage.objects.filter(Q(is_active=True) | Q(pk=lead.stage_id))
            self.fields["stage"] = forms.ModelChoiceField(
                stages, label=_("Lifecycle stage"), initial=lead.stage_id, required=False, empty_label=None
            )
            self.fields["stage_reason"] = _text(_("Why it is moved by hand"), 250)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def custom(self) -> list[forms.BoundField]:
        return [self[f"custom_{key}"] for key in self.custom_fields]

    @property
    def sources(self) -> Iterable[str]:
        return Source.objects.filter(is_active=True).values_list("name", flat=True)[:200]

    @property
    def reasons(self) -> Iterable[StatusReason]:
        return StatusReason.offered()

    @property
    def campaigns(self) -> Iterable[str]:
        return Campaign.objects.filter(is_active=True).values_list("name", flat=True)[:200]

    def clean_email(self) -> str:
        return normalise_email(str(self.cleaned_data["email"]))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        names = ("first_name", "last_name", "email", "phone")
        touched = self.lead is None or any(name in self.changed_data for name in names)
        known = {name: getattr(self.lead, name, "") for name in names if name not in self.fields}
        if touched and not self.errors and not any((known | given).get(name) for name in names):
            raise ValidationError(_("Say at least a name, an e-mail address or a phone number."))
        return given

    def data_for(self, now: datetime) -> LeadData:
        """What to write: everything for a new lead, else what was changed. Creates the company or source it names."""
        wanted = set(self.changed_data) if self.lead is not None else set(self.fields)
        given = self.cleaned_data
        data: dict[str, Any] = {name: given[name] for name in PLAIN if name in wanted}
        if wanted.intersection(COMPANY):
            with transaction.atomic():
                data["company"] = company_for(name=given["company_name"], domain=given["company_domain"], now=now)
        if "source" in wanted:
            data["source"] = named(Source, given["source"])
        if "campaign" in wanted:
            data["campaign"] = named(Campaign, given["campaign"])
        custom = {key: given[f"custom_{key}"] for key in self.custom_fields if f"custom_{key}" in wanted}
        if custom:
            data["custom"] = custom
        if self.lead is None and self.by.role == Role.SDR:
            data["owner"] = self.by  # who would otherwise not see what they have just written
        return data  # type: ignore[return-value]  # the keys are those of LeadData by construction

    def refuse(self, error: ValidationError) -> None:
        """Put a service's refusal at the fields it is about, or on top."""
        for name, messages in error.message_dict.items():
            field = name.replace("custom.", "custom_")
            for message in messages:
                self.add_error(field if field in self.fields else None, message)


class CompanyForm(forms.Form):
    """A company; like ``LeadForm`` it hands on what was changed in this form, and nothing else."""

    name = forms.CharField(label=_("Name"), max_length=250)
    domain = _text(_("Web domain"), 253, help_text=_("Such as acme.com."))
    industry = _text(_("Industry"), 120, widget=forms.TextInput(attrs={"list": "industries", "autocomplete": "off"}))
    employees = forms.IntegerField(label=_("Employees"), required=False, min_value=0, max_value=2_147_483_647)
    annual_revenue = forms.DecimalField(
        label=_("Revenue a year"), required=False, min_value=0, max_digits=16, decimal_places=2
    )
    country = _text(_("Country"), 100)
    region = _text(_("Region"), 100)
    city = _text(_("City"), 100)
    technologies = _text(_("Technologies"), 500, help_text=_("What they are known to use, separated by commas."))

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(company, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def industries(self) -> Iterable[str]:
        known = Company.objects.exclude(industry="").order_by("industry")
        return known.values_list("industry", flat=True).distinct()[:200]

    def changes(self) -> CompanyData:
        return {name: self.cleaned_data[name] for name in self.changed_data}  # type: ignore[return-value]  # the keys are those of CompanyData by construction

    def refuse(self, error: ValidationError) -> None:
        """Put a service's refusal at the field it is about."""
        for name, reasons in error.message_dict.items():
            field = name.removeprefix("company_")
            self.add_error(field if field in self.fields else None, reasons)


def named(model: type[Named], name: str) -> Named | None:
    """The source or campaign of this name, in any case it was written before; else a new one."""
    name = tidy(name)
    if not name:
        return None
    same = model.objects.filter(name__iexact=name).select_related("merged_into")
    found = (
        same.order_by(F("merged_into").asc(nulls_first=True), "pk").first() or model.objects.get_or_create(name=name)[0]
    )
    return found.merged_into or found


def _shown(lead: Lead | None) -> dict[str, Any]:
    """The values a form begins with."""
    if lead is None:
        first = LeadType.objects.filter(is_active=True).first()
        return {"lead_type": first, "status": LeadStatus.objects.filter(key="new").first(), "consent": "unknown"}
    company: Company | None = lead.company
    names = {name: getattr(lead, f"{name}_id" if name in {"lead_type", "status"} else name) for name in PLAIN}
    # The control shows minutes: with seconds, what nobody touched would count as changed.
    names["consent_at"] = lead.consent_at.replace(second=0, microsecond=0) if lead.consent_at else None
    return names | {
        "company_name": company.name if company else "",
        "company_domain": company.domain if company else "",
        "source": lead.source.name if lead.source else "",
        "campaign": lead.campaign.name if lead.campaign else "",
    }


def _custom_field(custom: CustomField, value: Any) -> forms.Field:
    """A form field for a custom field of the company's own."""
    options: dict[str, Any] = {"label": custom.name, "required": False, "initial": value}
    kind = custom.kind
    if kind == CustomField.Kind.CHOICE:
        # A choice that is retired is offered no more, but whoever has it keeps it.
        offered = dict.fromkeys([*custom.choices, *([str(value)] if value else [])])
        return forms.ChoiceField(choices=[("", "–"), *((one, one) for one in offered)], **options)
    if kind == CustomField.Kind.YES_NO:
        choices = [("", "–"), ("true", _("Yes")), ("false", _("No"))]
        options["initial"] = {True: "true", False: "false"}.get(value, "")
        return forms.TypedChoiceField(choices=choices, coerce=lambda word: word == "true", empty_value="", **options)
    if kind == CustomField.Kind.DATE:
        return forms.DateField(widget=DayInput, **options)
    if kind in {CustomField.Kind.NUMBER, CustomField.Kind.MONEY}:
        return forms.DecimalField(max_digits=18, widget=forms.NumberInput(attrs={"step": "any"}), **options)
    return forms.CharField(max_length=10_000, **options)


class EventForm(forms.Form):
    """What a lead did, told by a person."""

    event_type = forms.ModelChoiceField(
        EventType.objects.filter(is_active=True), label=_("What happened"), empty_label=_("Choose…")
    )
    occurred_at = forms.DateTimeField(label=_("When"), widget=MomentInput)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        kwargs["initial"] = {"occurred_at": timezone.localtime(now)}
        super().__init__(*args, **kwargs)


class PropertyForm(forms.Form):
    """One property of an event."""

    name = forms.RegexField(
        r"^[A-Za-z][A-Za-z0-9_]*$",
        label=_("Property"),
        max_length=64,
        required=False,
        error_messages={"invalid": _("Letters, digits and underscores, a letter first.")},
    )
    value = _text(_("Value"), 1_000)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("value") and not given.get("name") and "name" not in self.errors:
            self.add_error("name", _("Say what this is the value of."))
        return given


PropertyFormSet = formset_factory(PropertyForm, extra=1, can_delete=True, max_num=50, validate_max=True)


def properties_of(formset: Any) -> dict[str, str]:
    """The properties as typed; rows left empty or removed are none."""
    rows = (form.cleaned_data for form in formset.forms if form not in formset.deleted_forms)
    return {row["name"]: row["value"] for row in rows if row.get("name")}
