"""Whatever is sent to an address, the answer is a page or a refusal, never an error of ours.

Each form is taken as its own page shows it, and every field of it is spoilt by the same nonsense at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from people.models import User
from tests.cast import MakeLead
from tests.permission_world import build_world
from tests.permissions.page import NOT_ALLOWED, SHOWN
from tests.test_permissions import PAGES

ANYWHERE = ("\x00", "x" * 20_000, "9" * 25, "0001-01-01T00:00", "%s%(x)s{}")
CURSORS = ("~", "-" + "9" * 25, "9" * 25, "0001-01-01T00:00:00+14:00~1", "\x00")
FILTERS = ("q", "stage", "status", "owner", "source", "team", "state", "role", "kind", "show", "who", "from", "all")
READ = sorted(name for name, page in PAGES.items() if page.get == SHOWN and page.post == NOT_ALLOWED)
SENT = sorted(name for name, page in PAGES.items() if page.post != NOT_ALLOWED)
# What forms without a page of their own take, and what no form shows but the view reads.
UNSHOWN = ("next", "step", "to", "handoffs", "channel", "outcome", "body", "seen")


class Fields(HTMLParser):
    """The fields of the largest form of a page that is sent by POST, as a browser would send them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._inside = False
        self._select = ""
        self.feed(html)

    @property
    def largest(self) -> dict[str, list[str]]:
        return max(self.forms, key=len, default={})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = found.get("method", "").lower() == "post"
            self.forms += [{}] if self._inside else []
        if not self._inside:
            return
        if tag == "select":
            self._select = found.get("name", "")
        if tag in {"input", "textarea", "button"} and found.get("name"):
            self.forms[-1].setdefault(found["name"], []).append(found.get("value", ""))
        if tag == "option" and self._select and ("selected" in found or self._select not in self.forms[-1]):
            self.forms[-1][self._select] = [found.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


@pytest.fixture
def world(everybody: dict[str, User], make_lead: MakeLead) -> SimpleNamespace:
    return build_world(everybody, make_lead)


def visitor(name: str, everybody: dict[str, User]) -> Client:
    """Somebody who is let in: whoever may do most."""
    page = PAGES[name]
    role = next(role for role in ("administrator", "manager", "sdr") if role in page.who)
    client = Client()
    client.force_login(everybody[role])
    return client


def ask(client: Client, method: str, url: str, data: Any, **options: Any) -> int:
    """The status, that of the page it leads to included; whatever was changed is undone."""
    with transaction.atomic():
        answer = getattr(client, method)(url, data, **options)
        if answer.status_code == 302:
            assert client.get(answer["Location"]).status_code < 500
        transaction.set_rollback(True)
    status: int = answer.status_code
    return status


def nonsense(shown: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    fields = {name: values for name, values in shown.items() if name != "csrfmiddlewaretoken"}
    names = [*fields, *UNSHOWN]
    yield dict.fromkeys(names, "-1")
    for value in ANYWHERE:
        # The number of rows stays sound, so that the rows themselves are read.
        yield {name: fields[name] if name.endswith("_FORMS") else value for name in fields} | dict.fromkeys(
            UNSHOWN, value
        )


@pytest.mark.parametrize("name", SENT)
def test_nonsense_in_a_form_is_refused(name: str, world: SimpleNamespace, everybody: dict[str, User]) -> None:
    url = reverse(name, kwargs=world.kwargs[PAGES[name].args])
    client = visitor(name, everybody)
    shown = Fields(client.get(url).content.decode()).largest if PAGES[name].get == SHOWN else {}
    for data in nonsense(shown):
        assert ask(client, "post", url, data) < 500, data
    for body, kind in ((b'{"a":', "application/json"), (b"\xff--", "multipart/form-data; boundary=x")):
        assert ask(client, "post", url, body, content_type=kind) < 500, kind


@pytest.mark.parametrize("name", READ)
def test_nonsense_in_an_address_is_refused(name: str, world: SimpleNamespace, everybody: dict[str, User]) -> None:
    url = reverse(name, kwargs=world.kwargs[PAGES[name].args])
    client = visitor(name, everybody)
    for cursor in CURSORS:
        assert ask(client, "get", url, {"after" if cursor[0] != "-" else "before": cursor}) < 500, cursor
    for value in ANYWHERE:
        assert ask(client, "get", url, dict.fromkeys(FILTERS, value[:5_000])) < 500, value
