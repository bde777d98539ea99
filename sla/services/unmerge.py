"""Undoing a merge: the loser comes back with its hand-off and its clocks as they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from leads.models import Lead, Merge
from leads.services.locks import patiently
from leads.services.unmerging import undo
from people.models import Team, User
from sla.models import Clock, Escalation, Handoff
from sla.services.escalations import reopen
from sla.services.merge import hold

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it: ``kept`` are fields that somebody changed since, ``cancelled`` clocks that do not run again."""

    loser: Lead
    kept: list[str]
    cancelled: int


def undo_merge(*, merge: Merge, by: User | None, now: datetime) -> Undone:
    """Undo a merge (docs/merging.md). Raises ValidationError with the reason when it cannot be."""
    return patiently(lambda: _undo(merge.pk, by, now))


def _undo(merge_id: int, by: User | None, now: datetime) -> Undone:
    winner_id = Merge.objects.values_list("winner_id", flat=True).get(pk=merge_id)
    hold([winner_id])
    merge = Merge.objects.select_for_update(of=("self",)).select_related("winner").get(pk=merge_id)
    if merge.winner_id != winner_id:
        raise ValidationError(_("It was merged again a moment ago."))
    promises = merge.promises
    kept = undo(merge=merge, by=by, now=now)
    if "reassigned" in promises:
        _give_back(promises["reassigned"], now)
    cancelled = _open_again(promises, merge, now) if "closed" in promises else 0
    for lead_id in (merge.winner_id, merge.loser_number):
        _owner_of_handoff(lead_id)
    return Undone(Lead.objects.get(pk=merge.loser_number), kept, cancelled)


def _give_back(before: dict[str, Any], now: datetime) -> None:
    """The hand-off returns to whom it was taken from, unless it was given to yet another since."""
    row = before["handoff"]
    still = Handoff.objects.open().filter(pk=row["id"], owner=before["to"])
    there = row["owner_id"] is None or User.objects.filter(pk=row["owner_id"], is_active=True).exists()
    if not there or not Team.objects.filter(pk=row["team_id"]).exists() or not still.exists():
        return
    still.update(
        owner=row["owner_id"], team=row["team_id"], assigned_at=_moment(row["assigned_at"]), routing=row["routing"]
    )
    for pk, (owner, team) in before["clocks_of"].items():
        Clock.objects.running().filter(pk=pk).update(owner=owner, team=team)
    reopen(clock_ids=[int(pk) for pk in before["clocks_of"]], now=now)


def _open_again(promises: dict[str, Any], merge: Merge, now: datetime) -> int:
    """The loser's hand-off goes on, and its clocks whose due time is not past; returns how many stay cancelled."""
    handoff = Handoff.objects.filter(pk=promises["closed"], lead=merge.loser_number, closed_at=merge.at)
    if not handoff.update(closed_at=None):
        return 0
    stopped = 0
    for row in promises["clocks"]:
        stopped += not _run_again(row, promises["withdrawn"], merge, now)
    return stopped


def _run_again(row: dict[str, Any], withdrawn: list[int], merge: Merge, now: datetime) -> bool:
    due_at = _moment(row["due_at"])
    clock = Clock.objects.filter(pk=row["id"], state=Clock.State.CANCELLED, stopped_at__gte=merge.at)
    if due_at is None or due_at <= now:
        return False
    restarted = clock.update(
        state=Clock.State.RUNNING, stopped_at=None, next_at=_moment(row["next_at"]), next_level=row["next_level"]
    )
    Escalation.objects.filter(pk__in=withdrawn, clock=row["id"], state=Escalation.State.WITHDRAWN).update(
        state=Escalation.State.RECORDED, error=""
    )
    return bool(restarted)


def _owner_of_handoff(lead_id: int) -> None:
    """Whoever has the hand-off has the lead, also when it changed hands since the merge."""
    owner = Handoff.objects.open().filter(lead=lead_id, owner__isnull=False).values_list("owner", flat=True).first()
    if owner is not None:
        Lead.objects.filter(pk=lead_id).exclude(owner=owner).update(owner=owner)


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
