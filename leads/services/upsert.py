"""A lead as another program knows it: found by that system's number or by e-mail, changed, or created."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.imports.staging import let_batch_pass
from leads.models import ExternalId, Lead
from leads.services.companies import CompanyData, company_for, update_company
from leads.services.errors import refuse_nul
from leads.services.identity import find_by_email
from leads.services.leads import LeadData, create_lead, update_lead
from leads.services.stages import move_by_key
from leads.text import normalise_email
from leads.tracking.visitors import hold_known, identify

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from leads.models import Company, LifecycleStage

# What only a new lead takes; afterwards Baton itself decides (docs/api.md).
AT_CREATION = ("owner", "captured_at")
# Refused because somebody was quicker: looked at again, it is an update.
RACED = {"email", "external_ids", "company_domain"}
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class LeadAsKnown:
    """What the other program says. ``company`` holds more of the company than its name and domain.

    ``visitor`` is the number of the browser in which they said who they are.
    """

    data: LeadData
    external_id: tuple[str, str] | None = None
    company_name: str = ""
    company_domain: str = ""
    company: CompanyData = field(default_factory=lambda: CompanyData())
    stage: LifecycleStage | None = None
    stage_reason: str = ""
    visitor: UUID | None = None


def save_lead(*, known: LeadAsKnown, key: str, now: datetime) -> tuple[Lead, bool]:
    """Update the lead that is meant, or create it; True when it is new. ``key`` is the name of the API key.

    Two callers at once make one lead: the database refuses the second row, and the second caller then finds the first.
    Raises ValidationError at the field.
    """
    for _attempt in range(ATTEMPTS - 1):
        try:
            return _save(known, key, now)
        except ValidationError as error:
            if not hasattr(error, "error_dict") or not RACED & error.error_dict.keys():
                raise
    return _save(known, key, now)


@transaction.atomic
def _save(known: LeadAsKnown, key: str, now: datetime) -> tuple[Lead, bool]:
    let_batch_pass()
    found = _find(known)
    visitor = hold_known(uuid=known.visitor, lead=found) if known.visitor is not None else None
    lead, created = _written(known, found, key, now)
    if visitor is not None:
        identify(visitor=visitor, lead=lead, now=now)
    return lead, created


def _written(known: LeadAsKnown, lead: Lead | None, key: str, now: datetime) -> tuple[Lead, bool]:
    data = LeadData(**known.data)
    company = _company(known, lead, now)
    if company is not None:
        data["company"] = company
    if known.external_id is not None:
        system, number = known.external_id
        data["external_ids"] = {system: number}
    if lead is None:
        if known.stage is not None:
            data["stage"] = known.stage
        return create_lead(now=now, by=None, data=data, detail=_("API key %(name)s") % {"name": key}), True
    lead = update_lead(lead=lead, now=now, by=None, data=_for_known(lead, data))
    if known.stage is not None:
        move_by_key(lead=lead, to_stage=known.stage, key=key, reason=known.stage_reason, now=now)
    return lead, False


def _find(known: LeadAsKnown) -> Lead | None:
    """By the number, else by the address. Raises ValidationError when the two are different leads."""
    email = normalise_email(known.data.get("email", ""))
    refuse_nul({"email": email})
    by_email = find_by_email(email)
    if known.external_id is None:
        return by_email
    system, number = known.external_id
    by_number = Lead.objects.filter(external_ids__system=system, external_ids__value=number).first()
    if by_number is not None and by_email is not None and by_number != by_email:
        raise ValidationError({"email": _("Another lead than the one of this number has this address.")})
    if by_number is None and by_email is not None:
        other = ExternalId.objects.filter(lead=by_email, system=system).values_list("value", flat=True).first()
        if other is not None:
            raise ValidationError(
                {"external_id": _("The lead with this address has the number %(other)s.") % {"other": other}}
            )
    return by_number or by_email


def _company(known: LeadAsKnown, lead: Lead | None, now: datetime) -> Company | None:
    """The company named, or the one the lead has, with what else is said of it."""
    company = company_for(name=known.company_name, domain=known.company_domain, now=now)
    if not known.company:
        return company
    company = company or (lead.company if lead is not None else None)
    if company is None:
        raise ValidationError({"company_name": _("Say which company.")})
    return update_company(company=company, data=known.company, by=None, now=now)


def _for_known(lead: Lead, data: LeadData) -> LeadData:
    """Without what only a new lead takes, and without consent that is older than what is known."""
    kept: dict[str, Any] = {name: value for name, value in data.items() if name not in AT_CREATION}
    at = kept.get("consent_at")
    if "consent" in kept and at is not None and lead.consent_at is not None and at < lead.consent_at:
        for name in ("consent", "consent_at", "consent_source"):
            kept.pop(name, None)
    known: LeadData = LeadData(**kept)  # type: ignore[typeddict-item]  # the keys are those of LeadData
    return known
