"""Named questions about promises, clocks, escalations and notices."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery, Value

if TYPE_CHECKING:
    from people.models import User
    from sla.models import BulkJob, Clock, Escalation, Handoff, Notice, Policy

# A notice holds later levels of its clock back for so many tries of its own: some minutes of back-off.
TRIES_BEFORE_GIVING_WAY = 3
SEE_ALL = frozenset({"executive", "administrator", "marketer"})


def _theirs(user: User, path: str = "") -> Q:
    """What a rep's team has, or a manager's teams and reports (domain rule 20); ``path`` leads to the clock.

    Teams and owners are named by id: so the planner knows how few they are, and does not read every clock to join.
    """
    owners: set[int] = {user.pk}
    teams = {user.team_id}
    if user.role == "manager":
        reports = user.reports.order_by().values_list(Value("report"), "pk")
        led = user.managed_teams.order_by().values_list(Value("team"), "pk")
        found = set(reports.union(led))
        owners |= {pk for kind, pk in found if kind == "report"}
        teams = {pk for kind, pk in found if kind == "team"}
    return Q(**{f"{path}owner__in": owners}) | Q(**{f"{path}team__in": teams - {None}})


class PolicyQuerySet(models.QuerySet["Policy"]):
    def in_force(self, kind: str) -> Self:
        """Policies that start clocks, in the order in which they are tried."""
        return self.filter(kind=kind, is_active=True).order_by("position", "pk")


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def unassigned(self) -> Self:
        return self.open().filter(owner__isnull=True)

    def in_work_of(self, user: User) -> Self:
        """A rep's open hand-offs whose first touch is done (or was never promised): no clock runs."""
        return self.open().filter(owner=user).exclude(clocks__state="running")

    def visible_to(self, user: User) -> Self:
        """Like ``ClockQuerySet.visible_to``: all, one's people's, or one's team's."""
        return self if user.role in SEE_ALL else self.filter(_theirs(user))


class ClockQuerySet(models.QuerySet["Clock"]):
    def running(self) -> Self:
        return self.filter(state="running")

    def due(self, now: datetime) -> Self:
        """Clocks with a level to fire: one index scan whose cost is what is due (domain rule 1)."""
        return self.filter(next_at__lte=now)

    def breached(self, now: datetime) -> Self:
        return self.running().filter(due_at__lt=now)

    def due_soon(self, now: datetime) -> Self:
        return self.running().filter(warn_at__lte=now, due_at__gte=now)

    def for_inbox(self, user: User) -> Self:
        """A rep's running clocks, what is due first on top."""
        return self.running().filter(owner=user).order_by("due_at", "pk")

    def visible_to(self, user: User) -> Self:
        """Executives and administrators see all; a manager their teams and reports; a rep their own team."""
        return self if user.role in SEE_ALL else self.filter(_theirs(user))


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def recorded(self) -> Self:
        """Waiting to be made into a notice."""
        return self.filter(state="recorded")

    def set_aside(self) -> Self:
        return self.filter(state="set_aside")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def deliverable(self, now: datetime) -> Self:
        """Due for a try, not claimed by a living worker, and no earlier notice of the same clock still to go out.

        The last part keeps the order of the levels while the mail server is down. A notice whose own mailbox keeps
        failing gives way in the end: it must not keep the manager from hearing. What blocks is asked for by a
        subquery per row on purpose: as a join it would read every message ever sent.
        """
        about = self.model.escalations.through.objects.filter(
            notice=OuterRef("pk"),
            escalation__clock__escalations__notices__state__in=("pending", "sending"),
            escalation__clock__escalations__notices__tries__lte=TRIES_BEFORE_GIVING_WAY,
            escalation__clock__escalations__notices__lt=OuterRef("pk"),
        )
        due = self.filter(Q(state="pending") | Q(state="sending", claimed_until__lt=now), next_try_at__lte=now)
        return due.alias(earlier=Subquery(about.values("pk")[:1])).filter(earlier=None)

    def visible_to(self, user: User) -> Self:
        """A rep sees what was sent to them or about their leads; a manager that of their people; others all.

        A bundle to somebody else that also tells of leads they may not see is not theirs to read (domain rule 20).
        """
        if user.role in SEE_ALL:
            return self
        about = self.model.escalations.through.objects.filter(notice=OuterRef("pk"))
        strange = about.exclude(_theirs(user, "escalation__clock__"))
        is_manager = user.role == "manager"
        mine = _theirs(user, "escalations__clock__") if is_manager else Q(escalations__clock__owner=user)
        notices = self.model.objects.order_by()
        theirs = notices.filter(~Exists(strange), mine).values("pk")
        # Two questions with an index each: in one OR, every message ever written would be read.
        return self.filter(pk__in=notices.filter(recipients=user).values("pk").union(theirs))


class BulkJobQuerySet(models.QuerySet["BulkJob"]):
    def waiting(self) -> Self:
        """Not finished and not stopped, the oldest first."""
        return self.filter(state="waiting").order_by("pk")

    def visible_to(self, user: User) -> Self:
        """One's own; an administrator sees all."""
        return self if user.role == "administrator" else self.filter(by=user)
