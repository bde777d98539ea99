"""The fields that conditions may name: of the lead, of its company, the custom ones, and properties of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, DecimalField, F, Value
from django.utils.translation import gettext_lazy as _

from leads.models import Campaign, CustomField, Lead, LeadStatus, LeadType, Source
from leads.text import FREE_MAIL
from scoring.expressions import Sql, text
from scoring.language import FieldType, Kind

if TYPE_CHECKING:
    from django.db.models import Expression
    from django.db.models.expressions import Combinable
    from django.utils.functional import _StrPromise

PROPERTY_PREFIX = "properties."
CUSTOM_PREFIX = "custom."
Choices = Callable[[], dict[str, str]]
Build = Callable[[Kind], "Expression | Combinable"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field by the name that conditions use; ``build(kind)`` is its value as an expression over ``Lead``.

    ``choices`` are the only values it can have (stored → shown), ``suggestions`` what it often has.
    """

    name: str
    label: str | _StrPromise
    group: str | _StrPromise
    kind: Kind
    build: Build
    choices: Choices | None = None
    suggestions: Callable[[], list[str]] | None = None

    @property
    def type(self) -> FieldType:
        return FieldType(self.kind, str(self.label), self.choices() if self.choices else None)


class Types(Mapping[str, FieldType]):
    """The fields as ``scoring.language`` wants them; choices are read from the database when asked for.

    With ``strict`` off any choice is taken: what was valid when it was saved must not stop a published model.
    """

    def __init__(self, fields: Mapping[str, Field], *, strict: bool = True) -> None:
        self._fields = fields
        self._strict = strict
        self._seen: dict[str, FieldType] = {}

    def __getitem__(self, name: str) -> FieldType:
        field = self._fields[name]
        if not self._strict:
            return FieldType(field.kind, str(field.label))
        return self._seen.setdefault(name, field.type)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class EventFields(Mapping[str, Field]):
    """``properties.<name>`` for any name: what an event carries is known to its sender only."""

    def __getitem__(self, name: str) -> Field:
        key = name.removeprefix(PROPERTY_PREFIX)
        if not name.startswith(PROPERTY_PREFIX) or not key or "\x00" in key or len(key) > 100:
            raise KeyError(name)
        return Field(name, key, _("Event"), Kind.OPEN, lambda kind: _json("properties", key, kind))

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


EVENT_FIELDS = EventFields()


def lead_fields() -> dict[str, Field]:
    """Every field of the lead by name, in the order of a menu: one query, for the custom ones."""
    custom = (_custom(row) for row in CustomField.objects.order_by("position", "name"))
    return {field.name: field for field in (*BUILT_IN, *custom)}


def _column(path: str) -> Build:
    return lambda _kind: F(path)


def _named(model: type[LeadStatus | LeadType]) -> Choices:
    return lambda: {row.key: row.name for row in model.objects.order_by("position", "name")}


def _sources() -> list[str]:
    return list(Source.objects.filter(is_active=True).values_list("name", flat=True)[:500])


def _campaigns() -> list[str]:
    return list(Campaign.objects.filter(is_active=True).values_list("name", flat=True)[:500])


def _email_domain(_kind: Kind) -> Sql:
    return text("split_part({0}, '@', -1)", F("email"))


def _free_mail(_kind: Kind) -> Sql:
    """Missing where there is no address."""
    domains = ", ".join(f"'{domain}'" for domain in sorted(FREE_MAIL))
    return Sql(f"NULLIF(split_part({{0}}, '@', -1), '') IN ({domains})", F("email"))


def _captured_on(_kind: Kind) -> Sql:
    """The day, as text: days of custom fields are kept as text, and the two compare alike."""
    return text("to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD')", F("captured_at"))


# How a JSON value is read as the kind; what is no such value is a missing one, never an error. Numbers come as text
# from some senders, and looking for them by a pattern is slow enough to ask for the type first.
_JSON_NUMBER = r"""CASE jsonb_typeof({0} -> {1}::text) WHEN 'number' THEN ({0} -> {1}::text)::numeric
    WHEN 'string' THEN substring({0} ->> {1}::text from '^-?[0-9]+(?:\.[0-9]+)?$')::numeric END"""
_JSON_DATE = r"substring({0} ->> {1}::text from '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$')"
_JSON_BOOLEAN = "CASE {0} ->> {1}::text WHEN 'true' THEN true WHEN 'false' THEN false END"


def _json(column: str, key: str, kind: Kind) -> Sql:
    """A value inside a JSON column, read as the kind."""
    value = (F(column), Value(key))
    if kind is Kind.NUMBER:
        return Sql(_JSON_NUMBER, *value, output_field=DecimalField())
    if kind is Kind.BOOLEAN:
        return Sql(_JSON_BOOLEAN, *value, output_field=BooleanField())
    return text(_JSON_DATE if kind is Kind.DATE else "{0} ->> {1}::text", *value)


_CUSTOM_KINDS = {
    CustomField.Kind.TEXT: Kind.TEXT,
    CustomField.Kind.NUMBER: Kind.NUMBER,
    CustomField.Kind.MONEY: Kind.NUMBER,
    CustomField.Kind.DATE: Kind.DATE,
    CustomField.Kind.CHOICE: Kind.CHOICE,
    CustomField.Kind.YES_NO: Kind.BOOLEAN,
}


def _custom(row: CustomField) -> Field:
    kind = _CUSTOM_KINDS[CustomField.Kind(row.kind)]
    named = [*row.choices, *row.retired_choices]  # leads may still have what is retired
    choices: Choices | None = (lambda: {choice: choice for choice in named}) if kind is Kind.CHOICE else None
    key = row.key
    return Field(CUSTOM_PREFIX + key, row.name, _("Custom fields"), kind, lambda k: _json("custom", key, k), choices)


def _options(choices: Any) -> Choices:
    return lambda: {key: str(label) for key, label in choices}


_PERSON, _COMPANY, _STATE, _BANT = _("Person"), _("Company"), _("Lead"), _("Qualification")

BUILT_IN: tuple[Field, ...] = (
    Field("job_title", _("Job title"), _PERSON, Kind.TEXT, _column("job_title")),
    Field("country", _("Country"), _PERSON, Kind.TEXT, _column("country")),
    Field("city", _("City"), _PERSON, Kind.TEXT, _column("city")),
    Field("language", _("Language"), _PERSON, Kind.TEXT, _column("language")),
    Field("email", _("E-mail address"), _PERSON, Kind.TEXT, _column("email")),
    Field("email_domain", _("Domain of the e-mail address"), _PERSON, Kind.TEXT, _email_domain),
    Field("free_mail", _("Address at a free mail provider"), _PERSON, Kind.BOOLEAN, _free_mail),
    Field("phone", _("Phone"), _PERSON, Kind.TEXT, _column("phone")),
    Field("source", _("Source"), _STATE, Kind.TEXT, _column("source__name"), suggestions=_sources),
    Field("campaign", _("Campaign"), _STATE, Kind.TEXT, _column("campaign__name"), suggestions=_campaigns),
    Field("bant_budget", _("Budget"), _BANT, Kind.TEXT, _column("bant_budget")),
    Field("bant_authority", _("Authority"), _BANT, Kind.TEXT, _column("bant_authority")),
    Field("bant_need", _("Need"), _BANT, Kind.TEXT, _column("bant_need")),
    Field("bant_timeline", _("Timeline"), _BANT, Kind.TEXT, _column("bant_timeline")),
    Field("lead_type", _("Lead type"), _STATE, Kind.CHOICE, _column("lead_type__key"), _named(LeadType)),
    Field("status", _("Status"), _STATE, Kind.CHOICE, _column("status__key"), _named(LeadStatus)),
    Field(
        "journey_step",
        _("Step of the buyer's journey"),
        _STATE,
        Kind.CHOICE,
        _column("journey_step"),
        _options(Lead.JourneyStep.choices),
    ),
    Field("consent", _("Consent"), _STATE, Kind.CHOICE, _column("consent"), _options(Lead.Consent.choices)),
    Field("do_not_email", _("Do not e-mail"), _STATE, Kind.BOOLEAN, _column("do_not_email")),
    Field("do_not_call", _("Do not call"), _STATE, Kind.BOOLEAN, _column("do_not_call")),
    Field("captured_at", _("Captured on"), _STATE, Kind.DATE, _captured_on),
    Field("company.name", _("Company name"), _COMPANY, Kind.TEXT, _column("company__name")),
    Field("company.domain", _("Company's web domain"), _COMPANY, Kind.TEXT, _column("company__domain")),
    Field("company.industry", _("Industry"), _COMPANY, Kind.TEXT, _column("company__industry")),
    Field("company.employees", _("Employees"), _COMPANY, Kind.NUMBER, _column("company__employees")),
    Field("company.annual_revenue", _("Annual revenue"), _COMPANY, Kind.NUMBER, _column("company__annual_revenue")),
    Field("company.country", _("Company's country"), _COMPANY, Kind.TEXT, _column("company__country")),
    Field("company.region", _("Company's region"), _COMPANY, Kind.TEXT, _column("company__region")),
    Field("company.city", _("Company's city"), _COMPANY, Kind.TEXT, _column("company__city")),
    Field("company.technologies", _("Technologies"), _COMPANY, Kind.TEXT, _column("company__technologies")),
)
