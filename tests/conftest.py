"""Servers, database and browser for all tests."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from pytest_django.plugin import blocking_manager_key

from tests.template import migrated_template

pytest_plugins = ["tests.cast"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A browser test needs a browser: skipped by name without one at home, an error in CI."""
    if item.get_closest_marker("e2e") is None or CHROMIUM:
        return
    reason = "no Chromium found; install the package chromium to run the browser tests"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A transactional test empties every table when it ends: the next one finds what the migrations load again."""
    yield
    if nextitem is None or not _empties_tables(item):
        return
    from leads import defaults as lists
    from sla import defaults as promises

    with item.config.stash[blocking_manager_key].unblock():
        lists.load(apps)
        promises.load(apps)
        connection.close()


def _empties_tables(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    marked = marker is not None and marker.kwargs.get("transaction", False)
    return marked or not {"transactional_db", "live_server"}.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def servers() -> None:
    """The embedded PostgreSQL and Redis of .baton-test, shared with every other run and kept for the next."""
    from config import embedded

    embedded.ensure()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> Iterator[None]:
    """A database name that no other run uses now: several people and xdist workers may test at the same time."""
    folder = Path(settings.BATON_HOME) / "slots"
    folder.mkdir(parents=True, exist_ok=True)
    number, descriptor = _free_slot(folder)
    name = f"test_baton_{number}"
    settings.DATABASES["default"].setdefault("TEST", {}).update(NAME=name, TEMPLATE=migrated_template(folder))
    yield
    os.close(descriptor)


def _free_slot(folder: Path) -> tuple[int, int]:
    """The lowest number nobody holds, and the descriptor that holds it."""
    for number in range(100):
        descriptor = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return number, descriptor
    pytest.exit("a hundred test databases are in use", returncode=2)
