"""Duplicates of companies: the list, two side by side, merging them, and undoing that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leads.merge_pages import choices_of, company_lines, field_names, hanging_on, recent, seen
from leads.models import Company, CompanyMerge, CompanyPair, Lead
from leads.services.company_merging import (
    SEEN_TO,
    default_winner,
    merge_companies,
    refuse_undo,
    undo_company_merge,
)
from leads.services.duplicates import dismiss, reasons_in_words
from people.editor import REFUSED, form_methods
from people.keyset import address, page
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from leads.querysets import CompanyPairQuerySet
    from people.models import User

SEE_ALL = frozenset({"marketer", "executive", "administrator"})


@requires(Can.MERGE_LEADS)
@require_safe
def company_duplicate_list(request: HttpRequest) -> HttpResponse:
    """``?reason=`` shows those found for one reason."""
    pairs = _pairs(signed_in(request)).open()
    reason = request.GET.get("reason", "")
    if reason in CompanyPair.Reason.values:
        pairs = pairs.filter(reasons__contains=[reason])
    found = page(request, pairs.select_related("low", "high"), by="pk", descending=True)
    kinds = {"": _("All"), **dict(CompanyPair.Reason.choices)}
    leads = _leads_of({pk for pair in found.rows for pk in (pair.low_id, pair.high_id)})
    context = {
        "page": found,
        "rows": [
            (pair, reasons_in_words(pair), [(one, leads.get(one.pk, 0)) for one in (pair.low, pair.high)])
            for pair in found.rows
        ],
        "count": pairs.count(),
        "reason": reason if reason in kinds else "",
        "reasons": [(key, label, address(request, reason=key)) for key, label in kinds.items()],
        "merged": recent(CompanyMerge.objects.filter(winner__in=companies_of(signed_in(request)))),
    }
    return render(request, "leads/company_duplicates.html", context)


@requires(Can.MERGE_LEADS)
@require_safe
def company_duplicate_pair(request: HttpRequest, pk: int) -> HttpResponse:
    pair = get_object_or_404(_pairs(signed_in(request)).select_related("low", "high"), pk=pk)
    winner, loser = default_winner(pair.low, pair.high)
    return _side_by_side(request, winner, loser)


@requires(Can.MERGE_LEADS)
@require_POST
def company_duplicate_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """These are two companies."""
    user = signed_in(request)
    dismiss(pair=get_object_or_404(_pairs(user), pk=pk), by=user, now=timezone.now())
    messages.success(request, _("Noted: these are two companies. They are proposed again only for a new reason."))
    return redirect("company-duplicate-list")


@requires(Can.MERGE_LEADS)
@form_methods
def company_merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Merge ``other`` into ``pk``, field by field."""
    user = signed_in(request)
    winner, loser = (get_object_or_404(companies_of(user), pk=number) for number in (pk, other))
    if winner == loser:
        raise Http404
    if request.method != "POST":
        return _side_by_side(request, winner, loser)
    if request.POST.get("seen") != seen(winner, loser):
        return _side_by_side(request, winner, loser, errors=[_("Somebody has changed one of the two. Look again.")])
    choices = choices_of(request.POST, company_lines(winner, loser, given={}))
    try:
        record = merge_companies(winner=winner, loser=loser, choices=choices, by=user, now=timezone.now())
    except ValidationError as error:
        return _side_by_side(request, winner, loser, given=choices, errors=error.messages)
    messages.success(request, _("%(loser)s is now part of %(winner)s.") % {"loser": loser, "winner": record.winner})
    return redirect("company-merge-undo", record.pk)


@requires(Can.MERGE_LEADS)
@form_methods
def company_merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    known = CompanyMerge.objects.select_related("winner", "by", "undone_by")
    merge = get_object_or_404(known, pk=pk, winner__in=companies_of(user))
    if request.method != "POST":
        return _ask_to_undo(request, merge, _reason_against(merge))
    try:
        kept = undo_company_merge(merge=merge, by=user, now=timezone.now())
    except ValidationError as error:
        return _ask_to_undo(request, merge, " ".join(error.messages), status=REFUSED)
    messages.success(request, _("%(company)s is a company of its own again.") % {"company": merge.loser_name})
    if kept:
        names = field_names(Company, kept)
        messages.info(request, _("Changed since the merge and left as it is: %(fields)s.") % {"fields": names})
    return redirect("company-duplicate-list")


def companies_of(user: User) -> QuerySet[Company]:
    """The companies of which a person may see a lead; those who see all leads see all companies."""
    if user.role in SEE_ALL:
        return Company.objects.all()
    return Company.objects.filter(Exists(Lead.objects.visible_to(user).filter(company=OuterRef("pk"))))


def _pairs(user: User) -> CompanyPairQuerySet:
    if user.role in SEE_ALL:
        return CompanyPair.objects.all()
    mine = companies_of(user).order_by().values("pk")
    return CompanyPair.objects.filter(low__in=mine, high__in=mine)


def _leads_of(companies: set[int]) -> dict[int, int]:
    """How many leads each of these has."""
    counted = Lead.objects.filter(company__in=companies).order_by().values_list("company").annotate(Count("pk"))
    return dict(counted)


def _side_by_side(
    request: HttpRequest,
    winner: Company,
    loser: Company,
    *,
    given: dict[str, str] | None = None,
    errors: list[str] | None = None,
) -> HttpResponse:
    low, high = sorted((winner.pk, loser.pk))
    pair = CompanyPair.objects.open().filter(low=low, high=high).first()
    lines = company_lines(winner, loser, given=given or {})
    context = {
        "winner": winner,
        "loser": loser,
        "action": reverse("company-merge", args=[winner.pk, loser.pk]),
        "swap_url": reverse("company-merge", args=[loser.pk, winner.pk]),
        "back_url": reverse("company-duplicate-list"),
        "lines": [line for line in lines if line.winner or line.loser],
        "moving": hanging_on(Company, loser.pk, but={*SEEN_TO, "leads.formerdomain", "leads.companymerge"}),
        "consequences": [_("Its name and its web domain keep finding this company, and make no new one.")],
        "dismiss_url": reverse("company-duplicate-dismiss", args=[pair.pk]) if pair else "",
        "reasons": reasons_in_words(pair) if pair else [],
        "different": _("These are two companies"),
        "seen": seen(winner, loser),
        "errors": errors or [],
    }
    return render(request, "leads/merge.html", context, status=REFUSED if errors else 200)


def _reason_against(merge: CompanyMerge) -> str:
    try:
        refuse_undo(merge)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _ask_to_undo(request: HttpRequest, merge: CompanyMerge, against: str, status: int = 200) -> HttpResponse:
    context = {
        "merge": merge,
        "against": against,
        "winner": merge.winner,
        "winner_url": reverse("company-duplicate-list"),
        "of_companies": True,
    }
    return render(request, "leads/merge_undo.html", context, status=status)
