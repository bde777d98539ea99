"""The main flow, the one way by which a lead moves:

    score the leads whose facts changed → the stages that their scores cross → the hand-offs that those stages open
    → clocks

Facts mark a lead as changed in their own transaction (``leads.services.queue``); ``run`` drains those marks. It is
nudged after each commit and swept by beat, so a lost nudge costs seconds, never a lead.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import OperationalError, transaction
from django.db.models import F

from leads.models import ChangedLead, Lead, StageChange
from leads.services.locks import lock_leads
from leads.services.stages import StageMove, move_stages
from scoring.models import LeadScore
from scoring.services.score import score_leads
from sla.services.clocks import start_clocks
from sla.services.handoffs import assign_waiting, open_handoffs

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FlowResult:
    """What one batch did, in rows."""

    drained: int = 0
    scored: int = 0
    moved: int = 0
    handed_off: int = 0
    clocks: int = 0
    set_aside: int = 0
    assigned: int = 0


def run(*, now: datetime, limit: int = 500) -> FlowResult:
    """Drain one batch of changed leads. ``drained == 0`` says that nothing was waiting.

    A batch is one transaction. When it fails, its leads are tried one by one and the one that cannot be processed is
    set aside with its error (domain rule 12).
    """
    assigned = _assign_waiting(now)
    try:
        with transaction.atomic():
            marks = list(ChangedLead.objects.claim(limit))
            return _drain(marks, now, assigned)
    except Exception:
        log.exception("a batch of changed leads failed; trying them one by one")
    return _one_by_one(now, limit)


def _assign_waiting(now: datetime) -> int:
    """A hand-off that cannot be assigned keeps its clock running; it must not keep other leads from theirs."""
    try:
        return assign_waiting(now=now)
    except Exception:
        log.exception("waiting hand-offs could not be assigned")
        return 0


def _drain(marks: Collection[ChangedLead], now: datetime, assigned: int = 0) -> FlowResult:
    if not marks:
        return FlowResult(assigned=assigned)
    result = _advance(sorted({mark.lead_id for mark in marks}), now)
    ChangedLead.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    return FlowResult(len(marks), *result, assigned=assigned)


def _advance(lead_ids: list[int], now: datetime) -> tuple[int, int, int, int]:
    """Score, stages, hand-offs, clocks: the domain's one sentence. Returns how many of each."""
    lock_leads(lead_ids)  # two workers may hold marks of the same lead: the second reads what the first did
    # What is left of an erased person keeps the score it had.
    lead_ids = list(Lead.objects.living().filter(pk__in=lead_ids).order_by("pk").values_list("pk", flat=True))
    scored = score_leads(lead_ids=lead_ids, now=now)
    moved = move_stages(moves=_moves(lead_ids), now=now)
    handoffs = open_handoffs(lead_ids=lead_ids, now=now)
    clocks = start_clocks(handoffs=handoffs, now=now)
    return scored, len(moved), len(handoffs), len(clocks)


def _moves(lead_ids: list[int]) -> list[StageMove]:
    """The leads whose score qualifies them for a later stage than the one they are in."""
    scores = LeadScore.objects.filter(
        lead_id__in=lead_ids, target_stage__position__gt=F("lead__stage__position"), lead__status__is_closed=False
    ).select_related("model", "decided_by")
    return [_move(score) for score in scores.order_by("lead_id")]


def _move(score: LeadScore) -> StageMove:
    rule = score.decided_by
    decisive = rule is not None and rule.target_stage_id == score.target_stage_id
    # The reason says in the reader's language what the number is.
    detail = rule.name if rule is not None and decisive else f"{score.total.normalize():f}"
    return StageMove(
        lead_id=score.lead_id,
        to_stage_id=score.target_stage_id or 0,
        reason=StageChange.Reason.DECISIVE if decisive else StageChange.Reason.THRESHOLD,
        detail=detail,
        version=f"Scoring {score.model.version}",
    )


def _one_by_one(now: datetime, limit: int) -> FlowResult:
    """The same batch, each lead in a transaction of its own, so that one bad row never stops the others."""
    drained = scored = moved = handed_off = clocks = set_aside = 0
    for mark in ChangedLead.objects.waiting().order_by("pk")[:limit]:
        result = _drain_one(mark.pk, now)
        drained += result.drained
        scored += result.scored
        moved += result.moved
        handed_off += result.handed_off
        clocks += result.clocks
        set_aside += result.set_aside
    return FlowResult(drained + set_aside, scored, moved, handed_off, clocks, set_aside)


def _drain_one(mark_id: int, now: datetime) -> FlowResult:
    try:
        with transaction.atomic():
            return _drain(
                list(ChangedLead.objects.waiting().select_for_update(skip_locked=True).filter(pk=mark_id)), now
            )
    except OperationalError:
        raise  # the server's trouble, not the lead's: the next beat tries again
    except Exception as error:
        log.exception("changed lead %s set aside", mark_id)
        ChangedLead.objects.filter(pk=mark_id).update(set_aside_at=now, error=f"{type(error).__name__}: {error}"[:2000])
        return FlowResult(set_aside=1)
