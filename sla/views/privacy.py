"""What is held on people: look one up, hand it out, erase them; and what the settings say about keeping data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leads.models import ErasedAddress, Lead, PrivacyAct
from leads.services.consent import consent_history, may_call, may_email
from leads.services.erased import blocked, unblock
from leads.services.identity import find_by_email
from people.editor import form_methods
from people.keyset import page
from people.permissions import Can, requires, signed_in
from sla.dossier import as_json, held_on
from sla.forms.privacy import EraseForm, LookUpForm
from sla.services.erase import erase_lead
from sla.services.retention import due

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

REFUSED = 422
COUNTED = 1_000


@requires(Can.ERASE_PEOPLE)
@never_cache
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """``?email=`` looks a person up."""
    form = LookUpForm(request.GET if "email" in request.GET else None)
    acts = PrivacyAct.objects.select_related("by", "lead")
    context = {
        "form": form,
        "retention_days": settings.BATON_RETENTION_DAYS,
        "without_consent": settings.BATON_MAIL_WITHOUT_CONSENT,
        "due": due(timezone.now())[: COUNTED + 1].count(),
        "counted": COUNTED,
        "addresses": ErasedAddress.objects.count(),
        "page": page(request, acts, by="pk", descending=True),
        **_looked_up(form),
    }
    return render(request, "privacy/settings.html", context)


def _looked_up(form: LookUpForm) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    email = form.cleaned_data["email"]
    return {"email": email, "found": find_by_email(email), "is_blocked": bool(blocked([email]))}


@requires(Can.ERASE_PEOPLE)
@require_POST
def privacy_unblock(request: HttpRequest) -> HttpResponse:
    """Let somebody come back who was kept out."""
    form = LookUpForm(request.POST)
    if form.is_valid() and unblock(form.cleaned_data["email"]):
        messages.success(request, _("This address may be stored again."))
    else:
        messages.error(request, _("Nobody keeps this address out."))
    return redirect("privacy")


@requires(Can.ERASE_PEOPLE)
@require_safe
def lead_privacy(request: HttpRequest, pk: int) -> HttpResponse:
    lead = _lead(request, pk)
    context = {
        "lead": lead,
        "consent": consent_history(lead),
        "may_email": may_email(lead),
        "may_call": may_call(lead),
        "acts": lead.privacy_acts.select_related("by"),
    }
    return render(request, "privacy/lead.html", context)


@requires(Can.ERASE_PEOPLE)
@never_cache
@require_POST
def lead_export(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is held on them, as a file for machines or (``format=page``) to read and print; who took it is kept."""
    lead, now = _lead(request, pk), timezone.now()
    PrivacyAct.objects.create(lead=lead, kind=PrivacyAct.Kind.EXPORTED, by=signed_in(request), at=now)
    if request.POST.get("format") == "page":
        return render(request, "privacy/held.html", {"lead": lead, "parts": held_on(lead), "now": now})
    response = JsonResponse(as_json(lead, now), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="lead-{lead.pk}.json"'
    return response


@requires(Can.ERASE_PEOPLE)
@form_methods
def lead_erase(request: HttpRequest, pk: int) -> HttpResponse:
    lead = _lead(request, pk)
    if lead.is_erased:
        return redirect("lead-privacy", pk)
    form = EraseForm(request.POST if request.method == "POST" else None, lead=lead)
    if form.is_valid():
        given = form.cleaned_data
        erase_lead(lead=lead, by=signed_in(request), reason=given["reason"], block=given["block"], now=timezone.now())
        messages.success(request, _("The person was erased."))
        return redirect("lead-privacy", pk)
    return render(request, "privacy/erase.html", {"lead": lead, "form": form}, status=REFUSED if form.is_bound else 200)


def _lead(request: HttpRequest, pk: int) -> Lead:
    known = Lead.objects.visible_to(signed_in(request)).select_related("company", "status", "stage")
    return get_object_or_404(known, pk=pk)
