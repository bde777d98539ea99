"""Leads that their score qualifies for a stage to which they may not move: said on their page and the System page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from leads.models import ForbiddenMove, Lead
from leads.services.stages import Moves
from scoring.models import LeadScore

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from people.models import User

SHOWN = 20


@dataclass(frozen=True, slots=True)
class HeldBack:
    lead: Lead
    why: str


def held_back(lead: Lead) -> str:
    """Why the lead does not move although it qualifies; empty when nothing holds it back."""
    score = _qualified().filter(lead=lead).first()
    return _why(score, Moves.load()) if score is not None else ""


def leads_held_back(user: User) -> list[HeldBack]:
    """The first of those this person may see; asks for no lead while every move forward is allowed."""
    moves = Moves.load()
    forward = ForbiddenMove.objects.filter(to_stage__position__gt=F("from_stage__position"))
    if not moves.retired and not forward.exists():
        return []
    forbidden = ForbiddenMove.objects.filter(from_stage=OuterRef("lead__stage"), to_stage=OuterRef("target_stage"))
    scores = _qualified().filter(Q(target_stage__is_active=False) | Exists(forbidden))
    seen = scores.filter(lead__in=Lead.objects.visible_to(user).values("pk"))
    return [HeldBack(score.lead, _why(score, moves)) for score in seen.order_by("-lead")[:SHOWN]]


def _qualified() -> QuerySet[LeadScore]:
    """As the flow asks: the target lies beyond the stage, and the lead is not closed."""
    return LeadScore.objects.filter(
        target_stage__position__gt=F("lead__stage__position"),
        lead__status__is_closed=False,
        lead__erased_at__isnull=True,
    ).select_related("target_stage", "lead__stage")


def _why(score: LeadScore, moves: Moves) -> str:
    target = score.target_stage
    refusal = moves.refusal(score.lead.stage, target) if target is not None else ""
    return _("Qualifies for “%(stage)s”. %(refusal)s") % {"stage": target, "refusal": refusal} if refusal else ""
