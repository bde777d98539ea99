"""Companies: found by their domain, else by their name, else created; and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.db import transaction

from leads.models import Company, CompanyMerge, Lead
from leads.services.errors import refusals_at_fields, refuse_nul
from leads.services.queue import mark_changed
from leads.text import normalise_domain, tidy

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from people.models import User


class CompanyData(TypedDict, total=False):
    """What may be changed of a company; a key that is absent is left as it is."""

    name: str
    domain: str
    industry: str
    employees: int | None
    annual_revenue: Decimal | None
    country: str
    region: str
    city: str
    technologies: str


@transaction.atomic
def company_for(*, name: str, domain: str = "", now: datetime) -> Company | None:
    """The company of that domain; without a domain the oldest of that name (any case); else a new one.

    Nothing when both are empty. A company known by name only takes the domain when it has none.
    """
    refuse_nul({"company_name": name, "company_domain": domain})
    name, domain = tidy(name), normalise_domain(domain)
    if not name and not domain:
        return None
    found = _by_domain(domain) or _by_name(name, domain)
    return found or _create(name or domain, domain, now)


@transaction.atomic
def update_company(*, company: Company, data: CompanyData, by: User | None, now: datetime) -> Company:  # noqa: ARG001 - as for update_lead: an API without a request will need it
    """Change a company: only what differs is written; then all its leads are due for scoring (profiles look at it).

    Raises ValidationError at the field; a domain that another company has is refused at ``company_domain``.
    """
    refuse_nul(dict(data))
    current = Company.objects.select_for_update().get(pk=company.pk)
    cleaned = {name: tidy(value) if isinstance(value, str) else value for name, value in data.items()}
    if "domain" in data:
        cleaned["domain"] = normalise_domain(data["domain"])
    changed = [name for name, value in cleaned.items() if getattr(current, name) != value]
    if not changed:
        return current
    for name in changed:
        setattr(current, name, cleaned[name])
    current.clean_fields(exclude=_others(changed))
    with refusals_at_fields():
        current.save(update_fields=changed)
    mark_changed(lead_ids=Lead.objects.filter(company=current).values_list("pk", flat=True), now=now)
    return current


def _others(names: list[str]) -> set[str]:
    return {field.name for field in Company._meta.concrete_fields} - set(names)


def _by_domain(domain: str) -> Company | None:
    """Whose domain it is, or was before a merge."""
    if not domain:
        return None
    found = Company.objects.filter(domain__iexact=domain).first()
    return found or Company.objects.filter(former_domains__domain=domain.lower()).first()


def _by_name(name: str, domain: str) -> Company | None:
    if not name:
        return None
    same = Company.objects.filter(name__iexact=name).order_by("pk")
    if not domain:
        merged = CompanyMerge.objects.standing().filter(loser_name__iexact=name).order_by("pk").first()
        return same.first() or (merged.winner if merged is not None else None)
    unclaimed = same.filter(domain="").first()
    if unclaimed is not None:
        unclaimed.domain = domain
        with refusals_at_fields():
            unclaimed.save(update_fields=["domain"])
    return unclaimed


def _create(name: str, domain: str, now: datetime) -> Company:
    company = Company(name=name, domain=domain, created_at=now)
    company.clean_fields()
    with refusals_at_fields():
        company.save(force_insert=True)
    return company
