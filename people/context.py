"""The navigation of each role, for ``templates/base.html``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from people.models import User
from people.permissions import Can, may

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: which page, and which capability shows it; ``also`` are pages that belong to it."""

    label: _StrPromise
    icon: str
    route: str
    can: Can
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """``section`` is the heading above it, where it is the first of one that this person sees."""

    label: _StrPromise
    icon: str
    url: str
    active: bool
    section: _StrPromise | str


SECTIONS: tuple[tuple[_StrPromise | str, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place(_("Inbox"), "inbox", "inbox", Can.WORK_INBOX),
            Place(_("SLA board"), "layout-board", "board", Can.SEE_BOARD),
            Place(_("Notices"), "bell", "notice-list", Can.SEE_NOTICES),
        ),
    ),
    (
        _("Leads"),
        (
            Place(_("Leads"), "users", "lead-list", Can.SEE_LEADS),
            Place(_("Forms"), "clipboard-list", "capture-list", Can.EDIT_FORMS),
            Place(_("Duplicates"), "git-merge", "duplicate-list", Can.MERGE_LEADS, ("company-duplicate-list",)),
            Place(_("Imports"), "file-import", "import-list", Can.IMPORT_LEADS),
        ),
    ),
    (
        _("The agreement"),
        (
            Place(_("Profiles"), "building", "icp-list", Can.SEE_SCORING),
            Place(_("Personas"), "id-badge-2", "persona-list", Can.SEE_SCORING),
            Place(_("Scoring"), "chart-bar", "scoring-model", Can.SEE_SCORING),
            Place(_("Promises"), "clock-check", "policy-list", Can.SEE_POLICIES),
            Place(_("Routing"), "route", "routing-list", Can.SEE_POLICIES),
            Place(_("Calendars"), "calendar", "calendar-list", Can.SEE_POLICIES),
            Place(_("Glossary"), "book", "glossary", Can.SIGN_IN),
        ),
    ),
    (
        _("Settings"),
        (
            Place(_("Stages and lists"), "list-check", "lists", Can.CONFIGURE),
            Place(_("People"), "users-group", "person-list", Can.MANAGE_PEOPLE),
            Place(_("API keys"), "key", "api-key-list", Can.MANAGE_API),
            Place(_("Webhooks"), "send", "webhook-list", Can.MANAGE_API),
            Place(_("Privacy"), "shield-check", "privacy", Can.ERASE_PEOPLE),
            Place(_("Tracking"), "world-www", "site-list", Can.EDIT_FORMS),
            Place(_("System"), "heartbeat", "system", Can.SEE_SYSTEM),
        ),
    ),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """``navigation``: the places this person may go, the current one marked."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"navigation": ()}
    seen = [(section, [place for place in places if may(user, place.can)]) for section, places in SECTIONS]
    there = [place for _section, places in seen for place in places]
    urls = {reverse(route): place for place in there for route in (place.route, *place.also)}
    # Of /scoring/ and /scoring/profiles/ the longer one is where the reader is.
    here = urls.get(max((url for url in urls if request.path.startswith(url)), key=len, default=""))
    return {
        "navigation": [
            NavigationItem(place.label, place.icon, reverse(place.route), place is here, "" if n else section)
            for section, places in seen
            for n, place in enumerate(places)
        ]
    }
