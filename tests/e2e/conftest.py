"""One browser for all browser tests, and a stage on which the front end is played without a server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Playwright keeps an event loop running in this thread; Django would take every query of a test for one inside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

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
