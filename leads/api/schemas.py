"""What goes in and out, typed: the OpenAPI document is made of these. Unknown fields are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation
from pydantic import model_validator as check

LARGEST_ID = 2**63 - 1
MOST_EVENTS = 1_000


def _keepable(text: str) -> str:
    """What the database can keep as text; JSON can spell out more."""
    if "\x00" in text:
        raise ValueError("Holds a NUL character.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError("Holds half of a surrogate pair.") from error
    return text


def _written(value: object) -> object:
    """A moment is written out; a bare number would be a guess."""
    if not isinstance(value, str):
        raise ValueError("Must be text such as 2026-11-18T09:00:00Z.")
    return value


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("There is no such moment.") from error


Text = Annotated[str, AfterValidator(_keepable)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written, json_schema_input_type=AwareDatetime), AfterValidator(_utc)]
LeadNumber = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID, description="Baton's number of the lead.")]
Flag = Annotated[bool, Field(strict=True)]
Key = Annotated[Text, Field(max_length=64, description="The key of a value in the configured lists.")]
Name = Annotated[Text, Field(max_length=150)]
Line = Annotated[Text, Field(max_length=250)]
Short = Annotated[Text, Field(max_length=100)]
Email = Annotated[Text, Field(max_length=254, description="Case and blanks around it do not matter.")]
System = Annotated[Text, Field(min_length=1, max_length=64, description="Which other system `external_id` is of.")]
ExternalNumber = Annotated[Text, Field(min_length=1, max_length=200, description="The number of the lead in `system`.")]


class Body(BaseModel):
    """Whatever is sent in."""

    model_config = ConfigDict(extra="forbid")


class CompanyIn(Body):
    """Found by its domain, else by its name, else created; what is absent stays as it is."""

    name: Text = Field("", max_length=250)
    domain: Text = Field("", max_length=253)
    industry: Text = Field("", max_length=120)
    employees: Annotated[int, Field(strict=True, ge=0, le=2_147_483_647)] | None = None
    annual_revenue: Annotated[float, Field(ge=0, lt=10**14, allow_inf_nan=False)] | None = None
    country: Short = ""
    region: Short = ""
    city: Short = ""
    technologies: Text = Field("", max_length=500)


class BantIn(Body):
    """Budget, authority, need, timeline: in words."""

    budget: Line = ""
    authority: Line = ""
    need: Line = ""
    timeline: Line = ""


class ConsentIn(Body):
    """Consent to be mailed. An older word than what is known changes nothing."""

    state: Literal["unknown", "granted", "withdrawn"]
    at: Moment | None = None
    source: Text = Field("", max_length=200)


CustomValue = Text | bool | int | float | None


class LeadIn(Body):
    """A lead, found by ``external_id`` and ``system``, else by ``email``; what is absent stays as it is."""

    email: Email = ""
    external_id: ExternalNumber | None = None
    system: System | None = None
    first_name: Name = ""
    last_name: Name = ""
    phone: Text = Field("", max_length=50)
    job_title: Text = Field("", max_length=200)
    country: Short = ""
    city: Short = ""
    language: Text = Field("", max_length=16)
    company: CompanyIn | None = None
    source: Text = Field("", max_length=200, description="By name; a new one is made.")
    campaign: Text = Field("", max_length=200, description="By name; a new one is made.")
    lead_type: Key = ""
    status: Key = ""
    status_reason: Line = ""
    stage: Key = ""
    stage_reason: Text = Field("", max_length=200, description="Why the stage is changed.")
    owner: Text = Field("", max_length=254, description="E-mail address of a colleague; only for a new lead.")
    captured_at: Moment | None = Field(None, description="When it was captured; only for a new lead.")
    journey_step: Literal["", "awareness", "consideration", "decision"] = ""
    bant: BantIn | None = None
    consent: ConsentIn | None = None
    do_not_email: Flag = False
    do_not_call: Flag = False
    custom: Annotated[
        dict[Text, CustomValue], Field(description="By the keys of the custom fields; null removes a value.")
    ] = {}
    visitor: UUID | None = Field(None, description="The tracking snippet's number of their browser, from its cookie.")

    @check(mode="after")
    def _is_named(self) -> LeadIn:
        if (self.external_id is None) != (self.system is None):
            raise ValueError("external_id and system belong together.")
        if not self.email.strip() and self.external_id is None:
            raise ValueError("Name the lead by email, or by external_id and system.")
        return self


class EventIn(Body):
    """What a lead did. Name the lead by exactly one of ``lead_id``, ``email``, ``external_id`` with ``system``."""

    lead_id: LeadNumber | None = None
    email: Email | None = None
    external_id: ExternalNumber | None = None
    system: System | None = None
    event_type: Key
    occurred_at: Moment = Field(description="When it happened, not when it is sent.")
    idempotency_key: Text = Field("", max_length=200, description="The same key twice is one event.")
    properties: Annotated[dict[str, Any], Field(description="Plain JSON, up to 20,000 characters.")] = {}

    @check(mode="after")
    def _is_of_one(self) -> EventIn:
        if (self.external_id is None) != (self.system is None):
            raise ValueError("external_id and system belong together.")
        if sum(value is not None for value in (self.lead_id, self.email, self.external_id)) != 1:
            raise ValueError("Name the lead by one of lead_id, email, external_id with system.")
        return self


class EventsIn(Body):
    """Each event is judged by itself: a bad one does not keep the others out."""

    events: Annotated[list[SkipValidation[EventIn]], Field(min_length=1, max_length=MOST_EVENTS)]


class LeadQuery(Body):
    """What a list is narrowed by."""

    updated_since: Moment | None = Field(None, description="Those changed at or after this moment, oldest first.")
    stage: Key = ""
    status: Key = ""
    owner: Text = Field("", max_length=254, description="E-mail address of the owner.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Text = Field("", max_length=100, description="Where a page begins: follow `next`.")
    before: Text = Field("", max_length=100, description="Where a page ends: follow `previous`.")


class LookupQuery(Body):
    """Either ``email``, or ``external_id`` with ``system``."""

    email: Email = ""
    external_id: Text = Field("", max_length=200)
    system: Text = Field("", max_length=64)


class ErrorOut(BaseModel):
    field: str
    message: str


class ErrorsOut(BaseModel):
    errors: list[ErrorOut]


class SavedOut(BaseModel):
    """Which lead it is, and whether it is new; ``leads:read`` shows the rest."""

    id: int
    created: bool


class CompanyOut(BaseModel):
    id: int
    name: str
    domain: str
    industry: str
    employees: int | None
    annual_revenue: float | None
    country: str
    region: str
    city: str
    technologies: str


class BantOut(BaseModel):
    budget: str
    authority: str
    need: str
    timeline: str


class ConsentOut(BaseModel):
    state: str
    at: datetime | None
    source: str


class LeadOut(BaseModel):
    id: int
    email: str
    external_ids: dict[str, str]
    first_name: str
    last_name: str
    phone: str
    job_title: str
    country: str
    city: str
    language: str
    company: CompanyOut | None
    source: str | None
    campaign: str | None
    lead_type: str
    status: str
    status_reason: str
    stage: str
    stage_since: datetime
    owner: str | None
    journey_step: str
    bant: BantOut
    consent: ConsentOut
    do_not_email: bool
    do_not_call: bool
    custom: dict[str, Any]
    captured_at: datetime
    created_at: datetime
    updated_at: datetime


class LeadsOut(BaseModel):
    """A page; ``next`` and ``previous`` are addresses to follow, null at either end."""

    items: list[LeadOut]
    next: str | None
    previous: str | None


class EventOut(BaseModel):
    status: Literal["created", "duplicate"]
    id: int


class EventResult(BaseModel):
    """What became of one event of a batch, in the order they were sent."""

    status: Literal["created", "duplicate", "error"]
    id: int | None = None
    errors: list[ErrorOut] = []


class EventsOut(BaseModel):
    created: int
    duplicates: int
    errors: int
    results: list[EventResult]
