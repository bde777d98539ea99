"""The page of a company: its facts, its people by the part they play, its leads in pages, and what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leads.changes import changes
from leads.models import Lead
from people.keyset import page
from people.permissions import Can, may, requires, signed_in
from sla.committee import committee, companies_of, with_part

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

HISTORY_SHOWN = 50


@requires(Can.SEE_LEADS)
@require_safe
def company_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """``?after=`` and ``?before=`` page through its leads, newest first."""
    user = signed_in(request)
    company = get_object_or_404(companies_of(user), pk=pk)
    leads = with_part(Lead.objects.listed_for(user).filter(company=company)).select_related("status")
    context = {
        "company": company,
        "committee": committee(user, company),
        "page": page(request, leads, by="pk", descending=True),
        "changes": changes(company, most=HISTORY_SHOWN),
        "may_edit": may(user, Can.CREATE_LEADS),
    }
    return render(request, "sla/company.html", context)
