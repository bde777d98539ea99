"""Named questions about many leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from people.models import User

if TYPE_CHECKING:
    from leads.models import ChangedLead, Lead, SavedView


SHARERS = frozenset({"marketer", "manager", "administrator"})


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: User) -> Self:
        """The leads a person may see (domain rule 20).

        SDRs and AEs see their own and those of their team; a manager sees what their teams and reports own, and what
        nobody owns yet; marketers, executives and administrators see all.
        """
        if user.role in {"marketer", "executive", "administrator"}:
            return self
        if user.role == "manager":
            return self.filter(
                Q(owner__isnull=True) | Q(owner=user) | Q(owner__team__manager=user) | Q(owner__reports_to=user)
            )
        mine = Q(owner=user)
        if user.team_id is not None:
            mine |= Q(owner__team=user.team_id)
        return self.filter(mine)

    def listed_for(self, user: User) -> Self:
        """The same leads as ``visible_to``, for the pages of a long list.

        The owners are asked for first and named by id: so the planner knows whether they have many of a million leads
        or few, and does not walk through all of them, newest first, to find a small team's.
        """
        if user.role in {"marketer", "executive", "administrator"}:
            return self
        people = User.objects.order_by()
        if user.role == "manager":
            mine = people.filter(Q(pk=user.pk) | Q(team__manager=user) | Q(reports_to=user))
            return self.filter(Q(owner__isnull=True) | Q(owner__in=set(mine.values_list("pk", flat=True))))
        mine = people.filter(Q(pk=user.pk) | Q(team__isnull=False, team=user.team_id))
        return self.filter(owner__in=set(mine.values_list("pk", flat=True)))

    def workable_by(self, user: User) -> Self:
        """The leads a person may act on (log attempts): their own, and for a manager those of their people."""
        if user.role == "manager":
            return self.visible_to(user)
        if user.role in {"sdr", "ae"}:
            return self.filter(owner=user)
        return self.none()

    def search(self, text: str) -> Self:
        """Leads of whose names, company, e-mail address or phone every word typed is a beginning (``leads.finding``).

        A number of another system is found when it is typed whole.
        """
        from leads.finding import narrow  # it imports the models, and they this module

        found: Self = narrow(self, text)  # type: ignore[assignment]  # the same kind of queryset, narrowed
        return found


class ChangedLeadQuerySet(models.QuerySet["ChangedLead"]):
    def waiting(self) -> Self:
        return self.filter(set_aside_at__isnull=True)

    def set_aside(self) -> Self:
        return self.filter(set_aside_at__isnull=False)

    def claim(self, limit: int) -> Self:
        """The oldest waiting marks that no other worker holds; call it inside a transaction."""
        return self.waiting().select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:limit]


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """One's own, and the shared ones."""
        return self.filter(Q(owner=user) | Q(is_shared=True))

    def changeable_by(self, user: User) -> Self:
        """One's own; who may share views looks after the shared ones as well."""
        mine = Q(owner=user)
        return self.filter(mine | Q(is_shared=True) if user.role in SHARERS else mine)
