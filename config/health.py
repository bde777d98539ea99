"""Two answers for whoever watches the process: that it lives, and that the whole of Baton works.

Neither asks for sign-in nor touches a session. Connections are made anew, because one that was opened before the
server went away proves nothing; on a Unix socket that takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from people import pulse

OK = "ok"
CONNECT_SECONDS = 2


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """Each part "ok" or why not; 200 when all are, else 503."""
    state = {name: check() for name, check in CHECKS.items()}
    ready = all(answer == OK for answer in state.values())
    return JsonResponse({"ready": ready, **state}, status=200 if ready else 503)


def database() -> str:
    """A new connection, outside of the pool, whose waiting would hide that the server is gone."""
    parameters = {**connection.get_connection_params(), "connect_timeout": CONNECT_SECONDS}
    parameters.pop("pool", None)
    try:
        with psycopg.connect(**parameters) as fresh:
            fresh.execute("SELECT 1")
    except psycopg.Error:
        return "PostgreSQL does not answer"
    return OK


def broker() -> str:
    return OK if pulse.broker_answers() else "the broker does not answer"


def _alive(name: str, who: str) -> str:
    state = pulse.alive(name)
    if state is None:
        return "Redis does not answer"
    return OK if state else f"no sign of life from {who} for {pulse.LASTS_SECONDS} seconds"


def worker() -> str:
    return _alive(pulse.WORKER, "a worker")


def beat() -> str:
    return _alive(pulse.BEAT, "beat")


CHECKS: dict[str, Callable[[], str]] = {"database": database, "broker": broker, "worker": worker, "beat": beat}
