"""A page of what somebody searches for, while they type: quick whatever they have typed so far.

How many leads a beginning is shared by, and where in the list they stand, no statistics know. So the ways that are
quick are tried first, each as far as it is quick; every way finds the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from people.keyset import page_of, start_of
from sla.ordering import NEWEST

if TYPE_CHECKING:
    from django.http import HttpRequest

    from leads.finding import Search
    from leads.querysets import LeadQuerySet
    from people.keyset import Page
    from sla.ordering import Parts

# How far to walk along the newest leads, and how many leads to take from the index by their ids.
FAR, MANY = 20_000, 2_000
Values = list[str]


def searched_page(request: HttpRequest, rows: LeadQuerySet, order: Parts, search: Search, values: Values) -> Page[Any]:
    """The page that an address asks for, of the rows that are like this as well."""
    if order == NEWEST:
        return _newest(request, rows, search, values)
    if search.is_everywhere:
        return page_of(request, search.walk(rows).values(*values), order)
    ids = list(search.ids()[: MANY + 1])
    found = rows.filter(pk__in=ids) if len(ids) <= MANY else search.walk(rows)
    return page_of(request, found.values(*values), order)


def _newest(request: HttpRequest, rows: LeadQuerySet, search: Search, values: Values) -> Page[Any]:
    """The newest first: a short walk where that probably fills the page, then by the ids that the index knows."""
    start, back = start_of(request.GET, NEWEST)
    at = start.pk if start else search.sample.newest + 1
    if search.is_usual:
        near = rows.filter(pk__lt=at + FAR) if back else rows.filter(pk__gte=at - FAR)
        page = page_of(request, search.walk(near).values(*values), NEWEST)
        if page.is_full:
            return page
    if not search.terms:
        return page_of(request, search.narrow(rows).values(*values), NEWEST)
    beyond = {"pk__gt" if back else "pk__lt": at} if start else {}
    ids = list(search.ids().filter(**beyond).order_by("pk" if back else "-pk")[: MANY + 1])
    page = page_of(request, rows.filter(pk__in=ids).values(*values), NEWEST)
    is_all = len(ids) <= MANY or page.is_full
    return page if is_all else page_of(request, search.narrow(rows).values(*values), NEWEST)
