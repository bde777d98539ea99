"""Pages by key: the next fifty after a row, whatever was added or removed meanwhile, at the same cost on any page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE = 50
M = TypeVar("M", bound="Model | dict[str, Any]")


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """A page's rows, and the addresses of its neighbours (empty at either end)."""

    rows: list[M]
    next_url: str = ""
    previous_url: str = ""


def page(
    request: HttpRequest, rows: QuerySet[Any, M], *, by: str, descending: bool = False, size: int = PAGE
) -> Page[M]:
    """The page that ``?after=`` or ``?before=`` asks for, in the order of the field ``by`` and then the id.

    Answers 400 (BadRequest) when the address holds no such position.
    """
    back = bool(request.GET.get("before"))
    position = request.GET.get("before") or request.GET.get("after") or ""
    rising = descending == back
    if position:
        rows = rows.filter(_beyond(by, *_read(position, by), rising=rising))
    sign = "" if rising else "-"
    order = (f"{sign}pk",) if by == "pk" else (f"{sign}{by}", f"{sign}pk")
    found = list(rows.order_by(*order)[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    has_next, has_previous = (bool(position), more) if back else (more, bool(position))
    return Page(
        found,
        _url(request, "after", found[-1], by) if has_next and found else "",
        _url(request, "before", found[0], by) if has_previous and found else "",
    )


def address(request: HttpRequest, **changes: str) -> str:
    """This page's query with some parameters changed (an empty value removes one) and back on its first page."""
    query = request.GET.copy()
    for name, value in {"after": "", "before": "", **changes}.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def with_from(url: str, request: HttpRequest) -> str:
    """An address that keeps ``?from=``, the list in which the reader goes from one lead to the next."""
    came_from = request.GET.get("from", "")
    return f"{url}?{urlencode({'from': came_from})}" if came_from else url


def _beyond(by: str, value: datetime | int, pk: int, *, rising: bool) -> Q:
    """Rows past a position; the first, weaker condition is the one that an index can begin at."""
    op = "gt" if rising else "lt"
    if by == "pk":
        return Q(**{f"pk__{op}": pk})
    return Q(**{f"{by}__{op}e": value}) & (Q(**{f"{by}__{op}": value}) | Q(**{f"pk__{op}": pk}))


def _url(request: HttpRequest, direction: str, row: Any, by: str) -> str:
    value, pk = (row[by], row["pk"]) if isinstance(row, dict) else (getattr(row, by), row.pk)
    text = str(pk) if by == "pk" else f"{value.isoformat()}~{pk}"
    return address(request, **{direction: text})


def _read(position: str, by: str) -> tuple[datetime | int, int]:
    value, _tilde, pk = position.rpartition("~")
    try:
        number = int(pk)
        moment = number if by == "pk" else datetime.fromisoformat(value)
    except ValueError as error:
        raise BadRequest(_("There is no such page.")) from error
    if not 0 <= number < 2**63 or (isinstance(moment, datetime) and moment.tzinfo is None):
        raise BadRequest(_("There is no such page."))
    return moment, number
