"""Moving a lead through the lifecycle: the one place that does (see docs of ``move_stages``)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.utils.translation import gettext as _

from leads.models import ForbiddenMove, Lead, LifecycleStage, StageChange
from leads.services.errors import refuse_erased
from leads.services.queue import mark_changed
from leads.services.webhooks import announce_stages
from leads.text import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from people.models import User


@dataclass(frozen=True, slots=True)
class StageMove:
    """A lead that is to move: where to, why, and under which version of the rules."""

    lead_id: int
    to_stage_id: int
    reason: str
    detail: str = ""
    version: str = ""
    by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Moves:
    """Which moves are not allowed: what the matrix forbids, and every move into a stage that is retired."""

    forbidden: frozenset[tuple[int, int]]
    retired: frozenset[int]

    @classmethod
    def load(cls) -> Moves:
        """One small query, however many leads are to move."""
        forbidden = ForbiddenMove.objects.order_by().values_list("from_stage", "to_stage")
        retired = LifecycleStage.objects.order_by().filter(is_active=False).values_list("pk", Value(0))
        found = list(forbidden.union(retired))
        return cls(
            frozenset((from_stage, to_stage) for from_stage, to_stage in found if to_stage),
            frozenset(stage for stage, to_stage in found if not to_stage),
        )

    def allow(self, from_stage: int, to_stage: int) -> bool:
        return to_stage not in self.retired and (from_stage, to_stage) not in self.forbidden

    def let_pass(self, move: StageMove, from_stage: int) -> bool:
        return move.reason == StageChange.Reason.MERGED or self.allow(from_stage, move.to_stage_id)

    def refusal(self, from_stage: LifecycleStage, to_stage: LifecycleStage) -> str:
        """Why a move is not allowed, in words; empty when it is, and when it is none."""
        if from_stage == to_stage or self.allow(from_stage.pk, to_stage.pk):
            return ""
        if to_stage.pk in self.retired:
            return _("“%(to)s” is retired: no lead moves there any more.") % {"to": to_stage}
        return _("A lead in “%(from)s” cannot move to “%(to)s”.") % {"from": from_stage, "to": to_stage}


@transaction.atomic
def move_stages(*, moves: Sequence[StageMove], now: datetime) -> list[StageChange]:
    """Move many leads and write their history; returns what was moved, and nothing else.

    Left alone are leads that are in their stage already, that were erased, or whose move is not allowed. A merge is
    always allowed: one of the two was in that stage already. The stage a lead comes from is read under a lock, taken
    in the order of the leads' ids so that two calls cannot wait for each other. It does not mark the leads as
    changed: the flow itself calls this.
    """
    by_lead = {move.lead_id: move for move in moves}
    if len(by_lead) != len(moves):
        raise ValueError("a lead appears twice among the moves")
    if not moves:
        return []
    locked = Lead.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=by_lead, erased_at__isnull=True)
    known = Moves.load()
    changes = [
        _change(by_lead[lead_id], stage_id, now)
        for lead_id, stage_id in locked.order_by("pk").values_list("pk", "stage_id")
        if by_lead[lead_id].to_stage_id != stage_id and known.let_pass(by_lead[lead_id], stage_id)
    ]
    _write(changes, now)
    made = StageChange.objects.bulk_create(changes, batch_size=5_000)
    announce_stages(changes=made, now=now)
    return made


def _change(move: StageMove, from_stage_id: int, now: datetime) -> StageChange:
    return StageChange(
        lead_id=move.lead_id,
        from_stage_id=from_stage_id,
        to_stage_id=move.to_stage_id,
        changed_at=now,
        by_id=move.by_id,
        reason=move.reason,
        detail=move.detail[:250],
        version=move.version[:120],
    )


def _write(changes: Sequence[StageChange], now: datetime) -> None:
    """One UPDATE per target stage, so a thousand leads that qualify at once cost one statement."""
    by_stage: dict[int, list[int]] = defaultdict(list)
    for change in changes:
        by_stage[change.to_stage_id].append(change.lead_id)
    for stage_id, lead_ids in by_stage.items():
        Lead.objects.filter(pk__in=lead_ids).update(stage_id=stage_id, stage_since=now, updated_at=now)


@transaction.atomic
def move_by_hand(*, lead: Lead, to_stage: LifecycleStage, by: User, reason: str, now: datetime) -> StageChange | None:
    """A person moves one lead, and says why. Returns nothing when the lead is in that stage already.

    Raises ValidationError at ``stage`` when the move is not allowed, at ``stage_reason`` without a reason.
    """
    detail = tidy(reason)
    if not detail:
        raise ValidationError({"stage_reason": _("Say why the stage is changed by hand.")})
    current = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("stage").get(pk=lead.pk)
    refuse_erased(current)
    if refusal := Moves.load().refusal(current.stage, to_stage):
        raise ValidationError({"stage": refusal})
    move = StageMove(lead.pk, to_stage.pk, StageChange.Reason.BY_HAND, detail, by_id=by.pk)
    changes = move_stages(moves=[move], now=now)
    if not changes:
        return None
    mark_changed(lead_ids=[lead.pk], now=now)
    return changes[0]


@transaction.atomic
def move_by_key(*, lead: Lead, to_stage: LifecycleStage, key: str, reason: str, now: datetime) -> StageChange | None:
    """A program moves one lead, under the name of its API key. Nothing when the lead is in that stage already.

    Raises ValidationError at ``stage`` when the move is not allowed.
    """
    said = " – ".join(part for part in (_("API key %(name)s") % {"name": key}, tidy(reason)) if part)
    changes = move_stages(moves=[StageMove(lead.pk, to_stage.pk, StageChange.Reason.API, said)], now=now)
    if changes:
        mark_changed(lead_ids=[lead.pk], now=now)
        return changes[0]
    if not Lead.objects.filter(pk=lead.pk, stage=to_stage).exists():
        raise ValidationError({"stage": _("A lead in this stage may not be moved there.")})
    return None
