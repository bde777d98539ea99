"""While PostgreSQL is away a page says so and tries again; a fault of the program stays one."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DataError, InterfaceError, OperationalError
from django.test import Client
from psycopg import errors
from psycopg_pool import PoolTimeout

from config import outage
from people.models import User

pytestmark = pytest.mark.django_db


def caused(error: Exception, cause: Exception) -> Exception:
    """As Django hands on what the driver raised."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (caused(OperationalError("waited"), PoolTimeout("couldn't get a connection after 3.00 sec")), True),
        (caused(OperationalError("lost"), psycopg.OperationalError("server closed the connection unexpectedly")), True),
        (caused(OperationalError("stopping"), errors.AdminShutdown("terminating connection")), True),
        (caused(OperationalError("full"), errors.TooManyConnections("sorry, too many clients already")), True),
        (caused(InterfaceError("closed"), psycopg.InterfaceError("the connection is closed")), True),
        (caused(OperationalError("crosswise"), errors.DeadlockDetected("deadlock detected")), False),
        (caused(OperationalError("slow"), errors.QueryCanceled("statement timeout")), False),
        (caused(DataError("long"), errors.StringDataRightTruncation("value too long")), False),
        (ValueError("a mistake"), False),
        (None, False),
    ],
)
def test_what_counts_as_an_outage(error: Exception | None, away: bool) -> None:
    assert outage.is_outage(error) is away


class Database:
    """A database that is away until it is back; ``asked`` counts who waited for it."""

    def __init__(self) -> None:
        self.error: Exception | None = caused(OperationalError("waited"), PoolTimeout("no connection"))
        self.asked = 0

    def load(self, load: Callable[[SessionStore], object]) -> Callable[[SessionStore], object]:
        def instead(store: SessionStore) -> object:
            self.asked += 1
            if self.error is not None:
                raise self.error
            return load(store)

        return instead


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    """Away for whoever asks who is signed in, which every page does first."""
    database = Database()
    monkeypatch.setattr(SessionStore, "load", database.load(SessionStore.load))
    return database


@pytest.fixture
def reader(client: Client, owner: User) -> Client:
    client.force_login(owner)
    client.raise_request_exception = False
    return client


def test_a_page_says_so_and_tries_again(reader: Client, database: Database) -> None:
    answer = reader.get("/inbox/")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "default-src" in answer.headers["Content-Security-Policy"]
    page = answer.content.decode()
    assert "Baton cannot reach its database" in page
    assert 'data-retry="5"' in page
    assert '<meta http-equiv="refresh" content="5">' in page  # where scripts are switched off


def test_what_was_sent_is_not_sent_again_by_itself(reader: Client, database: Database) -> None:
    answer = reader.post("/inbox/availability/")

    assert answer.status_code == 503
    assert "was not saved" in answer.content.decode()
    assert "refresh" not in answer.content.decode()
    assert "retry.js" not in answer.content.decode()


def test_the_next_ones_do_not_wait_until_it_may_be_back(
    reader: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(outage, "monotonic", lambda: clock[0])
    reader.get("/inbox/")
    asked = database.asked
    assert reader.get("/inbox/").status_code == 503
    assert database.asked == asked

    database.error = None
    clock[0] += outage.PAUSE_SECONDS - 0.01
    assert reader.get("/inbox/").status_code == 503
    clock[0] += 0.01
    assert reader.get("/inbox/").status_code == 200


def test_the_probes_answer_whoever_asks(reader: Client, database: Database) -> None:
    reader.get("/inbox/")
    database.asked = 0

    assert reader.get("/healthz").status_code == 200
    assert reader.get("/readyz").json()["ready"] is False

    assert database.asked == 0


def test_a_fault_of_the_program_stays_one(reader: Client, database: Database) -> None:
    database.error = ValueError("a mistake")

    answer = reader.get("/inbox/")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
