"""What people see while PostgreSQL is away: at once a page that says so and tries again by itself, not an error.

Django calls ``answer`` for every exception that nobody caught (``handler500``). The middleware keeps further requests
from waiting for the pool as well: threads that all wait would leave nobody to answer /healthz.
"""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from config import health

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

RETRY_SECONDS = 5
# For so long after a request that met nobody, others are not let through to wait for the same.
PAUSE_SECONDS = 2.0
# The server is shutting down, crashed, starting up, or has no connection left; 08… are broken connections.
AWAY = {"57P01", "57P02", "57P03", "53300"}
# Asked in trouble above all, so they ask nobody who the reader is.
PROBES = {"/healthz": health.healthz, "/readyz": health.readyz}


class Unavailable(HttpResponse):
    """503, with the page that tries again."""

    def __init__(self, request: HttpRequest) -> None:
        context = {"retry": RETRY_SECONDS if request.method in {"GET", "HEAD"} else 0}
        headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
        super().__init__(render_to_string("503.html", context), status=503, headers=headers)


class OutageMiddleware:
    """Outside of everything that reads the database; one per process, so each finds out for itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.away_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if probe := PROBES.get(request.path_info):
            return probe(request)
        if monotonic() < self.away_until:
            return Unavailable(request)
        response = self.get_response(request)
        if isinstance(response, Unavailable):
            self.away_until = monotonic() + PAUSE_SECONDS
        return response


def answer(request: HttpRequest) -> HttpResponse:
    """To a request that ended in an exception: whether the database was away, or the program is wrong."""
    return Unavailable(request) if is_outage(sys.exception()) else server_error(request)


def is_outage(error: BaseException | None) -> bool:
    """A database that does not answer. A deadlock or a cancelled statement is none, though of the same class."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return state is None or state.startswith("08") or state in AWAY
