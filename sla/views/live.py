"""Answers for static/js/live.js: the inside of a list, or 304 while its version is the one the page has."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.http import HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_cache_control

from people.permissions import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def etag_of(request: HttpRequest, *version: Any, query: str | None = None) -> str:
    """Whose list, in which words and zone, with which filters, and the version of its rows (JSON values).

    The filters are those of the request, unless the ``query`` that matters is told.
    """
    user = signed_in(request)
    parts = [user.pk, user.language, user.time_zone, request.GET.urlencode() if query is None else query, *version]
    return f'"{hashlib.blake2b(json.dumps(parts, default=str).encode(), digest_size=12).hexdigest()}"'


def unchanged(request: HttpRequest, etag: str) -> HttpResponse | None:
    """A 304 when the page has this version already; ask before the rows are loaded."""
    answer = get_conditional_response(request, etag=etag)
    return answer if isinstance(answer, HttpResponseNotModified) else None


def changed(request: HttpRequest, template: str, context: dict[str, Any], etag: str) -> HttpResponse:
    response = render(request, template, context)
    response.headers["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response
