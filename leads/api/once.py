"""What every write has in common: one transaction, a name in the history, and ``Idempotency-Key``."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

import pghistory
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.responses import Status

from leads.api.errors import Refused
from leads.services import answers

if TYPE_CHECKING:
    from django.http import HttpRequest

    from leads.models import ApiKey

HEADER = "Idempotency-Key"
ALLOWED = re.compile(r"[\x21-\x7e]{1,200}")
DOCUMENTED = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "The same key with the same request gets the stored answer, for 24 hours.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        }
    ]
}

P = ParamSpec("P")
Write = Callable[Concatenate["HttpRequest", P], Status[Any]]


def once(write: Write[P]) -> Write[P]:
    """Run a write in one transaction, whose history names the key; asked twice under one key, do it once."""

    @wraps(write)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> Status[Any]:
        api_key: ApiKey = request.auth  # type: ignore[attr-defined]  # set by ninja once the key was admitted
        with pghistory.context(api_key=api_key.name, api_key_id=api_key.pk), transaction.atomic():
            key = request.headers.get(HEADER)
            if key is None:
                return write(request, *args, **kwargs)
            earlier = _claim(request, api_key, key)
            if earlier is not None:
                return earlier
            done = write(request, *args, **kwargs)
            answers.keep(api_key=api_key, key=key, status=done.status_code, body=done.value)
            return done

    # Ninja would look for the names of its parameters' types in this module.
    wrapped.__signature__ = inspect.signature(write, eval_str=True)  # type: ignore[attr-defined]  # functions take any attribute
    return cast("Write[P]", wrapped)


def _claim(request: HttpRequest, api_key: ApiKey, key: str) -> Status[Any] | None:
    """The answer given before, if the key was used for just this request."""
    if not ALLOWED.fullmatch(key):
        raise Refused(422, _("Up to 200 letters, digits and signs, no blanks."), field=HEADER)
    fingerprint = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
    try:
        kept = answers.claim(api_key=api_key, key=key, fingerprint=fingerprint, now=timezone.now())
    except answers.OtherRequestError as error:
        raise Refused(422, _("This key was used for another request."), field=HEADER) from error
    return Status(kept.status or 200, kept.body) if kept is not None else None
