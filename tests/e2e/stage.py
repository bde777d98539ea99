"""Plays templates in a browser without a server: every request is answered from here.

So a test decides what a living list hears and when, and counts how often it asks.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.template import engines

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Route

ROOT = Path(__file__).parents[2]
ORIGIN = "http://baton.example"
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'"
AXE = ROOT / "tests" / "e2e" / "vendor" / "axe.min.js"


class Answer:
    """What an address says: a body, a status; ``tagged`` adds an ETag and answers 304 to whoever has it."""

    def __init__(self, body: str, status: int = 200, *, tagged: bool = False) -> None:
        self.body, self.status = body, status
        self.headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
        if tagged:
            self.headers["ETag"] = f'"{sha256(body.encode()).hexdigest()}"'


Speaker = Callable[["Request"], Answer]


class Stage:
    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.addresses: dict[str, Answer | Speaker] = {}
        self.requests: list[Request] = []
        self.statuses: list[tuple[str, int]] = []
        self.complaints: list[str] = []
        context.route("**/*", self._answer)

    def show(self, content: str, **variables: object) -> Page:
        """Open a page whose content block is ``content`` (a Django template)."""
        source = (
            '{% extends "base.html" %}{% load i18n baton %}{% block title %}Stage{% endblock %}'
            "{% block page_title %}Stage{% endblock %}{% block content %}" + content + "{% endblock %}"
        )
        self.addresses["/"] = Answer(render(source, **variables))
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.goto(ORIGIN)
        return page

    def asked(self, path: str) -> list[int]:
        """The statuses with which an address was answered, in order."""
        return [status for asked, status in self.statuses if asked == path]

    def violations(self, page: Page) -> list[str]:
        """What axe finds against the accessibility rules, by the DevTools protocol: the policy stays as it is."""
        self.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        found = page.evaluate("axe.run()")["violations"]
        return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]

    def _hear(self, message: ConsoleMessage) -> None:
        expected = "Failed to load resource", "Response Status Error Code", "htmx:sendError"
        if message.type == "error" and not any(text in message.text for text in expected):
            self.complaints.append(message.text)

    def _answer(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path
        self.requests.append(request)
        if path.startswith("/static/"):
            return self._serve(route, ROOT / path.removeprefix("/"))
        answer = self.addresses.get(path) or Answer("nothing here", 404)
        if not isinstance(answer, Answer):
            answer = answer(request)
        tag = answer.headers.get("ETag")
        known = tag is not None and request.headers.get("if-none-match") == tag
        status = 304 if known else answer.status
        self.statuses.append((path, status))
        route.fulfill(status=status, headers=answer.headers, body="" if known else answer.body)
        return None

    def _serve(self, route: Route, file: Path) -> None:
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file)[0] or "text/plain")


def render(source: str, **variables: object) -> str:
    return engines["django"].from_string(source).render({"csrf_token": "token", **variables})
