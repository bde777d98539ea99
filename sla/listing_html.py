"""The parts of the list that are written out by hand, since a page of them by templates takes longer than the database.

The menus are the same for everybody who speaks a language: they are kept.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from leads.filter_kinds import escaped
from leads.models import CustomField
from people.templatetags.baton import icon
from sla import columns as showing
from sla import filters
from sla.ordering import FALLING_FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leads.filter_kinds import Asking
    from sla.columns import Column
    from sla.listing import Listing

Own = tuple[tuple[str, str, str], ...]


def heads_html(listing: Listing, columns: Iterable[Column], *, before: str) -> SafeString:
    """The heads of the columns: the address that orders by each, and how the list is ordered now."""
    return mark_safe("".join(_head(listing, column, before) for column in columns))  # noqa: S308 - every part is escaped


def _head(listing: Listing, column: Column, before: str) -> str:
    css, label = escaped(column.css), escaped(column.label)
    if not column.sort:
        return f'<th scope="col" class="{css}">{label}</th>'
    down, up = f"-{column.sort}", column.sort
    usual, other = (down, up) if column.sort in FALLING_FIRST else (up, down)
    url = escaped(before + listing.sorted_by(other if listing.sort == usual else usual))
    sorted_by, mark = {up: ("ascending", icon("chevron-up")), down: ("descending", icon("chevron-down"))}.get(
        listing.sort, ("", "")
    )
    told = f' aria-sort="{sorted_by}"' if sorted_by else ""
    return f'<th scope="col" class="{css}"{told}><a href="{url}">{label}{mark}</a></th>'


def rows_html(
    rows: Iterable[dict[str, Any]], columns: Sequence[Column], asking: Asking, *, before: str, after: str, ticks: bool
) -> SafeString:
    """The rows of the table; a lead's address is its id between ``before`` and ``after``."""
    who, *others = columns
    heads = [
        (f'<td class="{escaped(column.css)}" data-label="{escaped(column.label)}">', column.cell) for column in others
    ]
    return mark_safe(  # noqa: S308 - every part is escaped
        "".join(_row(row, who, heads, asking, escaped(before), escaped(after), ticks) for row in rows)
    )


def _row(
    row: dict[str, Any], who: Column, heads: list[tuple[str, Any]], asking: Asking, before: str, after: str, ticks: bool
) -> str:
    pk, name, job = row["pk"], escaped(who.cell(row, asking)), row["job_title"]
    tick = (
        f'<td class="lead-tick"><input class="form-check-input" type="checkbox" name="lead" value="{pk}" form="bulk"'
        f' aria-label="{name}"></td>'
        if ticks
        else ""
    )
    below = f'<div class="text-secondary small">{escaped(job)}</div>' if job else ""
    cells = "".join(f"{head}{escaped(cell(row, asking))}</td>" for head, cell in heads)
    return f'<tr>{tick}<td class="lead-who"><a href="{before}{pk}{after}">{name}</a>{below}</td>{cells}</tr>'


def own_of(fields: Iterable[CustomField]) -> Own:
    """Our own fields as what a kept menu depends on; retired ones are offered no more."""
    return tuple((field.key, field.name, field.kind) for field in fields if field.is_active)


def filter_menu(own: Own, shown: Iterable[str]) -> SafeString:
    """What “Add a filter” offers, by groups, without the filters that are shown already."""
    return _filter_menu(get_language(), own, tuple(shown))


def column_menu(own: Own, shown: Iterable[str]) -> SafeString:
    """A box to tick for every column."""
    return _column_menu(get_language(), own, tuple(shown))


@lru_cache(maxsize=256)
def _filter_menu(_language: str | None, own: Own, shown: tuple[str, ...]) -> SafeString:
    offered = [offer for offer in filters.offers(_fields(own)) if offer.name not in shown]
    groups = []
    for group, offers in groupby(offered, key=lambda offer: escaped(offer.group)):
        buttons = "".join(
            f'<button class="menu-item" type="submit" name="add" value="{escaped(offer.name)}">'
            f"{escaped(offer.label)}</button>"
            for offer in offers
        )
        groups.append(f'<div role="group" aria-label="{group}"><div class="nav-section">{group}</div>{buttons}</div>')
    return mark_safe("".join(groups))  # noqa: S308 - every part is escaped


@lru_cache(maxsize=256)
def _column_menu(_language: str | None, own: Own, shown: tuple[str, ...]) -> SafeString:
    boxes = (
        '<label class="form-check mb-1"><input class="form-check-input" type="checkbox" name="column"'
        f' value="{escaped(column.name)}"{" checked" if column.name in shown else ""}>'
        f'<span class="form-check-label">{escaped(column.label)}</span></label>'
        for column in showing.columns(_fields(own)).values()
    )
    return mark_safe("".join(boxes))  # noqa: S308 - every part is escaped


def _fields(own: Own) -> list[CustomField]:
    return [CustomField(key=key, name=name, kind=kind) for key, name, kind in own]
