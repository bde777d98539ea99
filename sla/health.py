"""How Baton itself is doing: who lives, what waits, and what was set aside (domain rule 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from leads.models import ChangedLead, Lead
from people import pulse
from people.models import Role, User
from people.permissions import Can, may
from scoring.models import ScoringModel
from sla.models import Clock, Escalation, Notice, Policy, RoutingRule

if TYPE_CHECKING:
    from datetime import datetime

SHOWN = 100
NO_SCORING = _noop("No scoring is published: no lead qualifies by its score.")
NO_ROUTING = _noop("No routing rule is on: a lead that qualifies is handed to nobody.")
NO_REP = _noop("Nobody takes leads in a team that leads are routed to; they wait there until somebody does.")
NO_PROMISE = _noop("No promise is on: no clock starts, and nobody hears when nothing happens.")
NO_EXECUTIVE = _noop("There is no executive: administrators hear of what everybody else let slip.")


@dataclass(frozen=True, slots=True)
class Part:
    """A server or process Baton consists of; ``trouble`` says what is wrong, empty when nothing is."""

    name: str
    icon: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something without which a lead reaches nobody or nobody hears; ``route`` is where it is mended, if one may."""

    text: str
    route: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Work that waits, and since when its oldest piece does."""

    name: str
    count: int
    oldest: datetime | None


def parts() -> list[Part]:
    """The database is fine, or nobody would read this."""
    return [
        Part(_("Database"), "check", ""),
        Part(_("Broker"), "route", _broker()),
        Part(_("Worker"), "bolt", _process(pulse.WORKER)),
        Part(_("Beat"), "heartbeat", _process(pulse.BEAT)),
    ]


def gaps(user: User) -> list[Gap]:
    """What is missing on the way from a score to somebody who acts, as in an installation that is new."""
    rules = RoutingRule.objects.filter(is_active=True)
    staffed = User.objects.available_sdrs().filter(team__isnull=False).values("team")
    reached = staffed.exists() and not rules.exclude(team__in=staffed).exists()
    executives = User.objects.active().filter(role=Role.EXECUTIVE)
    found = (
        (ScoringModel.objects.published() is not None, NO_SCORING, "scoring-model", Can.SEE_SCORING),
        (rules.exists(), NO_ROUTING, "routing-list", Can.SEE_POLICIES),
        (reached, NO_REP, "person-list", Can.MANAGE_PEOPLE),
        (Policy.objects.filter(is_active=True).exists(), NO_PROMISE, "policy-list", Can.SEE_POLICIES),
        (executives.exists(), NO_EXECUTIVE, "person-list", Can.MANAGE_PEOPLE),
    )
    return [Gap(_(text), route if may(user, can) else "") for there, text, route, can in found if not there]


def queues(now: datetime) -> list[Queue]:
    """Each is read from a partial index, so that it costs what waits."""
    changed = ChangedLead.objects.waiting().aggregate(n=Count("pk"), oldest=Min("queued_at"))
    due = Clock.objects.due(now).aggregate(n=Count("pk"), oldest=Min("next_at"))
    recorded = Escalation.objects.recorded().aggregate(n=Count("pk"), oldest=Min("recorded_at"))
    open_states = (Notice.State.PENDING, Notice.State.SENDING)
    notices = Notice.objects.filter(state__in=open_states).aggregate(n=Count("pk"), oldest=Min("created_at"))
    return [
        Queue(_("Leads to score again"), changed["n"], changed["oldest"]),
        Queue(_("Levels to record"), due["n"], due["oldest"]),
        Queue(_("Levels to write a message of"), recorded["n"], recorded["oldest"]),
        Queue(_("Messages to send"), notices["n"], notices["oldest"]),
    ]


def leads_set_aside(user: User) -> list[ChangedLead]:
    """Those of the leads this person may see."""
    rows = ChangedLead.objects.set_aside().filter(lead__in=Lead.objects.visible_to(user).values("pk"))
    return list(rows.select_related("lead").order_by("-set_aside_at", "-pk")[:SHOWN])


def escalations_set_aside(user: User) -> list[Escalation]:
    rows = Escalation.objects.set_aside().filter(clock__in=Clock.objects.visible_to(user).values("pk"))
    return list(rows.select_related("clock__lead", "clock__policy_version__policy").order_by("-pk")[:SHOWN])


def _broker() -> str:
    return (
        "" if pulse.broker_answers() else _("It does not answer. Nothing is lost: work is done as soon as it is back.")
    )


def _process(name: str) -> str:
    state = pulse.alive(name)
    if state is None:
        return _("Redis does not answer, so nobody knows.")
    if state:
        return ""
    return _("No sign of life for %(n)d seconds.") % {"n": pulse.LASTS_SECONDS}
