"""Who is let in, how often, and what a refusal looks like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache.backends.redis import RedisCacheClient
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, OperationalError
from django.test import Client
from psycopg.errors import DeadlockDetected
from redis.exceptions import ConnectionError as RedisGone

from leads.api import leads
from leads.models import ApiKey, Lead, Scope
from leads.services.api_keys import digest_of, revoke_key
from tests.cast import MakeLead
from tests.leads.api.conftest import NOW, Caller, MakeCaller, errors_of

LEAD = {"email": "ann@example.com"}
EVENT = {"email": "ann@example.com", "event_type": "page_viewed", "occurred_at": "2026-11-18T08:00:00Z"}
DOORS: list[tuple[str, str, Any, Scope]] = [
    ("PUT", "/leads", LEAD, Scope.LEADS_WRITE),
    ("GET", "/leads", None, Scope.LEADS_READ),
    ("GET", "/leads/lookup?email=ann@example.com", None, Scope.LEADS_READ),
    ("POST", "/events", EVENT, Scope.EVENTS_WRITE),
    ("POST", "/events/batch", {"events": [EVENT]}, Scope.EVENTS_WRITE),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), DOORS)
def test_each_door_asks_for_its_scope(
    make_caller: MakeCaller, make_lead: MakeLead, method: str, path: str, body: Any, scope: Scope
) -> None:
    make_lead(email="ann@example.com")

    assert make_caller(scope)(method, path, body).status_code in (200, 201)
    for other in set(Scope) - {scope}:
        refused = make_caller(other)(method, path, body)
        assert (refused.status_code, str(scope) in errors_of(refused)[""]) == (403, True)


@pytest.mark.parametrize(("method", "path", "body", "scope"), DOORS)
def test_nobody_without_a_valid_key(caller: Caller, method: str, path: str, body: Any, scope: Scope) -> None:
    wrong = [
        "",
        "Bearer",
        "Bearer bt_guess",
        f"Basic {caller.secret}",
        f"Bearer {caller.secret}x",
        "Bearer \x00",
        "Bearer ż",
    ]
    for given in wrong:
        response = caller(method, path, body, Authorization=given)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
        assert list(errors_of(response)) == [""]
    revoke_key(key=caller.key, now=NOW)
    assert caller(method, path, body).status_code == 401
    assert not Lead.objects.exists()


def test_the_other_header_does_as_well(caller: Caller) -> None:
    assert caller("GET", "/leads", Authorization="", X_Api_Key=caller.secret).status_code == 200
    assert caller("GET", "/leads", Authorization="", X_Api_Key="bt_guess").status_code == 401


def test_a_session_is_no_key(caller: Caller) -> None:
    client = Client()
    client.force_login(caller.key.created_by)
    assert client.get("/api/v1/leads").status_code == 401


def test_only_the_hash_is_kept(caller: Caller) -> None:
    kept = ApiKey.objects.values().get()
    assert caller.secret not in str(kept)
    assert kept["digest"] == digest_of(caller.secret)
    assert caller.secret.startswith(kept["prefix"])


def test_last_use_is_written_once_a_minute(caller: Caller) -> None:
    def used() -> datetime | None:
        return ApiKey.objects.get().last_used_at

    with time_machine.travel(NOW, tick=False) as clock:
        caller.get("/leads")
        assert used() == NOW
        clock.shift(timedelta(seconds=59))
        caller.get("/leads")
        assert used() == NOW
        clock.shift(timedelta(seconds=1))
        caller.get("/leads")
        assert used() == NOW + timedelta(minutes=1)


def test_too_often_says_when_to_come_back(make_caller: MakeCaller) -> None:
    caller, other = make_caller(per_minute=2), make_caller(per_minute=2)
    with time_machine.travel(datetime(2026, 11, 18, 9, 0, 15, tzinfo=UTC), tick=False) as clock:
        assert [caller.get("/leads").status_code for _ in range(3)] == [200, 200, 429]
        refused = caller.get("/leads")
        assert (refused["Retry-After"], list(errors_of(refused))) == ("45", [""])
        assert other.get("/leads").status_code == 200
        clock.shift(timedelta(seconds=45))
        assert caller.get("/leads").status_code == 200


def test_nobody_is_held_back_while_redis_does_not_answer(
    make_caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = make_caller(per_minute=1)

    def gone(*_args: Any, **_options: Any) -> None:
        raise RedisGone("no answer")

    for name in ("add", "incr"):
        monkeypatch.setattr(RedisCacheClient, name, gone)
    assert [caller.get("/leads").status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"email":', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"email": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"custom": {"x": 1' + b"0" * 5_000 + b"}}", "application/json", 400),
        (b"", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"email=ann@example.com", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b'{"email": "' + b"x" * 3_000_000 + b'"}', "application/json", 413),
    ],
    ids=lambda value: value if isinstance(value, int) else "",
)
def test_bodies_that_are_none(caller: Caller, body: bytes, content_type: str, status: int) -> None:
    response = caller("PUT", "/leads", body, Content_Type=content_type)
    assert (response.status_code, bool(errors_of(response))) == (status, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", "/leads", 405), ("POST", "/leads/lookup", 405), ("GET", "/events", 405), ("GET", "/", 404),
     ("GET", "/nothing", 404), ("POST", "/leads/", 404), ("GET", "/leads/x/y", 404), ("GET", "/leads/ann", 422)],
)  # fmt: skip
def test_addresses_that_are_none(caller: Caller, method: str, path: str, status: int) -> None:
    response = caller(method, path)
    assert (response.status_code, bool(errors_of(response))) == (status, True)
    assert ("Allow" in response) == (status == 405)


@pytest.mark.parametrize(
    ("raised", "status"),
    [(IntegrityError("gone meanwhile"), 409), (OperationalError("crossed"), 409), (RequestDataTooBig("big"), 413)],
)
def test_what_crosses_is_to_be_tried_again(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int
) -> None:
    raised.__cause__ = DeadlockDetected()

    def crossing(**_known: Any) -> None:
        raise raised

    monkeypatch.setattr(leads, "save_lead", crossing)
    response = caller.put(LEAD, Idempotency_Key="k1")
    assert (response.status_code, list(errors_of(response))) == (status, [""])
    monkeypatch.undo()
    assert caller.put(LEAD, Idempotency_Key="k1").status_code == 201


def test_an_error_of_ours_is_not_hidden(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(**_known: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(leads, "save_lead", down)
    with pytest.raises(OperationalError):
        caller.put(LEAD)


def test_what_a_key_may_not_do_counts_too(make_caller: MakeCaller) -> None:
    caller = make_caller(Scope.EVENTS_WRITE, per_minute=2)
    with time_machine.travel(datetime(2026, 11, 18, 9, 0, 15, tzinfo=UTC), tick=False):
        assert [caller.get("/leads").status_code for _ in range(3)] == [403, 403, 429]
