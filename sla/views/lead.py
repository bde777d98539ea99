"""The lead page: who it is, what was promised, what it is worth and why, and everything that happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest
from django.db.models import Count
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leads.changes import marks
from leads.merged import follows_merges
from leads.models import Attempt, Lead
from leads.models.facts import Channel
from leads.services.duplicates import open_pairs_of
from leads.services.notes import CHANGEABLE
from people.keyset import address, with_from
from people.permissions import Can, may, requires, signed_in
from scoring.models import LeadScore
from scoring.services.explain import explain
from sla.committee import committee
from sla.forms.work import NoteForm, ReassignForm, StoryFilter
from sla.heldback import held_back
from sla.known import step_for
from sla.lead_facts import BANT, CONSENT, STANDING, WHO, Facts
from sla.lead_reading import HANDOFFS_SHOWN, at_hand, clocks_of, handoffs_of, tried_on
from sla.models import Clock, Handoff
from sla.neighbours import neighbours
from sla.presenters import CHANNEL_ICONS, ClockCard, ScoreCard, score_card
from sla.timeline import GROUPS, Position, story
from sla.views import live

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from people.models import User
    from sla.lead_reading import AtHand, Try

DOUBLES = 3
# What the next step follows from, of the lead itself.
STEP_COLUMNS = ("status_id", "status_reason", "do_not_call", "do_not_email", "consent", "phone", "email", *BANT)


@requires(Can.SEE_LEADS)
@require_safe
@follows_merges
def lead_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """``?from=`` is the list one left. The story, the company and the score come after it, in requests of their own.

    ``?all=1`` has them in the page, for a browser without scripts; ``?kind=``, ``?who=``, ``?q=`` and ``?after=`` then
    ask of the story what they ask of ``lead_story``.
    """
    user, now = signed_in(request), timezone.now()
    found = at_hand(user, pk)
    lead = found.lead
    context = {
        "lead": lead,
        "numbers": found.numbers,
        "former_emails": found.former,
        "here": with_from(reverse("lead-detail", args=[lead.pk]), request),
        "promise_etag": live.etag_of(request, _version_of(found), query=""),
        "kept": with_from("", request),
        "live_url": with_from(reverse("lead-live", args=[lead.pk]), request),
        "near": neighbours(user, lead, request.GET.get("from", "")),
        "doubles": open_pairs_of(lead, user)[:DOUBLES] if found.has_doubles and may(user, Can.MERGE_LEADS) else (),
        "journey": _journey(lead),
        "query": request.GET.urlencode(),
        "all_url": address(request, all="1"),
        **_facts(user, lead),
        **_promise(user, lead, found.handoffs, found.tried, now),
        **_acts(user, lead),
    }
    if "all" in request.GET:
        context |= (
            _story(request, lead, now)
            | _company(user, lead)
            | {"score": _score(lead, now), "held_back": held_back(lead), "all": True}
        )
    return render(request, "sla/lead.html", context)


@requires(Can.SEE_LEADS)
@require_safe
def lead_story(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened: ``?kind=``, ``?who=`` and ``?q=`` narrow it, ``?after=`` is its next page."""
    user, now = signed_in(request), timezone.now()
    lead = get_object_or_404(Lead.objects.visible_to(user), pk=pk)
    here = with_from(reverse("lead-detail", args=[lead.pk]), request)
    context = {"lead": lead, "here": here, "may_merge": may(user, Can.MERGE_LEADS) and not lead.is_erased}
    return render(request, "sla/lead_story.html", context | _story(request, lead, now))


@requires(Can.SEE_LEADS)
@require_safe
def lead_company(request: HttpRequest, pk: int) -> HttpResponse:
    """The card of the company and who else is there; empty for a lead without one."""
    user = signed_in(request)
    lead = get_object_or_404(Lead.objects.visible_to(user).select_related("company"), pk=pk)
    context = {"lead": lead, "may_edit": may(user, Can.CREATE_LEADS), "kept": with_from("", request)}
    return render(request, "sla/lead_company.html", context | _company(user, lead))


@requires(Can.SEE_LEADS)
@require_safe
def lead_live(request: HttpRequest, pk: int) -> HttpResponse:
    """What to do next and the promise, or with ``?part=score`` the score; a small query while nothing changes."""
    user, now = signed_in(request), timezone.now()
    lead = get_object_or_404(Lead.objects.visible_to(user).select_related("owner", "status"), pk=pk)
    if request.GET.get("part") == "score":
        return _live_score(request, lead, now)
    etag = live.etag_of(request, _promise_version(lead), query="")
    if (same := live.unchanged(request, etag)) is not None:
        return same
    here = with_from(reverse("lead-detail", args=[pk]), request)
    context = (
        {"lead": lead, "here": here} | _promise(user, lead, handoffs_of(lead), tried_on(lead), now) | _acts(user, lead)
    )
    return live.changed(request, "sla/lead_promise.html", context, etag)


def _live_score(request: HttpRequest, lead: Lead, now: datetime) -> HttpResponse:
    held = held_back(lead)
    etag = live.etag_of(request, _score_version(lead, held), query="")
    if (same := live.unchanged(request, etag)) is not None:
        return same
    return live.changed(request, "sla/lead_score.html", {"score": _score(lead, now), "held_back": held}, etag)


def _facts(user: User, lead: Lead) -> dict[str, Any]:
    """The facts in the groups in which the page shows them."""
    known = {one.pk: one.name for one in (user, lead.owner) if one is not None}
    facts = Facts(lead, user, marks(lead, known=known))
    return {
        "who": facts.some(WHO),
        "standing": facts.some(STANDING),
        "consent": facts.some(CONSENT),
        "bant": facts.some(BANT),
        "journey_step": facts.of("journey_step"),
        "custom": facts.custom(),
    }


def _journey(lead: Lead) -> list[dict[str, Any]]:
    """The three steps, the lead's own marked; those before it are behind it."""
    steps = list(Lead.JourneyStep)
    here = steps.index(Lead.JourneyStep(lead.journey_step)) if lead.journey_step else -1
    return [
        {"label": step.label, "state": "now" if number == here else "past" if number < here else "ahead"}
        for number, step in enumerate(steps)
    ]


def _company(user: User, lead: Lead) -> dict[str, Any]:
    return {"committee": committee(user, lead.company, but=lead) if lead.company else None}


def _story(request: HttpRequest, lead: Lead, now: datetime) -> dict[str, Any]:
    form = StoryFilter(request.GET, lead=lead)
    wish = form.wish()
    told = story(lead, wish=wish, after=_position(request))
    kinds = {"": _("Everything"), **GROUPS}
    return {
        "story": told,
        "story_url": reverse("lead-story", args=[lead.pk]),
        "page_url": reverse("lead-detail", args=[lead.pk]),
        "story_form": form,
        "next_url": address(request, after=told.next) if told.next else "",
        "newest_url": address(request),
        "kinds": [(key, label, address(request, kind=key)) for key, label in kinds.items()],
        "kind": wish.group,
        "narrowed": bool(wish.person or wish.words),
        "first_page": "after" not in request.GET,
        "notes_since": now - CHANGEABLE,
    }


def _promise_version(lead: Lead) -> list[Any]:
    """What the cards of the next step and the promise show may have changed when this has."""
    clocks = Clock.objects.filter(lead=lead).order_by("-pk").annotate(fired=Count("escalations"))
    handoffs = Handoff.objects.filter(lead=lead).order_by("-pk").values_list("pk", "owner", "team", "closed_at")
    told = clocks.values_list("pk", "state", "due_at", "next_level", "owner", "fired")
    tried = Attempt.objects.filter(lead=lead).order_by("-occurred_at", "-pk").values_list("pk", flat=True)
    return _version(lead, list(tried[:1]), list(told[:HANDOFFS_SHOWN]), list(handoffs[:HANDOFFS_SHOWN]))


def _version_of(found: AtHand) -> list[Any]:
    """The same, from what the page has read anyway."""
    told = [
        (one.pk, one.state, one.due_at, one.next_level, one.owner_id, one.fired) for one in clocks_of(found.handoffs)
    ]
    rows = [(one.pk, one.owner_id, one.team_id, one.closed_at) for one in found.handoffs]
    tried = [one.pk for one in found.tried[:1]]
    told, rows = (sorted(each, reverse=True)[:HANDOFFS_SHOWN] for each in (told, rows))
    return _version(found.lead, tried, told, rows)


def _version(lead: Lead, tried: list[int], clocks: list[Any], handoffs: list[Any]) -> list[Any]:
    return [lead.owner_id, *(str(getattr(lead, name)) for name in STEP_COLUMNS), tried, clocks, handoffs]


def _score_version(lead: Lead, held: str) -> list[Any]:
    scores = LeadScore.objects.filter(lead=lead)
    return [held, *scores.values_list("model", "total", "breakdown", "excluded_by", "scored_at")]


def _promise(user: User, lead: Lead, handoffs: list[Handoff], tried: list[Try], now: datetime) -> dict[str, Any]:
    """The hand-offs' clocks, the hand-off that is open, and whether this person may give it to somebody else."""
    current = next((one for one in handoffs if one.closed_at is None), None)
    return {
        "clocks": [ClockCard(one, now, one.policy, one.fired) for one in clocks_of(handoffs)],
        "handoff": current,
        "step": step_for(lead, current, tried, now),
        "reassign_form": ReassignForm() if may(user, Can.REASSIGN) and current is not None else None,
    }


def _acts(user: User, lead: Lead) -> dict[str, Any]:
    """What this person may do to the lead; the template offers just that."""
    works = may(user, Can.LOG_ATTEMPTS) and lead.is_workable_by(user)
    return {
        "channels": [(value, label, CHANNEL_ICONS[Channel(value)]) for value, label in Channel.choices]
        if works
        else [],
        "note_form": NoteForm() if may(user, Can.WRITE_NOTES) and not lead.is_erased else None,
        "may_edit": may(user, Can.CREATE_LEADS) and not lead.is_erased,
        "may_reassign": may(user, Can.REASSIGN),
        "may_erase": may(user, Can.ERASE_PEOPLE),
        "may_merge": may(user, Can.MERGE_LEADS) and not lead.is_erased,
    }


def _score(lead: Lead, now: datetime) -> ScoreCard | None:
    explanation = explain(lead_ids=[lead.pk], at=now).get(lead.pk)
    return score_card(explanation.as_json()) if explanation is not None else None


def _position(request: HttpRequest) -> Position | None:
    text = request.GET.get("after")
    if not text:
        return None
    try:
        return Position.read(text)
    except ValueError as error:
        raise BadRequest(_("There is no such page.")) from error
