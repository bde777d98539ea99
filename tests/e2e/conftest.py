"""One browser for all browser tests, and a stage on which the front end is played without a server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.requests import Requests
from tests.e2e.stage import Stage
from tests.e2e.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from people.models import User

# Playwright keeps an event loop running in this thread; Django would take every query of a test for one inside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# What a page comes to, it comes to in a second or two; a machine at its limits is no fault of the page.
expect.set_options(timeout=20_000)

ARGUMENTS = ("--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update")


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stage]:
    """Pages of our own making, in the real base template with the real scripts and content security policy."""
    context = browser.new_context(viewport={"width": 1200, "height": 500}, locale="en-GB", timezone_id="Europe/Madrid")
    stage = Stage(context)
    yield stage
    context.close()
    assert stage.complaints == []


@pytest.fixture
def live_server(live_server: LiveServer) -> Iterator[LiveServer]:
    """The running application, which a test leaves when the last request is answered: only then are tables emptied."""
    with Requests() as requests:
        yield live_server
        requests.settle()


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Visitor]]:
    """``visit(user)`` opens a window of the running application, signed in; ``visit()`` without a session."""
    visitors: list[Visitor] = []

    def open_window(user: User | None = None, **options: Any) -> Visitor:
        visitor = Visitor(browser, live_server.url, **options)
        visitors.append(visitor)
        return visitor.be(user) if user else visitor

    yield open_window
    for visitor in visitors:
        visitor.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
