"""Pages of leads by key, newest first: the same cost on any page, whatever was added meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import BadRequest
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import QueryDict

    from leads.models import Lead
    from leads.querysets import LeadQuerySet

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Lead]
    previous_url: str
    next_url: str


def page_of(leads: LeadQuerySet, query: QueryDict) -> Page:
    """The fifty leads after or before the one that the address names. Raises BadRequest for an id that is none."""
    before, after = _position(query, "before"), _position(query, "after")
    if before:
        found = list(leads.filter(pk__gt=before).order_by("pk")[: PAGE + 1])
        rows, has_previous, has_next = found[:PAGE][::-1], len(found) > PAGE, True
    else:
        narrowed = leads.filter(pk__lt=after) if after else leads
        found = list(narrowed.order_by("-pk")[: PAGE + 1])
        rows, has_previous, has_next = found[:PAGE], bool(after), len(found) > PAGE
    return Page(
        rows,
        _url(query, "before", rows[0]) if rows and has_previous else "",
        _url(query, "after", rows[-1]) if rows and has_next else "",
    )


def _position(query: QueryDict, name: str) -> int:
    text = query.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRequest(_("There is no such page."))
    return int(text)


def _url(query: QueryDict, name: str, lead: Lead) -> str:
    changed = query.copy()
    for old in ("before", "after"):
        changed.pop(old, None)
    changed[name] = str(lead.pk)
    return f"?{changed.urlencode()}"
