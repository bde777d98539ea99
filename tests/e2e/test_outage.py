"""The page that people see while the database is away, in a real browser: it comes back by itself."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from tests.e2e.stage import ORIGIN, Answer, Stage

pytestmark = pytest.mark.e2e


def test_it_shows_what_was_asked_for_as_soon_as_there_is_an_answer(stage: Stage) -> None:
    stage.addresses["/inbox/"] = Answer(render_to_string("503.html", {"retry": 1}), 503)
    page = stage.context.new_page()
    page.goto(f"{ORIGIN}/inbox/")
    expect(page.get_by_role("heading")).to_have_text("Baton cannot reach its database")
    assert stage.violations(page) == []
    while len(stage.asked("/inbox/")) < 3:
        page.wait_for_timeout(100)

    stage.addresses["/inbox/"] = Answer("<title>Inbox</title>The leads are back")

    expect(page.get_by_text("The leads are back")).to_be_visible()
