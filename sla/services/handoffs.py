"""Hand-offs: opened by a stage, routed to an SDR, given to another."""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from leads.models import Lead, LeadStatus, StageChange, WebhookKind
from leads.services.locks import lock_leads
from leads.services.queue import mark_changed
from leads.services.webhooks import announce
from people.models import Role, Team, User
from scoring.conditions import to_q
from scoring.services.explain import explain
from sla.models import Clock, Handoff, RoutingRule
from sla.services.escalations import reopen
from sla.services.routing import match_rules, route, take_turns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from leads.querysets import LeadQuerySet
    from scoring.services.explain import Explanation
    from sla.services.routing import Route

# A merge moves a lead to where the other one was already: whether it was handed over is that one's own history.
MERGED = StageChange.Reason.MERGED
# Statuses in which a lead rested; being handed off wakes it.
RESTING = ("nurturing", "postponed", "returned")


def open_handoffs(*, lead_ids: Collection[int], now: datetime) -> list[Handoff]:
    """Hand over the leads whose newest stage opens a hand-off and was not handed over yet. Inside a transaction.

    Leads moved by hand are handed over like those moved by a score; imported ones are not (somebody has them).
    """
    changes = {change.lead_id: change for change in _unhanded(lead_ids)}
    rules = match_rules(list(changes))
    if not rules:
        return []
    routes = route(rules)
    explanations = explain(lead_ids=list(rules), at=now)
    handoffs = Handoff.objects.bulk_create(
        [_handoff(changes[lead_id], routes[lead_id], explanations.get(lead_id), now) for lead_id in sorted(routes)]
    )
    _give_leads(handoffs, now)
    announce(
        kind=WebhookKind.HANDED_OFF,
        lead_ids=[handoff.lead_id for handoff in handoffs],
        now=now,
        detail=[{"handoff": handoff.pk, "team": handoff.team.name} for handoff in handoffs],
    )
    return handoffs


def assign_waiting(*, now: datetime, limit: int = 500) -> int:
    """Give hand-offs that found nobody to SDRs who have become available; their clocks run on (domain rule 5)."""
    if not Handoff.objects.unassigned().exists():
        return 0
    with transaction.atomic():
        waiting = list(
            Handoff.objects.unassigned()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("team")
            .order_by("team_id", "opened_at", "pk")[:limit]
        )
        lock_leads(handoff.lead_id for handoff in waiting)
        assigned = [pair for team in _teams(waiting) for pair in _assign_in_team(team, waiting)]
        for handoff, owner in assigned:
            _hand_to(handoff, owner, now, why=Handoff.Why.WAITED)
    return len(assigned)


@transaction.atomic
def reassign(*, handoff: Handoff, to: User, by: User, now: datetime) -> Handoff:
    """Give a hand-off to somebody else. The clock, its due time and its fired levels stay (domain rule 5).

    Messages that have not gone out yet are made anew for the new owner. Raises ValidationError when the hand-off is
    closed or the person cannot take leads.
    """
    handoff = Handoff.objects.select_for_update(of=("self",)).select_related("team").get(pk=handoff.pk)
    if handoff.closed_at is not None:
        raise ValidationError(_("This hand-off is closed; there is nothing to reassign."))
    if not to.is_active or to.role not in {Role.SDR, Role.MANAGER}:
        raise ValidationError(_("%(name)s cannot take leads.") % {"name": to})
    if handoff.owner_id == to.pk:
        return handoff
    _hand_to(handoff, to, now, why=Handoff.Why.REASSIGNED, by=str(by))
    return handoff


@transaction.atomic
def reassign_all(*, handoffs: Iterable[Handoff], to: User, by: User, now: datetime) -> None:
    """Give several hand-offs to somebody else: all of them or none. Raises ValidationError as ``reassign`` does."""
    ids = [handoff.pk for handoff in handoffs]
    held = list(Handoff.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk"))
    lock_leads(handoff.lead_id for handoff in held)
    for handoff in held:
        reassign(handoff=handoff, to=to, by=by, now=now)


def strays() -> LeadQuerySet:
    """Leads in a stage that a rule hands over, given to nobody: they got there before there was such a rule."""
    rules = RoutingRule.objects.filter(is_active=True)
    fits = reduce(or_, (Q(to_q(rule.conditions), stage=rule.stage_id) for rule in rules), Q(pk__in=[]))
    into_it = StageChange.objects.filter(lead=OuterRef(OuterRef("pk")), to_stage=OuterRef(OuterRef("stage")))
    newest = into_it.exclude(reason=MERGED).order_by("-changed_at", "-pk").values("pk")[:1]
    unhanded = StageChange.objects.filter(
        pk=Subquery(newest), to_stage=OuterRef("stage"), handoff__isnull=True
    ).exclude(reason=StageChange.Reason.IMPORTED)
    in_hand = Handoff.objects.open().filter(lead=OuterRef("pk"))
    return Lead.objects.living().filter(fits, Exists(unhanded), ~Exists(in_hand), status__is_closed=False)


def hand_over_strays(*, now: datetime) -> int:
    """Send the strays through the flow; returns how many. An act of its own, as domain rule 6 wants it."""
    lead_ids = list(strays().order_by("pk").values_list("pk", flat=True))
    mark_changed(lead_ids=lead_ids, now=now)
    return len(lead_ids)


def _unhanded(lead_ids: Collection[int]) -> Sequence[StageChange]:
    """The newest change of each lead into its stage, unless imported, handed over, or the lead is closed or in hand.

    Two statements, so that neither can be planned badly where the planner knows nothing yet, as in the middle of a
    large import: the newest change of each lead by its index, then what holds for these few.
    """
    into = StageChange.objects.filter(lead=OuterRef("pk"), to_stage=OuterRef("stage")).exclude(reason=MERGED)
    newest = into.order_by("-changed_at", "-pk").values("pk")[:1]
    changes = Lead.objects.filter(pk__in=lead_ids).order_by().values_list(Subquery(newest), flat=True)
    in_hand = Handoff.objects.open().filter(lead=OuterRef("lead"))
    return list(
        StageChange.objects.filter(
            ~Exists(in_hand),
            pk__in=[pk for pk in changes if pk is not None],
            handoff__isnull=True,
            lead__status__is_closed=False,
        )
        .exclude(reason=StageChange.Reason.IMPORTED)
        .order_by("lead_id")
    )


def _handoff(change: StageChange, chosen: Route, score: Explanation | None, now: datetime) -> Handoff:
    """``score`` is None while no scoring model is published: a lead moved by hand is handed over all the same."""
    return Handoff(
        lead_id=change.lead_id,
        stage_id=change.to_stage_id,
        stage_change=change,
        team=chosen.team,
        owner=chosen.owner,
        model=score.model if score else None,
        explanation=score.as_json() if score else {},
        routing=chosen.as_json(),
        opened_at=now,
        assigned_at=now if chosen.owner else None,
    )


def _give_leads(handoffs: Sequence[Handoff], now: datetime) -> None:
    """Set the owner of each lead, a statement per owner, and wake those that rested."""
    by_owner: dict[int, list[int]] = defaultdict(list)
    for handoff in handoffs:
        if handoff.owner_id is not None:
            by_owner[handoff.owner_id].append(handoff.lead_id)
    for owner_id, lead_ids in by_owner.items():
        Lead.objects.filter(pk__in=lead_ids).update(owner_id=owner_id, updated_at=now)
    resting = Lead.objects.filter(pk__in=[handoff.lead_id for handoff in handoffs], status__key__in=RESTING)
    resting.update(status=LeadStatus.objects.get(key="new"), status_reason="", updated_at=now)


def _teams(handoffs: Sequence[Handoff]) -> list[Team]:
    return sorted({handoff.team for handoff in handoffs}, key=lambda team: team.pk)


def _assign_in_team(team: Team, waiting: Sequence[Handoff]) -> list[tuple[Handoff, User]]:
    mine = [handoff for handoff in waiting if handoff.team_id == team.pk]
    return list(zip(mine, take_turns(team, len(mine)), strict=False))


def _hand_to(handoff: Handoff, to: User, now: datetime, *, why: Handoff.Why, by: str = "") -> None:
    """Move a locked hand-off, its lead and its running clocks to a person."""
    handoff.owner, handoff.team = to, to.team or handoff.team
    handoff.assigned_at = now
    handoff.routing = {**handoff.routing, "why": why, "by": by}
    handoff.save(update_fields=["owner", "team", "assigned_at", "routing"])
    Lead.objects.filter(pk=handoff.lead_id).update(owner=to, updated_at=now)
    clocks = list(Clock.objects.running().filter(handoff=handoff).select_for_update().values_list("pk", flat=True))
    Clock.objects.filter(pk__in=clocks).update(owner=to, team=handoff.team)
    reopen(clock_ids=clocks, now=now)
