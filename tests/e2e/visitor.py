"""A person at a browser, in front of the running application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from tests.cast import PASSWORD
from tests.e2e.stage import AXE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

    from people.models import User

# Made false by signing out or by a test on purpose; anything else a page complains of is a fault.
EXPECTED = "Failed to load resource"


class Visitor:
    """One window of one person; ``complaints`` are errors of scripts and of the content security policy."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        # Without motion, so that nothing is judged in the middle of a fade.
        usual: dict[str, Any] = {
            "viewport": {"width": 1440, "height": 900},
            "locale": "en-GB",
            "reduced_motion": "reduce",
        }
        self.context = browser.new_context(**{**usual, "base_url": address, **options})
        self.address = address
        self.complaints: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def sign_in(self, user: User) -> None:
        """By the form, as a person does."""
        self.page.goto("/")
        self.page.get_by_label("Email").or_(self.page.get_by_label("E-mail")).first.fill(user.email)
        self.page.locator("input[type=password]").fill(PASSWORD)
        self.page.locator("main button[type=submit], form button[type=submit]").first.click()
        self.page.wait_for_load_state()

    def be(self, user: User) -> Visitor:
        """Signed in already."""
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        host = urlsplit(self.address).hostname or ""
        key = session.session_key or ""
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "domain": host, "path": "/"}])
        return self

    def violations(self) -> list[str]:
        """What axe finds, by the DevTools protocol, so that the content security policy stays as it is."""
        self.context.new_cdp_session(self.page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        found = self.page.evaluate("axe.run()")["violations"]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))

    def close(self) -> None:
        self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and EXPECTED not in message.text:
            self.complaints.append(message.text)
