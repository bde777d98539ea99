"""Two leads become one: everything of the loser moves to the winner, and a record is kept that can undo it.

The top floor calls this, after it has settled hand-offs and clocks and holds both leads (``sla.services.merge``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q

from leads.models import (
    ChangedLead,
    DuplicatePair,
    FormerEmail,
    Lead,
    LeadIndex,
    LeadKey,
    Merge,
    StageChange,
    ToCompare,
)
from leads.services.merge_fields import merged_values, sides
from leads.services.moving import links, move_all, row_of, take_out
from leads.services.queue import mark_changed
from leads.services.stages import StageMove, move_stages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from leads.services.moving import Moved
    from people.models import User

# Tables that are not moved row by row, and what happens to them instead. Everything else that points to a lead moves.
SEEN_TO = {
    "leads.changedlead": "marks of the loser are taken out, the winner is marked",
    "leads.leadkey": "computed anew from the winner",
    "leads.leadindex": "the database writes it anew from the winner",
    "leads.duplicatepair": "taken out; that two are two people is carried over to the winner",
    "scoring.leadscore": "computed anew by the flow",
}


def merge(
    *, winner: Lead, loser: Lead, choices: Mapping[str, str], in_hand: str, by: User | None, now: datetime
) -> Merge:
    """Inside the caller's transaction, which holds both leads for itself (FOR UPDATE) and has settled the promises."""
    taken = sides(winner, loser, choices, in_hand=in_hand)
    record = Merge(
        winner=winner,
        loser_number=loser.pk,
        loser_name=str(loser)[:320],
        loser=row_of(Lead, loser.pk),
        winner_before=row_of(Lead, winner.pk),
        choices=taken,
        by=by,
        at=now,
    )
    _derived(loser.pk)
    done = move_all(Lead, loser=loser.pk, winner=winner.pk, but=SEEN_TO)
    made = _carry_pairs(done, winner.pk, loser.pk, now)
    _delete(loser.pk)
    values = merged_values(winner, loser, taken)
    made |= _write(winner, loser, values, record, now)
    record.moved, record.dropped, record.made = done.moved, done.dropped, made
    record.winner_after = row_of(Lead, winner.pk)
    record.save(force_insert=True)
    _see_to(winner.pk, now)
    return record


def _derived(loser_id: int) -> None:
    """What is computed from the lead, and what asks for that."""
    ChangedLead.objects.filter(lead=loser_id).delete()
    LeadKey.objects.filter(lead=loser_id).delete()
    LeadIndex.objects.filter(lead=loser_id).delete()
    for link in links(Lead):
        if link.label == "scoring.leadscore":
            link.model._base_manager.filter(lead=loser_id).delete()


def _carry_pairs(done: Moved, winner_id: int, loser_id: int, now: datetime) -> dict[str, list[Any]]:
    """Pairs of the loser go; who was said to be somebody else than the loser is somebody else than the winner."""
    pairs = take_out(DuplicatePair.objects.filter(Q(low=loser_id) | Q(high=loser_id)))
    if pairs:
        done.dropped["leads.duplicatepair"] = pairs
    carried = []
    for pair in pairs:
        other = pair["high_id"] if pair["low_id"] == loser_id else pair["low_id"]
        if pair["dismissed_at"] and other != winner_id:
            low, high = sorted((winner_id, other))
            said = {name: pair[name] for name in ("reasons", "score", "dismissed_at", "dismissed_by_id")}
            row, created = DuplicatePair.objects.get_or_create(
                low_id=low, high_id=high, defaults={"found_at": now, **said}
            )
            carried += [row.pk] if created else []
    return {"leads.duplicatepair": carried} if carried else {}


def _delete(loser_id: int) -> None:
    """By a plain DELETE and a look at every foreign key at once: what was not moved stops the merge, loses nothing."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_lead WHERE id = %s", [loser_id])
    connection.check_constraints()


def _write(winner: Lead, loser: Lead, values: dict[str, Any], record: Merge, now: datetime) -> dict[str, list[Any]]:
    """The winner's new values, its stage by the one service that moves stages, and the address it no longer uses."""
    made: dict[str, list[Any]] = {}
    stage_id = values.pop("stage_id")
    differing = {name: value for name, value in values.items() if getattr(winner, name) != value}
    Lead.objects.filter(pk=winner.pk).update(**differing, updated_at=now)
    if stage_id != winner.stage_id:
        move = StageMove(
            winner.pk, stage_id, StageChange.Reason.MERGED, record.loser_name, by_id=record.by_id if record.by else None
        )
        made["leads.stagechange"] = [change.pk for change in move_stages(moves=[move], now=now)]
        Lead.objects.filter(pk=winner.pk, stage_id=stage_id).update(stage_since=loser.stage_since)
    unused = {winner.email, loser.email} - {values["email"], ""}
    made["leads.formeremail"] = [
        FormerEmail.objects.create(lead_id=winner.pk, email=email, since=now).pk for email in unused
    ]
    return made


def _see_to(lead_id: int, now: datetime) -> None:
    mark_changed(lead_ids=[lead_id], now=now)
    ToCompare.objects.create(lead_id=lead_id, queued_at=now)
