"""Companies: found by their domain, else by their name, else created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from leads.models import Company
from leads.services.errors import refusals_at_fields, refuse_nul
from leads.text import normalise_domain, tidy

if TYPE_CHECKING:
    from datetime import datetime


@transaction.atomic
def company_for(*, name: str, domain: str = "", now: datetime) -> Company | None:
    """The company of that domain; without a domain the oldest of that name (any case); else a new one.

    Nothing when both are empty. A company known by name only takes the domain when it has none.
    """
    refuse_nul({"company_name": name, "company_domain": domain})
    name, domain = tidy(name), normalise_domain(domain)
    if not name and not domain:
        return None
    found = Company.objects.filter(domain__iexact=domain).first() if domain else None
    found = found or _by_name(name, domain)
    return found or _create(name or domain, domain, now)


def _by_name(name: str, domain: str) -> Company | None:
    if not name:
        return None
    same = Company.objects.filter(name__iexact=name).order_by("pk")
    if not domain:
        return same.first()
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
