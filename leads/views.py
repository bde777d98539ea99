"""The forms that write leads. Their list and the page of one are the top floor's (scores and clocks are there)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.forms import CompanyForm, EventForm, LeadForm, PropertyFormSet, properties_of
from leads.merged import follows_merges
from leads.models import Company, Lead
from leads.saving import save_lead
from leads.services.companies import update_company
from leads.services.events import record_event
from people.editor import form_methods
from people.keyset import with_from
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from people.models import User

REFUSED = 422
SMALL_NUMBER = re.compile(r"[0-9]{1,18}")


@requires(Can.CREATE_LEADS)
@form_methods
def lead_create(request: HttpRequest) -> HttpResponse:
    form = LeadForm(request.POST if request.method == "POST" else None, by=signed_in(request))
    if form.is_bound and form.is_valid() and (lead := save_lead(form, timezone.now())):
        messages.success(request, _("%(lead)s was created.") % {"lead": lead})
        return redirect("lead-detail", lead.pk)
    return _form(request, form)


@requires(Can.CREATE_LEADS)
@form_methods
@follows_merges
def lead_edit(request: HttpRequest, pk: int) -> HttpResponse:
    lead = _lead(request, pk)
    form = LeadForm(request.POST if request.method == "POST" else None, lead=lead, by=signed_in(request))
    if form.is_bound and form.is_valid() and (saved := save_lead(form, timezone.now())):
        messages.success(request, _("%(lead)s was saved.") % {"lead": saved})
        return redirect(_page_of(request, saved))
    return _form(request, form)


@requires(Can.CREATE_LEADS)
@form_methods
def event_create(request: HttpRequest, pk: int) -> HttpResponse:
    lead, now = _lead(request, pk), timezone.now()
    data = request.POST if request.method == "POST" else None
    form, formset = EventForm(data, now=now), PropertyFormSet(data, prefix="properties")
    if form.is_bound and form.is_valid() and formset.is_valid() and _recorded(lead, form, properties_of(formset), now):
        messages.success(request, _("The event was recorded."))
        return redirect(_page_of(request, lead))
    context = {"lead": lead, "form": form, "formset": formset, "back": _page_of(request, lead)}
    return render(request, "leads/event_form.html", context, status=REFUSED if form.is_bound else 200)


@requires(Can.CREATE_LEADS)
@form_methods
def company_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """``?lead=`` is the lead from whose page one came, and goes back to."""
    user = signed_in(request)
    leads = Lead.objects.visible_to(user)
    company = get_object_or_404(Company.objects.filter(Exists(leads.filter(company=OuterRef("pk")))), pk=pk)
    came_from = request.GET.get("lead", "")
    lead = leads.filter(company=company, pk=came_from).first() if SMALL_NUMBER.fullmatch(came_from) else None
    form = CompanyForm(request.POST if request.method == "POST" else None, company=company)
    if form.is_bound and form.is_valid() and _changed(form, company, user):
        messages.success(request, _("%(company)s was saved.") % {"company": form.cleaned_data["name"]})
        return redirect(_page_of(request, lead) if lead else reverse("company-detail", args=[company.pk]))
    context = {"form": form, "company": company, "lead": lead, "back": _page_of(request, lead) if lead else ""}
    return render(request, "leads/company_form.html", context, status=REFUSED if form.is_bound else 200)


def _page_of(request: HttpRequest, lead: Lead) -> str:
    return with_from(reverse("lead-detail", args=[lead.pk]), request)


def _changed(form: CompanyForm, company: Company, by: User) -> bool:
    try:
        update_company(company=company, data=form.changes(), by=by, now=timezone.now())
    except ValidationError as error:
        form.refuse(error)
        return False
    return True


def _lead(request: HttpRequest, pk: int) -> Lead:
    known = Lead.objects.living().visible_to(signed_in(request)).select_related("company", "source", "stage", "status")
    return get_object_or_404(known, pk=pk)


def _form(request: HttpRequest, form: LeadForm) -> HttpResponse:
    context = {"form": form, "lead": form.lead, "back": _page_of(request, form.lead) if form.lead else ""}
    return render(request, "leads/lead_form.html", context, status=REFUSED if form.is_bound else 200)


def _recorded(lead: Lead, form: EventForm, properties: dict[str, str], now: datetime) -> bool:
    try:
        record_event(lead=lead, now=now, properties=properties, **form.cleaned_data)
    except ValidationError as error:
        for name, reasons in error.message_dict.items():
            form.add_error(name if name in form.fields else None, reasons)
        return False
    return True
