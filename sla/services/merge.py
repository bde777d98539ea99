"""Merging two leads, promises included: one hand-off stays open, the loser's clock stops rightly.

The rows are taken in the order of the house: marks of the flow, hand-offs, leads (for ourselves alone, so that whoever
writes a fact of either waits and then finds the winner), clocks, escalations, notices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from leads.models import ChangedLead, Lead
from leads.services import merging
from leads.services.locks import patiently
from leads.services.merge_fields import LOSER, WINNER, sides
from leads.services.moving import row_of
from people.models import User
from sla.models import Clock, Escalation, Handoff
from sla.services.escalations import withdraw
from sla.services.handoffs import reassign

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from leads.models import Merge


def merge_leads(*, winner: Lead, loser: Lead, choices: Mapping[str, str], by: User | None, now: datetime) -> Merge:
    """Merge the loser into the winner (docs/merging.md); ``choices`` says per field "winner" or "loser".

    Raises ValidationError when one of them is gone, both are the same, or a choice cannot be.
    """
    if winner.pk == loser.pk:
        raise ValidationError(_("A lead cannot be merged with itself."))
    return patiently(lambda: _merge(winner.pk, loser.pk, choices, by, now))


def hold(lead_ids: list[int]) -> tuple[dict[int, Lead], dict[int, Handoff]]:
    """These leads and their open hand-offs by lead, held until the end of the transaction, the leads for us alone."""
    list(ChangedLead.objects.filter(lead__in=lead_ids).order_by("pk").select_for_update().values_list("pk"))
    opened = Handoff.objects.open().filter(lead__in=lead_ids).order_by("pk")
    list(opened.select_for_update().values_list("pk"))
    held = Lead.objects.filter(pk__in=lead_ids).select_for_update(of=("self",)).order_by("pk")
    leads = {lead.pk: lead for lead in held.select_related("stage", "status")}
    handoffs = {one.lead_id: one for one in opened.select_for_update(of=("self",)).select_related("team", "owner")}
    list(Clock.objects.running().filter(lead__in=lead_ids).order_by("pk").select_for_update().values_list("pk"))
    return leads, handoffs


def _merge(winner_id: int, loser_id: int, choices: Mapping[str, str], by: User | None, now: datetime) -> Merge:
    leads, handoffs = hold([winner_id, loser_id])
    if len(leads) < 2:
        raise ValidationError(_("One of the two is gone: it was merged or deleted a moment ago."))
    winner, loser = leads[winner_id], leads[loser_id]
    in_hand = WINNER if winner_id in handoffs else LOSER if loser_id in handoffs else ""
    taken = sides(winner, loser, choices, in_hand=in_hand)
    promises: dict[str, Any] = {}
    if len(handoffs) == 2:
        promises = _close(handoffs[loser_id], now)
    record = merging.merge(winner=winner, loser=loser, choices=choices, in_hand=in_hand, by=by, now=now)
    open_one = handoffs.get(winner_id) or handoffs.get(loser_id)
    if open_one is not None:
        another = (loser if taken["owner"] == LOSER else winner).owner_id if taken["owner"] != in_hand else None
        promises |= _settle_owner(open_one.pk, another, by, now)
        record.winner_after = row_of(Lead, winner_id)
    record.promises = promises
    record.save(update_fields=["promises", "winner_after"])
    return record


def _close(handoff: Handoff, now: datetime) -> dict[str, Any]:
    """The loser's hand-off ends; its running clocks are cancelled and what they had not sent yet is taken back."""
    running = list(Clock.objects.running().filter(handoff=handoff))
    unsent = Escalation.objects.filter(clock__in=running).exclude(state=Escalation.State.WITHDRAWN)
    before = dict(unsent.values_list("pk", "state"))
    clocks = [row_of(Clock, clock.pk) for clock in running]
    for clock in running:
        clock.state, clock.next_at = Clock.State.CANCELLED, None
        clock.stopped_at = max(now, clock.started_at)
    Clock.objects.bulk_update(running, ["state", "next_at", "stopped_at"])
    withdraw(clock_ids=[clock.pk for clock in running], now=now)
    Handoff.objects.filter(pk=handoff.pk).update(closed_at=now)
    withdrawn = Escalation.objects.filter(pk__in=before, state=Escalation.State.WITHDRAWN)
    return {
        "closed": handoff.pk,
        "clocks": clocks,
        "withdrawn": list(withdrawn.order_by("pk").values_list("pk", flat=True)),
    }


def _settle_owner(handoff_id: int, another: int | None, by: User | None, now: datetime) -> dict[str, Any]:
    """Lead, hand-off and clocks belong to one person: whoever has the hand-off, unless another was chosen."""
    handoff = Handoff.objects.select_related("team", "owner").get(pk=handoff_id)
    if another is None or another == handoff.owner_id:
        if handoff.owner_id is not None:
            Lead.objects.filter(~Q(owner=handoff.owner_id), pk=handoff.lead_id).update(owner=handoff.owner_id)
        return {}
    before = {
        "handoff": row_of(Handoff, handoff.pk),
        "clocks_of": {str(pk): [owner, team] for pk, owner, team in _clocks_of(handoff)},
    }
    person = User.objects.get(pk=another)
    try:
        reassign(handoff=handoff, to=person, by=by or person, now=now)
    except ValidationError as error:
        raise ValidationError({"owner": error.messages}) from error
    return {"reassigned": before | {"to": another}}


def _clocks_of(handoff: Handoff) -> list[tuple[int, int | None, int]]:
    return list(Clock.objects.running().filter(handoff=handoff).values_list("pk", "owner", "team"))
