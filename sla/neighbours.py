"""The lead before and after in the list that the reader came from: ``?from=`` on the page holds that list's query.

``from=inbox`` is the reader's inbox. A lead that the list no longer holds (its call is logged, its stage has moved)
still has a place in the order, so that one goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from people.keyset import position_of, walk
from people.permissions import Can, may
from sla.listing import Listing
from sla.models import Clock

if TYPE_CHECKING:
    from people.keyset import Position
    from people.models import User
    from sla.querysets import ClockQuerySet

INBOX = "inbox"
LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Addresses, empty where there is nobody; ``back_url`` leads to the list."""

    previous: str = ""
    next: str = ""
    back_url: str = ""


def neighbours(user: User, lead: Lead, query: str) -> Neighbours:
    """Who stands before and after this lead in the list of that query; nothing for a page one came to otherwise."""
    if query == INBOX and may(user, Can.WORK_INBOX):
        return _in_inbox(user, lead)
    return _in_list(user, lead, query.removeprefix("?")) if query and len(query) <= LONGEST else Neighbours()


def _in_inbox(user: User, lead: Lead) -> Neighbours:
    here = Clock.objects.filter(lead=lead).order_by("-pk").values_list("due_at", "pk").first()
    waiting = Clock.objects.for_inbox(user).exclude(lead=lead)
    if here is None:
        return Neighbours(next=_url(_first(waiting), INBOX), back_url=reverse("inbox"))
    due_at, pk = here
    after = waiting.filter(Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=pk))
    before = waiting.filter(Q(due_at__lt=due_at) | Q(due_at=due_at, pk__lt=pk)).order_by("-due_at", "-pk")
    return Neighbours(_url(_first(before), INBOX), _url(_first(after), INBOX), reverse("inbox"))


def _first(clocks: ClockQuerySet) -> int | None:
    return clocks.values_list("lead_id", flat=True).first()


def _in_list(user: User, lead: Lead, query: str) -> Neighbours:
    listing = Listing(QueryDict(query), user, timezone.now())
    back = reverse("lead-list") + (f"?{listing.query}" if listing.query else "")
    if listing.gone or not listing.filter.form.is_valid():
        return Neighbours(back_url=back)
    at = position_of(Lead.objects.all(), listing.order, lead.pk)
    if at is None:
        return Neighbours(back_url=back)
    previous, following = (_beyond(listing, at, back=way) for way in (True, False))
    return Neighbours(_url(previous, query), _url(following, query), back)


def _beyond(listing: Listing, at: Position, *, back: bool) -> int | None:
    """One step along the index of the list's order; its place in the list is not asked for, which takes hundreds."""
    rows: Any = listing.leads.values("pk")
    found = next(iter(walk(rows, listing.order, at, back=back, limit=1)), None)
    return found[1]["pk"] if found is not None else None


def _url(pk: int | None, query: str) -> str:
    return f"{reverse('lead-detail', args=[pk])}?{urlencode({'from': query})}" if pk is not None else ""
