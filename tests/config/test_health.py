"""/healthz and /readyz: what each says, to whom, and how quickly."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from config import pulse
from config.celery import app

pytestmark = pytest.mark.django_db


@pytest.fixture
def alive() -> Iterator[None]:
    """A worker and a beat that have just given their pulse."""
    pulse.give(pulse.WORKER)
    pulse.give(pulse.BEAT)
    yield
    pulse.forget()


def test_healthz_needs_no_database(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies


def test_all_parts_ready(client: Client, alive: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "broker": "ok", "worker": "ok", "beat": "ok"}
    assert not answer.cookies


@pytest.mark.parametrize(("name", "part"), [(pulse.WORKER, "worker"), (pulse.BEAT, "beat")])
def test_silence_is_named(client: Client, alive: None, name: str, part: str) -> None:
    cache.delete(name)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert "no sign of life" in answer.json()[part]


def test_a_database_that_is_gone(client: Client, alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = {**connection.get_connection_params(), "host": "/nowhere"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: parameters)
    assert client.get("/readyz").json()["database"] == "PostgreSQL does not answer"


def test_a_broker_that_is_gone(client: Client, alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not by the settings: Celery's do not come back as they were, and every later test would miss its broker.
    gone = app.connection("redis+socket:///nowhere.sock")
    monkeypatch.setattr(app, "connection_for_write", lambda: gone)
    started = time.perf_counter()
    assert client.get("/readyz").json()["broker"] == "the broker does not answer"
    assert time.perf_counter() - started < 4


def test_quick_enough_to_be_asked_often(client: Client, alive: None) -> None:
    client.get("/readyz")
    times = []
    for _ in range(10):
        started = time.perf_counter()
        client.get("/readyz")
        times.append(time.perf_counter() - started)
    assert min(times) < 0.05  # the machine may be busy with something else, ten times in a row it is not
