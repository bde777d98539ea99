"""Names and keys of a body → the rows they mean; what means nothing is an error at its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.forms import named
from leads.models import Campaign, LeadStatus, LeadType, LifecycleStage, Source
from leads.services.companies import CompanyData
from leads.services.leads import LeadData
from leads.services.upsert import LeadAsKnown
from people.models import User

if TYPE_CHECKING:
    from leads.api.schemas import BantIn, CompanyIn, ConsentIn, LeadIn
    from leads.models.lists import Listed

Row = TypeVar("Row", bound="Listed")
PLAIN = (
    "email", "first_name", "last_name", "phone", "job_title", "country", "city", "language", "status_reason",
    "captured_at", "journey_step", "do_not_email", "do_not_call", "custom",
)  # fmt: skip


def by_key(model: type[Row], key: str, field: str, *, retired: bool = False) -> Row:
    """``retired`` takes one that is not in use any more, too: there may be leads that have it."""
    rows = model._default_manager.filter(key=key)
    row: Row | None = (rows if retired else rows.filter(is_active=True)).first()
    if row is None:
        raise ValidationError({field: _("There is no such key, or it is not in use any more.")})
    return row


def colleague(address: str, *, retired: bool = False) -> User:
    """``retired`` takes somebody who may not sign in any more, too: they may still have leads."""
    people = User.objects.filter(email__iexact=address.strip())
    user: User | None = (people if retired else people.active()).first()
    if user is None:
        raise ValidationError({"owner": _("Nobody who may sign in has this address.")})
    return user


def lead_as_known(body: LeadIn) -> LeadAsKnown:
    """What was said, and only that: a field that was not sent changes nothing."""
    sent = body.model_fields_set
    data: dict[str, Any] = {name: getattr(body, name) for name in PLAIN if name in sent}
    if data.get("captured_at", True) is None:
        del data["captured_at"]
    data |= _rows(body)
    data |= _qualification(body.bant)
    data |= _consent(body.consent)
    company = body.company
    return LeadAsKnown(
        data=LeadData(**data),  # type: ignore[typeddict-item]  # the keys are those of LeadData by construction
        external_id=(body.system, body.external_id) if body.system and body.external_id else None,
        company_name=company.name if company else "",
        company_domain=company.domain if company else "",
        company=_company(company),
        stage=by_key(LifecycleStage, body.stage, "stage") if body.stage else None,
        stage_reason=body.stage_reason,
        visitor=body.visitor,
    )


def _rows(body: LeadIn) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field, model in (("source", Source), ("campaign", Campaign)):
        if field in body.model_fields_set:
            data[field] = named(model, getattr(body, field))
    for field, listed in (("lead_type", LeadType), ("status", LeadStatus)):
        if getattr(body, field):
            data[field] = by_key(listed, getattr(body, field), field)
    if body.owner:
        data["owner"] = colleague(body.owner)
    return data


def _qualification(bant: BantIn | None) -> dict[str, str]:
    return {f"bant_{name}": getattr(bant, name) for name in bant.model_fields_set} if bant else {}


def _consent(consent: ConsentIn | None) -> dict[str, Any]:
    if consent is None:
        return {}
    said: dict[str, Any] = {"consent": consent.state}
    if consent.at is not None:
        said["consent_at"] = consent.at
    if "source" in consent.model_fields_set:
        said["consent_source"] = consent.source
    return said


def _company(company: CompanyIn | None) -> CompanyData:
    """All that was said of it but its name and domain, by which it is found."""
    more = {name: getattr(company, name) for name in company.model_fields_set} if company else {}
    more = {name: value for name, value in more.items() if name not in {"name", "domain"}}
    said: CompanyData = CompanyData(**more)  # type: ignore[typeddict-item]  # the keys are those of CompanyData
    return said
