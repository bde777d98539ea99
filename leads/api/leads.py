"""Leads: saved by one verb, read one by one or page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Path, Query, Router
from ninja.responses import Status

from leads.api import once
from leads.api.errors import Refused
from leads.api.keys import requires_scope
from leads.api.lookups import by_key, colleague, lead_as_known
from leads.api.schemas import LARGEST_ID, ErrorsOut, LeadIn, LeadOut, LeadQuery, LeadsOut, LookupQuery, SavedOut
from leads.models import Lead, LeadStatus, LifecycleStage, Scope
from leads.services.identity import find_by_email
from leads.services.upsert import save_lead
from people.keyset import page

if TYPE_CHECKING:
    from leads.api.schemas import Body
    from leads.models import Company
    from leads.querysets import LeadQuerySet

router = Router(tags=["Leads"])
REFUSALS = frozenset({400, 401, 403, 409, 413, 415, 422, 429})
SHOWN = ("company", "source", "campaign", "lead_type", "status", "stage", "owner")


@router.put(
    "/leads",
    auth=requires_scope(Scope.LEADS_WRITE),
    response={200: SavedOut, 201: SavedOut, REFUSALS: ErrorsOut},
    summary="Create or update a lead",
    operation_id="save_lead",
    url_name="api-lead-save",
    openapi_extra=once.DOCUMENTED,
)
@once.once
def save(request: HttpRequest, lead: LeadIn) -> Status[Any]:
    """Finds the lead by `external_id` and `system`, else by `email`; creates it when there is none (201)."""
    name = request.auth.name  # type: ignore[attr-defined]  # the key, set by ninja
    saved, created = save_lead(known=lead_as_known(lead), key=name, now=timezone.now())
    return Status(201 if created else 200, {"id": saved.pk, "created": created})


@router.get(
    "/leads",
    auth=requires_scope(Scope.LEADS_READ),
    response={200: LeadsOut, REFUSALS: ErrorsOut},
    summary="List leads",
    operation_id="list_leads",
    url_name="api-lead-list",
)
def list_leads(request: HttpRequest, query: Query[LeadQuery]) -> dict[str, Any]:
    """In the order of their numbers; with `updated_since` in the order of their last change."""
    _refuse_unknown(request, LeadQuery)
    leads = _narrowed(query)
    by = "updated_at" if query.updated_since is not None else "pk"
    shown = page(request, leads, by=by, size=query.limit)
    here = settings.BATON_BASE_URL.rstrip("/") + request.path
    return {
        "items": [told(lead) for lead in shown.rows],
        "next": here + shown.next_url if shown.next_url else None,
        "previous": here + shown.previous_url if shown.previous_url else None,
    }


@router.get(
    "/leads/lookup",
    auth=requires_scope(Scope.LEADS_READ),
    response={200: LeadOut, REFUSALS | {404}: ErrorsOut},
    summary="Find a lead by e-mail or external id",
    operation_id="look_up_lead",
    url_name="api-lead-lookup",
)
def look_up(request: HttpRequest, query: Query[LookupQuery]) -> dict[str, Any]:
    """Exactly one lead has an address, or a number in a system."""
    _refuse_unknown(request, LookupQuery)
    if bool(query.email) == bool(query.external_id) or bool(query.external_id) != bool(query.system):
        raise Refused(422, _("Give email, or external_id with system."))
    if query.email:
        known = find_by_email(query.email)
        found = _all().filter(pk=known.pk if known else 0)
    else:
        found = _all().filter(external_ids__system=query.system, external_ids__value=query.external_id)
    return told(get_object_or_404(found))


@router.get(
    "/leads/{lead_id}",
    auth=requires_scope(Scope.LEADS_READ),
    response={200: LeadOut, REFUSALS | {404}: ErrorsOut},
    summary="Read a lead",
    operation_id="read_lead",
    url_name="api-lead",
)
def read(request: HttpRequest, lead_id: Annotated[int, Path(ge=1, le=LARGEST_ID)]) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    return told(get_object_or_404(_all(), pk=lead_id))


def _refuse_unknown(request: HttpRequest, known: type[Body]) -> None:
    """Ninja picks out the parameters that it knows; a misspelt filter would find everything."""
    for name in request.GET.keys() - known.model_fields.keys():
        raise Refused(422, _("There is no such parameter."), field=name[:64])


def _all() -> LeadQuerySet:
    return Lead.objects.select_related(*SHOWN).prefetch_related("external_ids")


def _narrowed(query: LeadQuery) -> LeadQuerySet:
    leads = _all()
    if query.updated_since is not None:
        leads = leads.filter(updated_at__gte=query.updated_since)
    if query.stage:
        leads = leads.filter(stage=by_key(LifecycleStage, query.stage, "stage", retired=True))
    if query.status:
        leads = leads.filter(status=by_key(LeadStatus, query.status, "status", retired=True))
    if query.owner:
        leads = leads.filter(owner=colleague(query.owner, retired=True))
    return leads


def told(lead: Lead) -> dict[str, Any]:
    """A lead as ``LeadOut`` has it; what it points to was loaded with it."""
    plain = (
        "email", "first_name", "last_name", "phone", "job_title", "country", "city", "language", "status_reason",
        "stage_since", "journey_step", "do_not_email", "do_not_call", "custom", "captured_at", "created_at",
        "updated_at",
    )  # fmt: skip
    return {name: getattr(lead, name) for name in plain} | {
        "id": lead.pk,
        "external_ids": {one.system: one.value for one in lead.external_ids.all()},
        "company": _told_company(lead.company) if lead.company else None,
        "source": lead.source.name if lead.source else None,
        "campaign": lead.campaign.name if lead.campaign else None,
        "lead_type": lead.lead_type.key,
        "status": lead.status.key,
        "stage": lead.stage.key,
        "owner": lead.owner.email if lead.owner else None,
        "bant": {name: getattr(lead, f"bant_{name}") for name in ("budget", "authority", "need", "timeline")},
        "consent": {"state": lead.consent, "at": lead.consent_at, "source": lead.consent_source},
    }


def _told_company(company: Company) -> dict[str, Any]:
    plain = ("name", "domain", "industry", "employees", "country", "region", "city", "technologies")
    revenue = company.annual_revenue
    return {name: getattr(company, name) for name in plain} | {
        "id": company.pk,
        "annual_revenue": float(revenue) if revenue is not None else None,
    }
