"""Who asks: a key in ``Authorization: Bearer`` or ``X-Api-Key``, what it may do, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import APIKeyHeader, HttpBearer

from leads.api.errors import Refused
from leads.limits import Limit
from leads.services.api_keys import key_of, note_use

if TYPE_CHECKING:
    from django.http import HttpRequest

    from leads.models import ApiKey, Scope

MINUTE = 60


class Bearer(HttpBearer):
    """``Authorization: Bearer bt_…``"""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:  # noqa: ARG002 - ninja's signature
        return admitted(token.strip(), self.scope)


class Header(APIKeyHeader):
    """``X-Api-Key: bt_…``"""

    param_name = "X-Api-Key"

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey | None:  # noqa: ARG002 - ninja's signature
        return admitted(key.strip(), self.scope) if key else None


def requires_scope(scope: Scope) -> list[Bearer | Header]:
    return [Bearer(scope), Header(scope)]


def admitted(secret: str, scope: Scope) -> ApiKey | None:
    """The key, or nothing (401). Raises Refused: 403 names the scope that is missing, 429 says when to come back."""
    key = key_of(secret)
    if key is None:
        return None
    note_use(key=key, now=timezone.now())
    wait = Limit("api", key.per_minute, MINUTE).wait(str(key.pk), timezone.now())
    if wait:
        message = _("More than %(n)d requests a minute.") % {"n": key.per_minute}
        raise Refused(429, message, headers={"Retry-After": str(wait)})
    if scope not in key.scopes:
        raise Refused(403, _("This key lacks the scope %(scope)s.") % {"scope": str(scope)})
    return key
