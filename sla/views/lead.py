"""The lead page: who it is, what was promised, what it is worth and why, and everything that happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest
from django.db.models import Count, Prefetch
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leads.models import CustomField, Lead
from leads.models.facts import Channel
from people.keyset import address
from people.permissions import Can, may, requires, signed_in
from scoring.models import LeadScore
from scoring.services.explain import explain
from sla.forms.work import NoteForm, ReassignForm
from sla.models import Clock, Handoff
from sla.presenters import CHANNEL_ICONS, ClockCard, ScoreCard, score_card
from sla.timeline import GROUPS, Position, Wish, story
from sla.views import live

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from people.models import User

HANDOFFS_SHOWN = 10
NUMBERS = frozenset({CustomField.Kind.NUMBER, CustomField.Kind.MONEY})


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
    kind = request.GET.get("kind", "")
    kind = kind if kind in GROUPS else ""
    told = story(lead, wish=Wish(group=kind), after=_position(request))
    context = {
        "lead": lead,
        "custom": _custom(lead),
        "score": _score(lead, now),
        "live_url": reverse("lead-live", args=[lead.pk]),
        "promise_etag": live.etag_of(request, _promise_version(lead), query=""),
        "score_etag": live.etag_of(request, _score_version(lead), query=""),
        "story": told,
        "next_url": address(request, after=told.next) if told.next else "",
        "kinds": [(key, label, address(request, kind=key)) for key, label in {"": _("Everything"), **GROUPS}.items()],
        "kind": kind,
        "first_page": "after" not in request.GET,
    }
    return render(request, "sla/lead.html", context | _promise(user, lead, now) | _acts(user, lead))


@requires(Can.SEE_LEADS)
@require_safe
def lead_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The card of the promise alone, or with ``?part=score`` that of the score; a small query while nothing changes."""
    user, now = signed_in(request), timezone.now()
    lead = get_object_or_404(Lead.objects.visible_to(user).select_related("owner"), pk=pk)
    if request.GET.get("part") == "score":
        etag = live.etag_of(request, _score_version(lead), query="")
        return live.unchanged(request, etag) or live.changed(
            request, "sla/lead_score.html", {"score": _score(lead, now)}, etag
        )
    etag = live.etag_of(request, _promise_version(lead), query="")
    return live.unchanged(request, etag) or live.changed(
        request, "sla/lead_clock.html", {"lead": lead} | _promise(user, lead, now), etag
    )


def _promise_version(lead: Lead) -> list[Any]:
    """What the card of the promise shows may have changed when this has."""
    clocks = Clock.objects.filter(lead=lead).order_by("-pk").annotate(fired=Count("escalations"))
    told = clocks.values_list("pk", "state", "due_at", "next_level", "owner", "fired")[:HANDOFFS_SHOWN]
    handoffs = Handoff.objects.filter(lead=lead).order_by("-pk").values_list("pk", "owner", "team", "closed_at")
    return [lead.owner_id, list(told), list(handoffs[:HANDOFFS_SHOWN])]


def _score_version(lead: Lead) -> list[Any]:
    return list(
        LeadScore.objects.filter(lead=lead).values_list("model", "total", "breakdown", "excluded_by", "scored_at")
    )


def _promise(user: User, lead: Lead, now: datetime) -> dict[str, Any]:
    """The hand-offs' clocks, the hand-off that is open, and whether this person may give it to somebody else."""
    handoffs = _handoffs(lead)
    current = next((one for one in handoffs if one.closed_at is None), None)
    return {
        "clocks": [ClockCard(clock, now) for handoff in handoffs for clock in handoff.clocks.all()],
        "handoff": current,
        "reassign_form": ReassignForm() if may(user, Can.REASSIGN) and current is not None else None,
    }


def _acts(user: User, lead: Lead) -> dict[str, Any]:
    """What this person may do to the lead; the template offers just that."""
    works = may(user, Can.LOG_ATTEMPTS) and Lead.objects.workable_by(user).filter(pk=lead.pk).exists()
    return {
        "channels": [(value, label, CHANNEL_ICONS[Channel(value)]) for value, label in Channel.choices]
        if works
        else [],
        "note_form": NoteForm() if may(user, Can.WRITE_NOTES) else None,
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
    return [
        (field.name, _grouped(lead.custom[field.key]) if field.kind in NUMBERS else lead.custom[field.key])
        for field in fields
        if lead.custom[field.key] not in (None, "")
    ]


def _grouped(number: Any) -> str:
    """In groups of three, with the decimals it has (whatever is no number as it is)."""
    decimals = len(str(number).partition(".")[2])
    return floatformat(number, f"{decimals}g") or str(number)


def _position(request: HttpRequest) -> Position | None:
    text = request.GET.get("after")
    if not text:
        return None
    try:
        return Position.read(text)
    except ValueError as error:
        raise BadRequest(_("There is no such page.")) from error
