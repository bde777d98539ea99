"""Who is let in to the addresses of duplicates and merging (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from leads.models import Company, CompanyMerge, CompanyPair, DuplicatePair
from leads.services.company_merging import merge_companies
from sla.services.merge import merge_leads
from tests.cast import NOW
from tests.permissions.page import LEAD_EDITORS, Open, Page, act, form, reading

PAGES: dict[str, Page] = {
    "duplicate-list": reading(LEAD_EDITORS),
    "duplicate-look": act(LEAD_EDITORS),
    "duplicate-progress": reading(LEAD_EDITORS),
    "duplicate-pair": reading(LEAD_EDITORS, "duplicate_pair"),
    "duplicate-dismiss": act(LEAD_EDITORS, "duplicate_pair"),
    "lead-merge": form(LEAD_EDITORS, "two_leads"),
    "merge-undo": form(LEAD_EDITORS, "merge", post=302),
    "company-duplicate-list": reading(LEAD_EDITORS),
    "company-duplicate-pair": reading(LEAD_EDITORS, "company_pair"),
    "company-duplicate-dismiss": act(LEAD_EDITORS, "company_pair"),
    "company-merge": form(LEAD_EDITORS, "two_companies"),
    "company-merge-undo": form(LEAD_EDITORS, "company_merge", post=302),
}
OPEN: dict[str, Open] = {}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    owner = world.people["sdr"]
    lead, company = world.lead, world.company
    double, gone = (world.make_lead(owner=owner, company=name) for name in ("Acme Ltd", "Acme Inc"))
    other = double.company
    return {
        "duplicate_pair": DuplicatePair.objects.create(low=lead, high=double, reasons=["name"], score=50, found_at=NOW),
        "two_leads": {"pk": lead.pk, "other": double.pk},
        "merge": merge_leads(winner=double, loser=gone, choices={}, by=owner, now=NOW),
        "company_pair": CompanyPair.objects.create(low=company, high=other, reasons=["name"], score=50, found_at=NOW),
        "two_companies": {"pk": company.pk, "other": other.pk},
        "company_merge": _merged_company(other, gone.company),
    }


def _merged_company(winner: Company, loser: Company) -> CompanyMerge:
    return merge_companies(winner=winner, loser=loser, choices={}, by=None, now=NOW)
