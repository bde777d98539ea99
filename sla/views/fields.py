"""One fact of a lead at a time: shown, edited where it stands, and its history.

Each works by htmx, as a fragment in the page of the lead, and as a page of its own without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from leads.changes import changes, marks
from leads.models import Lead, StageChange
from leads.saving import save_lead
from leads.slots import CUSTOM, find
from people.editor import form_methods, locked
from people.permissions import Can, requires, signed_in
from sla.field_forms import FieldForm, OwnerForm
from sla.lead_facts import Facts, may_change
from sla.models import Handoff
from sla.services.owners import give_lead
from sla.views.acts import htmx_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from leads.slots import Slot
    from people.models import User
    from sla.field_forms import Conflict
    from sla.lead_facts import Fact

REFUSED, CONFLICT = 422, 409
# What another fact shows of this one.
ALSO = {"do_not_call": "phone", "do_not_email": "email", "consent": "email"}
RELATED = ("company", "status", "stage", "owner__team")


@requires(Can.CREATE_LEADS)
@form_methods
def lead_field(request: HttpRequest, pk: int, slot: str) -> HttpResponse:
    """The control of one fact, and saving it; ``?show=1`` is the fact as such (what Cancel asks for)."""
    user, place = signed_in(request), _slot(slot)
    if not may_change(user, place.key):
        get_object_or_404(Lead.objects.visible_to(user), pk=pk)
        raise PermissionDenied
    if request.method != "POST" and "show" in request.GET:
        return _shown(request, _lead(Lead.objects.visible_to(user), pk), place)
    if place.key == "owner":
        return _owner(request, user, _lead(Lead.objects.visible_to(user), pk), place)
    with transaction.atomic():
        leads = locked(Lead.objects.visible_to(user), request)
        lead = _lead(leads, pk)
        form = FieldForm(request.POST if request.method == "POST" else None, lead=lead, by=user, slot=place)
        if not form.fields:
            raise Http404
        if not form.is_bound or not form.is_valid():
            return _form(request, lead, place, form)
        if found := form.conflicts():
            return _form(request, lead, place, form, found)
        if save_lead(form, timezone.now()) is None:
            return _form(request, lead, place, form)
    return _saved(request, user, lead, place)


@requires(Can.SEE_LEADS)
@require_safe
def lead_field_history(request: HttpRequest, pk: int, slot: str) -> HttpResponse:
    """Who changed this fact, when, from what to what."""
    lead, place = _lead(Lead.objects.visible_to(signed_in(request)), pk), _slot(slot)
    found = changes(lead, names=place.tracked)
    context = {"lead": lead, "slot": place, "changes": found, "moves": _moves(lead) if place.key == "stage" else ()}
    return render(request, "sla/fact_history.html" if htmx_of(request) else "sla/fact_history_page.html", context)


def _slot(key: str) -> Slot:
    place = find(key)
    if place is None:
        raise Http404
    return place


def _lead(leads: QuerySet[Lead], pk: int) -> Lead:
    return get_object_or_404(leads.select_related(*RELATED), pk=pk)


def _moves(lead: Lead) -> Any:
    """The stage's own history, which also knows why."""
    rows = StageChange.objects.filter(lead=lead).select_related("from_stage", "to_stage", "by")
    return rows.order_by("-changed_at", "-pk")[:200]


def _owner(request: HttpRequest, user: User, lead: Lead, place: Slot) -> HttpResponse:
    form = OwnerForm(request.POST if request.method == "POST" else None, lead=lead)
    if not form.is_bound or not form.is_valid():
        return _form(request, lead, place, form)
    if Handoff.objects.open().filter(lead=lead).exclude(pk__in=Handoff.objects.visible_to(user).values("pk")).exists():
        raise PermissionDenied
    if found := form.conflicts():
        return _form(request, lead, place, form, found)
    try:
        give_lead(
            lead=lead, to=form.cleaned_data["to"], by=user, now=timezone.now(), reason=form.cleaned_data["reason"]
        )
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
        return _form(request, lead, place, form)
    return _saved(request, user, lead, place)


def _form(
    request: HttpRequest, lead: Lead, place: Slot, form: Any, conflicts: list[Conflict] | None = None
) -> HttpResponse:
    status = CONFLICT if conflicts else REFUSED if form.is_bound else 200
    mark = _last(lead, place) if conflicts else None
    context = {"lead": lead, "slot": place, "form": form, "conflicts": conflicts, "mark": mark}
    template = "sla/fact_form.html" if htmx_of(request) else "sla/fact_page.html"
    return render(request, template, context, status=status)


def _last(lead: Lead, place: Slot) -> Any:
    found = marks(lead)
    return max((found[name] for name in place.tracked if name in found), key=lambda one: one.at, default=None)


def _saved(request: HttpRequest, user: User, lead: Lead, place: Slot) -> HttpResponse:
    """The fact as it is now; the rest of the page asks for itself anew."""
    known = Lead.objects.visible_to(user).filter(pk=lead.pk).exists()
    if not known:
        away = reverse("lead-list")
        return HttpResponseClientRedirect(away) if htmx_of(request) else redirect(away)
    if not htmx_of(request):
        return redirect(f"{reverse('lead-detail', args=[lead.pk])}#fact-{place.key}")
    response = _shown(request, _lead(Lead.objects.visible_to(user), lead.pk), place, also=ALSO.get(place.key, ""))
    return trigger_client_event(trigger_client_event(response, "baton:lead-changed"), "baton:refresh")


def _shown(request: HttpRequest, lead: Lead, place: Slot, also: str = "") -> HttpResponse:
    facts = Facts(lead, signed_in(request), marks(lead))
    context = {"fact": _fact(facts, place), "also": facts.of(also) if also else None}
    return render(request, "sla/fact_shown.html", context)


def _fact(facts: Facts, place: Slot) -> Fact:
    if place.key.startswith(CUSTOM):
        return next(fact for fact in facts.custom() if fact.key == place.key)
    return facts.of(place.key)
