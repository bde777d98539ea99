"""The list of leads as an address describes it: its filters, its order, and what of it is in force.

The page, the count, bulk acts, the export and “next” on a lead's page all read an address here, and so mean the same.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from django.core.exceptions import BadRequest
from django.db.models import Case, F, IntegerField, Value, When
from django.http import QueryDict
from django.utils.translation import gettext as _

from leads.filter_kinds import Asking, said
from leads.filters import USUAL, LeadFilter, named_in
from leads.finding import search_of
from leads.models import CustomField, Lead
from people.keyset import address_of, page_of, position_of, walk
from sla.filters import offers
from sla.ordering import parts_of
from sla.searching import searched_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.http import HttpRequest

    from leads.filter_kinds import Offer
    from leads.finding import Search
    from leads.frame import Frame
    from leads.querysets import LeadQuerySet
    from people.keyset import Page, Part
    from people.models import User

# What an address may say besides its filters.
BESIDES = frozenset({"erased", "sort", "view", "add", "after", "before", "from", "lead", "all", "query", "act"})
COUNTED, PLACED = 10_000, 200
MOST_ID = 2**63 - 1


class Chip(NamedTuple):
    """A filter in force, in words, and the address without it."""

    label: object
    value: str
    url: str
    is_wrong: bool

    @property
    def text(self) -> str:
        return f"{self.label}: {self.value}" if self.value else str(self.label)


class Neighbours(NamedTuple):
    """The leads before and after one in a list; ``place`` counts from 1, as far as it is quick to count."""

    previous: int | None
    next: int | None
    place: int | None


class Listing:
    """What one person's list is, by its address."""

    def __init__(
        self, data: QueryDict, user: User, now: datetime, *, whole: bool = False, frame: Frame | None = None
    ) -> None:
        """``whole``: with the controls that are always in view, not only the filters in force.

        ``frame``: where it is about to be shown, the names of stages and owners and what else it has asked for.
        """
        self.data, self.user = data, user
        self.search: Search | None = None
        self.asking = Asking(user, now, dict(frame.names) if frame else {}, self._find)
        self.custom: Sequence[CustomField] = frame.custom if frame else list(CustomField.objects.all())
        self.whose = frame.whose if frame else None
        self.offers = offers(self.custom)
        every = (*USUAL, *self.offers)
        self.in_force = named_in(data, every)
        added = [offer for offer in self.offers if offer.name in data.getlist("add")]
        self.made: list[Offer] = list(dict.fromkeys([*(USUAL if whole else ()), *self.in_force, *added]))
        known = _parameters(every) if data else set()
        self.gone = [name for name in data if data[name] and name not in BESIDES and name not in known]
        self.sort = data.get("sort", "")
        self.order = parts_of(self.sort, self.asking.known.get("stage", ()))

    @cached_property
    def filter(self) -> LeadFilter:
        leads = Lead.objects.listed_for(self.user, erased=self.is_of_erased, owners=self.whose)
        return LeadFilter(self.data, queryset=leads, offers=self.made, asking=self.asking)

    def _find(self, leads: Any, typed: str) -> Any:
        """Searched for in the end, when it is clear whether a page of them is asked for or all."""
        self.search = search_of(typed)
        return leads

    @cached_property
    def _filtered(self) -> LeadQuerySet:
        """By all but the search; none where its address cannot be read as a whole."""
        found: LeadQuerySet = Lead.objects.none() if self.gone else self.filter.qs
        return found.order_by()

    @cached_property
    def leads(self) -> LeadQuerySet:
        """The leads it finds, in no order."""
        filtered = self._filtered
        return self.search.narrow(filtered) if self.search else filtered

    @property
    def is_of_erased(self) -> bool:
        """``?erased=yes``: what is left of people who were erased, and of nobody else."""
        return self.data.get("erased") == "yes"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.in_force or self.gone or self.is_of_erased)

    @cached_property
    def query(self) -> str:
        """Its filters and its order, without where one is in it: what is saved, and what a lead's link carries."""
        return address_of(self.data, after="", before="", add="", view="")[1:]

    @property
    def origin(self) -> str:
        """The same as one value of another address."""
        return quote(address_of(self.data, after="", before="", add="")[1:], safe="")

    def sorted_by(self, sort: str) -> str:
        """The address of the same list in another order, on its first page."""
        return f"{self._unsorted}{'&' if len(self._unsorted) > 1 else ''}sort={sort}"

    @cached_property
    def _unsorted(self) -> str:
        return address_of(self.data, after="", before="", add="", sort="")

    def page(self, request: HttpRequest, needs: Iterable[str]) -> Page[dict[str, Any]]:
        """A page of its leads as dictionaries, with the keys they are ordered by."""
        values = list(dict.fromkeys(["pk", *needs, *(part.key for part in self.order)]))
        filtered = self._filtered
        if self.search:
            return searched_page(request, filtered, self.order, self.search, values)
        return page_of(request, filtered.values(*values), self.order)

    def count(self) -> tuple[int, bool]:
        """How many leads it finds, exactly up to a point; and whether there are more."""
        found = self.leads[: COUNTED + 1].count()
        return min(found, COUNTED), found > COUNTED

    def chips(self) -> list[Chip]:
        form = self.filter.form
        form.is_valid()
        shown = [
            Chip(
                offer.label,
                _("makes no sense") if offer.name in form.errors else self._said(form, offer),
                address_of(self.data, after="", before="", **dict.fromkeys(offer.parameters, "")),
                offer.name in form.errors,
            )
            for offer in self.in_force
        ]
        gone = [Chip(name, _("is gone"), address_of(self.data, **{name: ""}), is_wrong=True) for name in self.gone]
        if self.is_of_erased:
            gone.append(Chip(_("Erased people"), _("yes"), address_of(self.data, erased=""), is_wrong=False))
        return shown + gone

    @staticmethod
    def _said(form: Any, offer: Offer) -> str:
        value = form.cleaned_data[offer.name]
        return said(form[offer.name], value) if offer.name != "q" else f"“{value}”"

    def ordered(self) -> LeadQuerySet:
        """Its leads as one queryset, in exactly the order of the pages."""
        return self.leads.order_by(*_ordering(self.order))

    def neighbours(self, pk: int) -> Neighbours:
        """The leads before and after one, though it may have left the list since; two queries along the index."""
        at = position_of(Lead.objects.all(), self.order, pk)
        if at is None:
            return Neighbours(None, None, None)
        rows: Any = self.leads.values("pk")
        after = [row["pk"] for _part, row in walk(rows, self.order, at, back=False, limit=1)]
        before = [row["pk"] for _part, row in walk(rows, self.order, at, back=True, limit=PLACED)]
        return Neighbours(
            before[0] if before else None,
            after[0] if after else None,
            len(before) + 1 if len(before) < PLACED else None,
        )


def chosen_of(data: QueryDict, user: User, now: datetime) -> Listing:
    """The leads that a form of the list is about: the ones ticked, or (``all``) what the list in ``query`` finds."""
    if data.get("all"):
        return Listing(QueryDict(data.get("query", "")), user, now)
    listing = Listing(QueryDict(data.get("query", "")), user, now)
    listing.leads = Lead.objects.visible_to(user).filter(pk__in=ticked(data)).order_by()
    return listing


def ticked(data: QueryDict) -> list[int]:
    """The ids of the leads that were ticked. Raises BadRequest where one is none."""
    given = data.getlist("lead")
    if not all(one.isascii() and one.isdigit() and len(one) < 20 and int(one) <= MOST_ID for one in given):
        raise BadRequest(_("There is no such lead."))
    return [int(one) for one in given]


def _parameters(every: Iterable[Offer]) -> set[str]:
    return {name for offer in every for name in offer.parameters}


def _ordering(order: tuple[Part, ...]) -> list[Any]:
    if len(order) == 1:
        sign = "-" if order[0].descending else ""
        return [f"{sign}pk"] if order[0].key == "pk" else [f"{sign}{order[0].key}", f"{sign}pk"]
    number = Case(*(When(part.where, then=Value(n)) for n, part in enumerate(order)), output_field=IntegerField())
    ordering: list[Any] = [number]
    for part in order:
        for key in dict.fromkeys((part.key, "pk")):
            value = Case(When(part.where, then=F(key)))
            ordering.append(value.desc(nulls_last=True) if part.descending else value.asc(nulls_last=True))
    return ordering
