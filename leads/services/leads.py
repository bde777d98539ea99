"""Creating and changing one lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from leads.models import (
    Campaign,
    Company,
    CustomField,
    ExternalId,
    FormerEmail,
    Lead,
    LeadStatus,
    LeadType,
    LifecycleStage,
    Source,
    StageChange,
    WebhookKind,
)
from leads.services.consent import refuse_older_grant
from leads.services.custom import clean_custom
from leads.services.erased import refuse_blocked
from leads.services.errors import refusals_at_fields, refuse_erased, refuse_impossible, refuse_nul
from leads.services.identity import hold_lead
from leads.services.queue import mark_changed
from leads.services.webhooks import announce, announce_status
from leads.text import normalise_email, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from people.models import User

TEXTS = (
    "first_name", "last_name", "phone", "job_title", "country", "city", "language", "status_reason", "consent_source",
    "bant_budget", "bant_authority", "bant_need", "bant_timeline",
)  # fmt: skip
OBJECTS = ("company", "source", "campaign", "lead_type", "status", "stage", "owner")


class LeadData(TypedDict, total=False):
    """What may be set on a lead; a key that is absent is left as it is. ``stage`` and ``owner`` only at creation.

    ``custom`` is merged into what is there: a key with an empty value is removed. ``external_ids`` maps a system to
    the number there.
    """

    first_name: str
    last_name: str
    email: str
    phone: str
    job_title: str
    company: Company | None
    country: str
    city: str
    language: str
    source: Source | None
    campaign: Campaign | None
    lead_type: LeadType
    status: LeadStatus
    status_reason: str
    stage: LifecycleStage
    owner: User | None
    journey_step: str
    bant_budget: str
    bant_authority: str
    bant_need: str
    bant_timeline: str
    consent: str
    consent_at: datetime | None
    consent_source: str
    do_not_email: bool
    do_not_call: bool
    custom: Mapping[str, Any]
    captured_at: datetime
    external_ids: Mapping[str, str]


@transaction.atomic
def create_lead(*, now: datetime, by: User | None, data: LeadData, detail: str = "") -> Lead:
    """A new lead, its first line of stage history, and its place in the queue for scoring.

    ``detail`` says in that line what made it, where nobody did.
    Raises ValidationError at the field: an address that is none or is taken, a custom value of the wrong kind, a
    status without its reason, an external number that another lead has.
    """
    lead = Lead(captured_at=now, created_at=now, updated_at=now, stage_since=now)
    values = {"lead_type": _first_type, "status": _new_status, "stage": _lead_stage}
    for name, default in values.items():
        if name not in data:
            setattr(lead, name, default())
    _apply(lead, dict(data), now)
    with refusals_at_fields():
        lead.save(force_insert=True)
        _add_external_ids(lead, data.get("external_ids", {}))
    StageChange.objects.create(
        lead=lead, to_stage=lead.stage, changed_at=now, by=by, reason=StageChange.Reason.CREATED, detail=detail[:250]
    )
    mark_changed(lead_ids=[lead.pk], now=now)
    announce(kind=WebhookKind.LEAD_CREATED, lead_ids=[lead.pk], now=now)
    return lead


@transaction.atomic
def update_lead(*, lead: Lead, now: datetime, by: User | None, data: LeadData) -> Lead:  # noqa: ARG001 - the audit trail takes "who" from the request; an API without one will need it
    """Change a lead: only what differs is written, and nothing at all when nothing does.

    Of a lead that was merged a moment ago its winner is changed. Raises ValidationError as ``create_lead`` does. The
    stage moves by ``move_stages``, the owner by the hand-off.
    """
    for name in ("stage", "owner"):
        if name in data:
            raise ValueError(f"{name} is not changed here")
    current = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=hold_lead(lead).pk)
    refuse_erased(current)
    before, status = _snapshot(current), current.status
    _apply(current, dict(data), now)
    changed = [name for name, value in _snapshot(current).items() if before[name] != value]
    with refusals_at_fields():
        if "email" in changed:
            _use_again(current, before["email"], now)
        if changed:
            current.updated_at = now
            current.save(update_fields=[*changed, "updated_at"])
        added = _add_external_ids(current, data.get("external_ids", {}))
    if changed or added:
        mark_changed(lead_ids=[current.pk], now=now)
    announce_status(lead_ids=[current.pk], before=status, after=current.status, now=now)
    return current


def _use_again(lead: Lead, before: str, now: datetime) -> None:
    """An address of its own from before a merge comes back into use; the one it replaces goes on finding the lead."""
    taken_back, _rows = FormerEmail.objects.filter(lead=lead, email=lead.email).delete()
    if taken_back and before:
        Lead.objects.filter(pk=lead.pk).update(email=lead.email)
        FormerEmail.objects.create(lead=lead, email=before, since=now)


def _snapshot(lead: Lead) -> dict[str, Any]:
    """Every stored value by field name, to compare with later."""
    return {
        field.name: dict(lead.custom) if field.name == "custom" else getattr(lead, field.attname)
        for field in Lead._meta.concrete_fields
    }


def _apply(lead: Lead, data: dict[str, Any], now: datetime) -> None:
    """Set what is given, cleaned, and check the lead as a whole."""
    refuse_nul({name: data[name] for name in (*TEXTS, "email") if name in data})
    for name in ("consent_at", "captured_at"):
        if data.get(name):
            refuse_impossible(field=name, at=data[name], now=now)
    data.pop("external_ids", None)
    if "custom" in data:
        lead.custom = _merged(lead.custom, data.pop("custom"))
    if "email" in data:
        data["email"] = normalise_email(data["email"])
        if data["email"] != lead.email:
            refuse_blocked(data["email"])
    consent_before, consent_before_at = lead.consent, lead.consent_at
    reason_before = (lead.status_id, lead.status_reason)
    for name, value in data.items():
        setattr(lead, name, tidy(value) if name in TEXTS else value)
    _time_of_consent(lead, now, changed=lead.consent != consent_before and not data.get("consent_at"))
    refuse_older_grant(consent_before, consent_before_at, lead)
    lead.clean_fields(exclude=OBJECTS)
    _check_reason(lead, changed=(lead.status_id, lead.status_reason) != reason_before)


def _check_reason(lead: Lead, *, changed: bool) -> None:
    """A status that needs a reason has one; a new one is among those it offers."""
    if lead.status.needs_reason and not lead.status_reason:
        raise ValidationError({"status_reason": _("This status needs a reason.")})
    if changed and lead.status.refuses(lead.status_reason):
        raise ValidationError({"status_reason": _("Choose one of the reasons that this status offers.")})


def _merged(custom: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    # What a lead has already is not judged again: its choice may be retired by now.
    values = {key: value for key, value in values.items() if key not in custom or custom[key] != value}
    fields = {field.key: field for field in CustomField.objects.filter(key__in=list(values))}
    kept = clean_custom(values, fields)
    return {key: value for key, value in custom.items() if key not in values} | kept


def _time_of_consent(lead: Lead, now: datetime, *, changed: bool) -> None:
    """Consent has the time when it was given or withdrawn: the one that was told, else the moment we heard of it."""
    if lead.consent == Lead.Consent.UNKNOWN:
        lead.consent_at, lead.consent_source = None, ""
    elif changed or lead.consent_at is None:
        lead.consent_at = now


def _add_external_ids(lead: Lead, numbers: Mapping[str, str]) -> bool:
    """Keep what other systems call this lead; True when one was new.

    A number that differs corrects the only one there is; a merged lead has several in a system, and is given one more.
    """
    changed = False
    for system, value in numbers.items():
        known = list(ExternalId.objects.filter(lead=lead, system=system))
        if value in {one.value for one in known}:
            continue
        changed = changed or len(known) != 1
        if len(known) == 1:
            ExternalId.objects.filter(pk=known[0].pk).update(value=value)
        else:
            ExternalId.objects.create(lead=lead, system=system, value=value)
    return changed


def _first_type() -> LeadType:
    found = LeadType.objects.filter(is_active=True).first()
    if found is None:
        raise ValidationError({"lead_type": _("There is no lead type in use.")})
    return found


def _new_status() -> LeadStatus:
    return LeadStatus.objects.get(key="new")


def _lead_stage() -> LifecycleStage:
    return LifecycleStage.objects.get(key="lead")
