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
    """An entry of the navigation: which page, and which capability shows it."""

    label: _StrPromise
    icon: str
    route: str
    can: Can


@dataclass(frozen=True, slots=True)
class NavigationItem:
    label: _StrPromise
    icon: str
    url: str
    active: bool


PLACES = (
    Place(_("Inbox"), "inbox", "inbox", Can.WORK_INBOX),
    Place(_("SLA board"), "layout-board", "board", Can.SEE_BOARD),
    Place(_("Leads"), "users", "lead-list", Can.SEE_LEADS),
    Place(_("Notices"), "bell", "notice-list", Can.SEE_NOTICES),
    Place(_("Profiles"), "building", "icp-list", Can.SEE_SCORING),
    Place(_("Personas"), "id-badge-2", "persona-list", Can.SEE_SCORING),
    Place(_("Scoring"), "chart-bar", "scoring-model", Can.SEE_SCORING),
    Place(_("Promises"), "clock-check", "policy-list", Can.SEE_POLICIES),
    Place(_("Routing"), "route", "routing-list", Can.SEE_POLICIES),
    Place(_("Calendars"), "calendar", "calendar-list", Can.SEE_POLICIES),
    Place(_("Glossary"), "book", "glossary", Can.SIGN_IN),
    Place(_("People"), "users-group", "person-list", Can.MANAGE_PEOPLE),
    Place(_("System"), "heartbeat", "system", Can.SEE_SYSTEM),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """``navigation``: the places this person may go, the current one marked."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"navigation": ()}
    places = [(place, reverse(place.route)) for place in PLACES if may(user, place.can)]
    # Of /scoring/ and /scoring/profiles/ the longer one is where the reader is.
    here = max((url for _place, url in places if request.path.startswith(url)), key=len, default="")
    return {"navigation": [NavigationItem(place.label, place.icon, url, url == here) for place, url in places]}
