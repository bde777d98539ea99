"""Pages by key: the next fifty after a row, whatever was added or removed meanwhile, at the same cost on any page.

An order is made of parts that stand one after the other, each in the order of a key that has an index, and then of the
id. So rows whose key is empty have a part of their own, and a handful of values (stages) are a part each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Case, F, IntegerField, Model, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict

PAGE = 50
MOST_TEXT = 200
M = TypeVar("M", bound="Model | dict[str, Any]")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")
_ID = re.compile(r"[0-9]{1,19}")


class Kind(Enum):
    """How the values of a key are written into an address and read back."""

    MOMENT = "moment"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that ``where`` holds for, by ``key`` (a field, also of a joined row) and then the id."""

    key: str = "pk"
    kind: Kind = Kind.MOMENT
    descending: bool = False
    where: Q | None = None

    def rows(self, rows: QuerySet[Any, M], at: Position | None, *, back: bool) -> QuerySet[Any, M]:
        """Its rows, beyond a position where one is told, in its order or (``back``) the other way round."""
        rising = self.descending == back
        if self.where is not None:
            rows = rows.filter(self.where)
        if at is not None:
            rows = rows.filter(_beyond(self.key, at, rising=rising))
        sign = "" if rising else "-"
        return rows.order_by(f"{sign}pk") if self.key == "pk" else rows.order_by(f"{sign}{self.key}", f"{sign}pk")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a row stands in an order."""

    part: int
    pk: int
    value: Any = None

    def text(self, order: Sequence[Part]) -> str:
        key, text = order[self.part].key, str(self.pk)
        if key != "pk":
            text = f"{self.value.isoformat() if isinstance(self.value, datetime) else self.value}~{text}"
        return f"{self.part}.{text}" if len(order) > 1 else text


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """A page's rows, and the addresses of its neighbours (empty at either end).

    ``is_full``: it holds all that there is room for, and there was one more.
    """

    rows: list[M]
    next_url: str = ""
    previous_url: str = ""
    is_full: bool = False


def page(
    request: HttpRequest, rows: QuerySet[Any, M], *, by: str, descending: bool = False, size: int = PAGE
) -> Page[M]:
    """The page that ``?after=`` or ``?before=`` asks for, in the order of the moment ``by`` and then the id.

    Answers 400 (BadRequest) when the address holds no such position.
    """
    return page_of(request, rows, [Part(by, descending=descending)], size=size)


def page_of(request: HttpRequest, rows: QuerySet[Any, M], order: Sequence[Part], *, size: int = PAGE) -> Page[M]:
    """The same in an order of several parts; rows that are dictionaries hold the keys that they are ordered by."""
    start, back = start_of(request.GET, order)
    found = list(walk(rows, order, start, back=back, limit=size + 1))
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    has_next, has_previous = (start is not None, more) if back else (more, start is not None)
    return Page(
        [row for _part, row in found],
        address(request, after=_position(*found[-1], order).text(order)) if has_next and found else "",
        address(request, before=_position(*found[0], order).text(order)) if has_previous and found else "",
        more,
    )


def start_of(data: QueryDict, order: Sequence[Part]) -> tuple[Position | None, bool]:
    """The position that an address begins at, if any, and whether it goes back from there."""
    before, after = data.get("before"), data.get("after")
    return (read(before or after or "", order) if before or after else None), bool(before)


def walk(
    rows: QuerySet[Any, M], order: Sequence[Part], start: Position | None, *, back: bool, limit: int
) -> Iterator[tuple[int, M]]:
    """The rows beyond a position, with the number of their part: a query for each part until there are enough."""
    for number in reversed(range(len(order))) if back else range(len(order)):
        if limit <= 0:
            return
        if start is not None and (number > start.part if back else number < start.part):
            continue
        at = start if start is not None and start.part == number else None
        for row in order[number].rows(rows, at, back=back)[:limit]:
            limit -= 1
            yield number, row


def position_of(rows: QuerySet[Any, Any], order: Sequence[Part], pk: int) -> Position | None:
    """Where a row stands, in one query; None when it is not there."""
    whens = [When(part.where, then=Value(number)) for number, part in enumerate(order) if part.where is not None]
    keys = {f"key_{number}": F(part.key) for number, part in enumerate(order)}
    found = rows.filter(pk=pk).order_by().values(part=Case(*whens, default=0, output_field=IntegerField()), **keys)
    row = found.first()
    if row is None:
        return None
    number = row["part"]
    return Position(number, pk, None if order[number].key == "pk" else row[f"key_{number}"])


def address(request: HttpRequest, **changes: str) -> str:
    """This page's query with some parameters changed (an empty value removes one) and back on its first page."""
    return address_of(request.GET, **{"after": "", "before": "", **changes})


def address_of(data: QueryDict, **changes: str) -> str:
    """A query with some parameters changed; an empty value removes one, and those that say nothing go as well."""
    query = data.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]
    return f"?{query.urlencode()}"


def with_from(url: str, request: HttpRequest) -> str:
    """An address that keeps ``?from=``, the list in which the reader goes from one lead to the next."""
    came_from = request.GET.get("from", "")
    return f"{url}?{urlencode({'from': came_from})}" if came_from else url


def read(position: str, order: Sequence[Part]) -> Position:
    """A position as it stands in an address. Raises BadRequest where it is none of this order."""
    number, rest = 0, position
    if len(order) > 1:
        part, _dot, rest = position.partition(".")
        number = int(part) if part.isascii() and part.isdigit() and len(part) < 4 else len(order)
    value, _tilde, pk = rest.rpartition("~")
    if number >= len(order) or not _ID.fullmatch(pk) or int(pk) >= 2**63:
        raise BadRequest(_("There is no such page."))
    return Position(number, int(pk), None if order[number].key == "pk" else _value(value, order[number].kind))


def _value(text: str, kind: Kind) -> datetime | Decimal | str:
    if kind is Kind.NUMBER and _NUMBER.fullmatch(text):
        return Decimal(text)
    if kind is Kind.TEXT and len(text) <= MOST_TEXT and "\x00" not in text:
        return text
    if kind is Kind.MOMENT:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = datetime.min  # noqa: DTZ901 - without a zone, so that it is refused below
        if moment.tzinfo is not None:
            return moment
    raise BadRequest(_("There is no such page."))


def _beyond(by: str, at: Position, *, rising: bool) -> Q:
    """Rows past a position; the first, weaker condition is the one that an index can begin at."""
    op = "gt" if rising else "lt"
    if by == "pk":
        return Q(**{f"pk__{op}": at.pk})
    return Q(**{f"{by}__{op}e": at.value}) & (Q(**{f"{by}__{op}": at.value}) | Q(**{f"pk__{op}": at.pk}))


def _position(number: int, row: Any, order: Sequence[Part]) -> Position:
    key = order[number].key
    if isinstance(row, dict):
        return Position(number, row["pk"], None if key == "pk" else row[key])
    if key == "pk":
        return Position(number, row.pk)
    value = row
    for name in key.split("__"):
        value = getattr(value, name)
    return Position(number, row.pk, value)
