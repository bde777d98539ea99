"""The lead page: who it is, what was promised, what it is worth and why, and everything that happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leads.models import CustomField, Lead
from leads.models.facts import Channel
from people.keyset import address
from people.permissions import Can, may, requires, signed_in
from scoring.services.explain import explain
from sla.forms.work import NoteForm, ReassignForm
from sla.models import Clock, Handoff
from sla.presenters import CHANNEL_ICONS, ClockCard, ScoreCard, score_card
from sla.timeline import GROUPS, Position, story

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from people.models import User

HANDOFFS_SHOWN = 10


@requires(Can.SEE_LEADS)
@require_safe
def lead_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """``?kind=`` shows one group of the story, ``?after=`` its next page."""
    user, now = signed_in(request), timezone.now()
    lead = get_object_or_404(
        Lead.objects.visible_to(user)
        .select_related("company", "source", "lead_type", "status", "stage", "owner__team")
        .prefetch_related("external_ids"),
        pk=pk,
    )
    handoffs = _handoffs(lead)
    current = next((one for one in handoffs if one.closed_at is None), None)
    kind = request.GET.get("kind", "")
    kind = kind if kind in GROUPS else ""
    told = story(lead, group=kind, after=_position(request))
    context = {
        "lead": lead,
        "custom": _custom(lead),
        "clocks": [ClockCard(clock, now) for handoff in handoffs for clock in handoff.clocks.all()],
        "handoff": current,
        "score": _score(lead, now),
        "story": told,
        "next_url": address(request, after=told.next) if told.next else "",
        "kinds": [(key, label, address(request, kind=key)) for key, label in {"": _("Everything"), **GROUPS}.items()],
        "kind": kind,
        "first_page": "after" not in request.GET,
    }
    return render(request, "sla/lead.html", context | _acts(user, lead, current))


def _acts(user: User, lead: Lead, current: Handoff | None) -> dict[str, Any]:
    """What this person may do to the lead; the template offers just that."""
    works = may(user, Can.LOG_ATTEMPTS) and Lead.objects.workable_by(user).filter(pk=lead.pk).exists()
    reassigns = may(user, Can.REASSIGN) and current is not None
    return {
        "channels": [(value, label, CHANNEL_ICONS[Channel(value)]) for value, label in Channel.choices]
        if works
        else [],
        "note_form": NoteForm() if may(user, Can.WRITE_NOTES) else None,
        "reassign_form": ReassignForm() if reassigns else None,
        "may_edit": may(user, Can.CREATE_LEADS),
    }


def _handoffs(lead: Lead) -> list[Handoff]:
    clocks = (
        Clock.objects.select_related("policy_version__policy", "owner")
        .prefetch_related("escalations")
        .order_by("-started_at", "-pk")
    )
    return list(
        Handoff.objects.filter(lead=lead)
        .select_related("owner", "team")
        .prefetch_related(Prefetch("clocks", queryset=clocks))
        .order_by("-opened_at", "-pk")[:HANDOFFS_SHOWN]
    )


def _score(lead: Lead, now: datetime) -> ScoreCard | None:
    explanation = explain(lead_ids=[lead.pk], at=now).get(lead.pk)
    return score_card(explanation.as_json()) if explanation is not None else None


def _custom(lead: Lead) -> list[tuple[str, Any]]:
    """The company's own fields that this lead has a value for, in their order."""
    if not lead.custom:
        return []
    fields = CustomField.objects.filter(key__in=lead.custom)
    return [(field.name, lead.custom[field.key]) for field in fields if lead.custom[field.key] not in (None, "")]


def _position(request: HttpRequest) -> Position | None:
    text = request.GET.get("after")
    if not text:
        return None
    try:
        return Position.read(text)
    except ValueError as error:
        raise BadRequest(_("There is no such page.")) from error
