"""Named questions about many leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from people.models import User

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from leads.models import (
        ApiKey,
        ChangedLead,
        Company,
        CompanyMerge,
        CompanyPair,
        DuplicatePair,
        Lead,
        Merge,
        SavedView,
        WebhookDelivery,
        WebhookEndpoint,
    )
    from people.querysets import UserQuerySet


SHARERS = frozenset({"marketer", "manager", "administrator"})
SEE_ALL = frozenset({"marketer", "executive", "administrator"})


def listed_owners(user: User) -> UserQuerySet:
    """The people whose leads the list shows somebody who does not see all leads."""
    people: UserQuerySet = User.objects.order_by()
    if user.role == "manager":
        return people.filter(Q(pk=user.pk) | Q(team__manager=user) | Q(reports_to=user))
    return people.filter(Q(pk=user.pk) | Q(team__isnull=False, team=user.team_id))


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: User) -> Self:
        """The leads a person may see (domain rule 20).

        SDRs and AEs see their own and those of their team; a manager sees what their teams and reports own, and what
        nobody owns yet; marketers, executives and administrators see all.
        """
        if user.role in SEE_ALL:
            return self
        if user.role == "manager":
            return self.filter(
                Q(owner__isnull=True) | Q(owner=user) | Q(owner__team__manager=user) | Q(owner__reports_to=user)
            )
        mine = Q(owner=user)
        if user.team_id is not None:
            mine |= Q(owner__team=user.team_id)
        return self.filter(mine)

    def living(self) -> Self:
        """Without those who were erased: what is left of them counts, and nobody works it."""
        return self.filter(erased_at__isnull=True)

    def mailable(self) -> Self:
        """Those who may be mailed now: what a sender takes, and nobody else (see ``leads.services.consent``)."""
        agreed = ["granted", "unknown"] if settings.BATON_MAIL_WITHOUT_CONSENT else ["granted"]
        reachable = self.living().filter(status__is_closed=False).exclude(email="")
        return reachable.filter(consent__in=agreed, do_not_email=False)

    def callable_(self) -> Self:
        """Those who may be called now."""
        return self.living().filter(status__is_closed=False, do_not_call=False).exclude(phone="")

    def listed_for(self, user: User, *, erased: bool = False, owners: Collection[int] | None = None) -> Self:
        """The same leads as ``visible_to``, for the pages of a long list: without erased people, or those alone.

        By the people whose leads they are (``listed_owners``, where somebody has asked for them already): they are
        asked for first and named by id, so that the planner knows whether they have many of a million leads or few,
        and does not walk through all of them, newest first, to find a small team's.
        """
        leads = self.filter(erased_at__isnull=not erased)
        if user.role in SEE_ALL:
            return leads
        mine = Q(owner__in=set(listed_owners(user).values_list("pk", flat=True)) if owners is None else owners)
        return leads.filter(mine | Q(owner__isnull=True) if user.role == "manager" else mine)

    def workable_by(self, user: User) -> Self:
        """The leads a person may act on (log attempts): their own, and for a manager those of their people."""
        if user.role == "manager":
            return self.living().visible_to(user)
        if user.role in {"sdr", "ae"}:
            return self.living().filter(owner=user)
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


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def valid(self) -> Self:
        return self.filter(revoked_at__isnull=True)


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def waiting(self, now: datetime) -> Self:
        """Those switched on, not left alone for a while, that have messages due."""
        from leads.models import WebhookDelivery  # it imports this module

        due = WebhookDelivery.objects.due(now).filter(endpoint=OuterRef("pk"))
        awake = Q(quiet_until__isnull=True) | Q(quiet_until__lte=now)
        return self.filter(awake, Exists(due), is_active=True)

    def hearing(self, *kinds: str) -> Self:
        """Those switched on that want to hear of one of these kinds."""
        return self.filter(is_active=True, kinds__overlap=list(kinds))


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self, now: datetime) -> Self:
        """Waiting, or claimed by a worker that must have died."""
        free = Q(state="pending") | Q(claimed_until__lte=now)
        return self.filter(free, state__in=["pending", "sending"], next_try_at__lte=now)


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    def open(self) -> Self:
        """Proposed, and not said to be two people."""
        return self.filter(dismissed_at__isnull=True)

    def of(self, lead: Lead) -> Self:
        return self.filter(Q(low=lead) | Q(high=lead))

    def visible_to(self, user: User) -> Self:
        """Pairs of which this person may see both leads; the same as ``LeadQuerySet.listed_for`` asked twice."""
        if user.role in SEE_ALL:
            return self
        from leads.models import Lead  # they import this module

        leads = Lead.objects.listed_for(user).order_by().values("pk")
        return self.filter(low__in=leads, high__in=leads)


class CompanyPairQuerySet(models.QuerySet["CompanyPair"]):
    def open(self) -> Self:
        return self.filter(dismissed_at__isnull=True)

    def of(self, company: Company) -> Self:
        return self.filter(Q(low=company) | Q(high=company))


class MergeQuerySet(models.QuerySet["Merge"]):
    def standing(self) -> Self:
        """Merges that were not undone."""
        return self.filter(undone_at__isnull=True)


class CompanyMergeQuerySet(models.QuerySet["CompanyMerge"]):
    def standing(self) -> Self:
        return self.filter(undone_at__isnull=True)


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """One's own, and the shared ones."""
        return self.filter(Q(owner=user) | Q(is_shared=True))

    def changeable_by(self, user: User) -> Self:
        """One's own; who may share views looks after the shared ones as well."""
        mine = Q(owner=user)
        return self.filter(mine | Q(is_shared=True) if user.role in SHARERS else mine)
