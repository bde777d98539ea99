"""What each role may do: one table, asked by every view (domain rule 20).

A view names the capability it needs with ``@requires(...)``; which rows it then sees is the matter of the
``visible_to(user)`` querysets. Anonymous visitors are sent to sign in; a role that lacks the capability gets 403.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from people.models import Role

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from people.models import User


class Can(StrEnum):
    """The capabilities a view may ask for."""

    SIGN_IN = "sign in"
    WORK_INBOX = "work an inbox"
    SEE_LEADS = "see leads"
    CREATE_LEADS = "create leads"
    IMPORT_LEADS = "import lists of leads"
    EXPORT_LEADS = "export lists of leads"
    MERGE_LEADS = "merge duplicates"
    DELETE_LEADS = "delete leads"
    ERASE_PEOPLE = "hand out and erase what is held on a person"
    EDIT_FORMS = "edit forms and tracking"
    CONFIGURE = "edit stages, statuses, sources and other lists"
    MANAGE_API = "manage API keys and webhooks"
    LOG_ATTEMPTS = "log attempts"
    WRITE_NOTES = "write notes"
    SEE_BOARD = "see the SLA board"
    REASSIGN = "reassign leads"
    SEE_NOTICES = "see notices"
    SEE_SCORING = "see profiles, personas and scoring"
    EDIT_SCORING = "edit profiles, personas and scoring"
    SEE_POLICIES = "see policies, calendars and routing"
    EDIT_POLICIES = "edit policies, calendars and routing"
    EDIT_GLOSSARY = "edit the glossary"
    MANAGE_PEOPLE = "manage people and teams"
    SEE_SYSTEM = "see the system's state"


_SALES = {Role.SDR, Role.AE, Role.MANAGER}
_EVERYBODY = set(Role)

GRANTS: dict[Can, frozenset[Role]] = {
    can: frozenset(roles)
    for can, roles in {
        Can.SIGN_IN: _EVERYBODY,
        Can.WORK_INBOX: _SALES,
        Can.SEE_LEADS: _EVERYBODY,
        Can.CREATE_LEADS: {Role.SDR, Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR},
        Can.IMPORT_LEADS: {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR},
        Can.EXPORT_LEADS: {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR},
        Can.MERGE_LEADS: {Role.SDR, Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR},
        Can.DELETE_LEADS: {Role.ADMINISTRATOR},
        Can.ERASE_PEOPLE: {Role.ADMINISTRATOR},
        Can.EDIT_FORMS: {Role.MARKETER, Role.ADMINISTRATOR},
        Can.CONFIGURE: {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR},
        Can.MANAGE_API: {Role.ADMINISTRATOR},
        Can.LOG_ATTEMPTS: _SALES,
        Can.WRITE_NOTES: _SALES | {Role.MARKETER},
        Can.SEE_BOARD: {Role.MANAGER, Role.EXECUTIVE, Role.ADMINISTRATOR},
        Can.REASSIGN: {Role.MANAGER, Role.ADMINISTRATOR},
        Can.SEE_NOTICES: _EVERYBODY,
        Can.SEE_SCORING: _EVERYBODY,
        Can.EDIT_SCORING: {Role.MARKETER, Role.ADMINISTRATOR},
        Can.SEE_POLICIES: _EVERYBODY,
        Can.EDIT_POLICIES: {Role.MANAGER, Role.ADMINISTRATOR},
        Can.EDIT_GLOSSARY: {Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR},
        Can.MANAGE_PEOPLE: {Role.ADMINISTRATOR},
        Can.SEE_SYSTEM: {Role.MANAGER, Role.ADMINISTRATOR},
    }.items()
}


def may(user: User, can: Can) -> bool:
    """Whether this person's role grants the capability."""
    return user.is_active and user.role in GRANTS[can]


def signed_in(request: HttpRequest) -> User:
    """The user of a request that has passed ``requires`` (so never anonymous)."""
    return cast("User", request.user)


P = ParamSpec("P")
View = Callable[Concatenate["HttpRequest", P], "HttpResponseBase"]


def requires(can: Can) -> Callable[[View[P]], View[P]]:
    """Guard a view by a capability; ``view.requires`` tells the permission test which one."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not may(signed_in(request), can):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.requires = can  # type: ignore[attr-defined]  # read by tests/test_permissions.py
        return cast("View[P]", guarded)

    return guard


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in first, then back to the page on which one was.

    That is not always the address that was asked for: what a button sends to cannot be opened, and a part of a page
    that htmx asks for must not become the sign-in page.
    """
    here = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/"
    if request.method in {"GET", "HEAD"} and "HX-Request" not in request.headers:
        here = request.get_full_path()
    elif not url_has_allowed_host_and_scheme(here, {request.get_host()}, require_https=request.is_secure()):
        here = "/"
    response = redirect_to_login(here)
    return HttpResponseClientRedirect(response.url) if "HX-Request" in request.headers else response
