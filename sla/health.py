"""How Baton itself is doing: who lives, what waits, and what was set aside (domain rule 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from leads.models import ChangedLead, Lead
from people import pulse
from sla.models import Clock, Escalation, Notice

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A server or process Baton consists of; ``trouble`` says what is wrong, empty when nothing is."""

    name: str
    icon: str
    trouble: str


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
