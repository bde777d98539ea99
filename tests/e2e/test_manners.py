"""The small scripts of every page: countdowns, dialogs, confirmations, menus, themes, rows of a formset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from playwright.sync_api import expect

from people.models import User
from tests.e2e.stage import Answer, Stage, render

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

ADA = User(name="Ada Lovelace", email="ada@baton.example", role="sdr")


class Level(forms.Form):
    offset = forms.IntegerField()


Levels = forms.formset_factory(Level, extra=1, can_delete=True, can_order=True, max_num=3)


@pytest.mark.parametrize(
    ("seconds", "text", "state"),
    [
        (299.5, "in 5:00", "soon"),
        (305.5, "in 5:06", "calm"),
        (42 * 60 + 30, "in 42 min", "calm"),
        (12_030, "in 3 h 20 min", "calm"),
        (2 * 86_400 + 3 * 3_600 + 60, "in 2 d 3 h", "calm"),
        (-20.5, "late 0:20", "late"),
        (-12 * 60 - 30, "late 12 min", "late"),
    ],
)
def test_a_countdown_says_how_long_and_how_bad(stage: Stage, seconds: float, text: str, state: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    page = stage.show("<div data-clock-row>{% due at %}</div>", at=now)
    page.clock.set_fixed_time(now)
    page.evaluate("at => document.querySelector('time').dateTime = at", (now + timedelta(seconds=seconds)).isoformat())
    page.evaluate("Baton.countdown.render(document)")
    expect(page.locator("time")).to_have_text(text)
    expect(page.locator("time")).to_have_attribute("data-state", state)
    expect(page.locator("[data-clock-row]")).to_have_attribute("data-clock-state", state)


def test_a_computer_whose_clock_is_wrong_shows_the_right_time_left(stage: Stage) -> None:
    page = stage.show("{% due at %}", at=datetime.now(UTC) + timedelta(minutes=42, seconds=30))
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=2))
    page.reload()
    expect(page.locator("time")).to_have_text("in 42 min")


def test_a_moment_gone_by_is_told_in_words(stage: Stage) -> None:
    page = stage.show("{% ago at %}", at=datetime.now(UTC) - timedelta(minutes=12, seconds=5))
    expect(page.locator("time[data-ago]")).to_have_text("12 min ago")


CONFIRM = '<form method="post" action="/sent/" data-confirm="Publish it?"><button class="btn">Publish</button></form>'


def test_a_form_that_asks_first_is_sent_only_after_yes(stage: Stage) -> None:
    stage.addresses["/sent/"] = Answer("It was sent")
    page = stage.show(CONFIRM)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("dialog")).to_contain_text("Publish it?")
    assert stage.violations(page) == []
    page.get_by_role("button", name="Cancel").click()
    assert stage.asked("/sent/") == []
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.get_by_text("It was sent")).to_be_visible()
    assert stage.asked("/sent/") == [200]


def test_escape_is_a_no(stage: Stage) -> None:
    page = stage.show(CONFIRM)
    page.get_by_role("button", name="Publish").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert stage.asked("/sent/") == []


def test_htmx_asks_by_the_same_dialog_and_a_failure_is_said(stage: Stage) -> None:
    stage.addresses["/fails/"] = Answer("no", 500)
    page = stage.show('<button class="btn" hx-post="/fails/" hx-confirm="Sure?">Try</button>')
    page.get_by_role("button", name="Try").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator("#messages")).to_contain_text("That did not work")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#messages")).to_be_empty()
    posted = next(request for request in stage.requests if request.url.endswith("/fails/"))
    assert posted.headers["x-csrftoken"] == "token"


def test_a_refused_form_is_swapped_in_and_read_from_its_summary(stage: Stage) -> None:
    refused = render("{{ form }}", form=Level({"offset": "soon"}))
    stage.addresses["/save/"] = Answer(refused, 422)
    page = stage.show('<form hx-post="/save/"><button class="btn">Save</button></form>')
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.get_by_role("link", name="Offset").click()
    expect(page.get_by_label("Offset")).to_be_focused()


def test_rows_of_a_formset_are_added_moved_and_removed(stage: Stage) -> None:
    page = stage.show('<form>{% include "partials/formset.html" with add="Add" %}</form>', formset=Levels())
    add = page.get_by_role("button", name="Add")
    add.click()
    add.click()
    expect(add).to_be_disabled()
    assert value(page, "form-TOTAL_FORMS") == "3"
    page.get_by_role("button", name="Move up").nth(2).click()
    assert [value(page, f"form-{row}-ORDER") for row in range(3)] == ["1", "3", "2"]
    page.get_by_role("button", name="Remove").first.click()
    expect(page.locator("[data-formset-row]:visible")).to_have_count(2)
    assert value(page, "form-0-DELETE") == "on"
    expect(add).to_be_enabled()


def value(page: Page, name: str) -> str:
    return page.locator(f'[name="{name}"]').input_value()


def test_the_theme_follows_the_system_until_one_is_chosen_and_is_remembered(stage: Stage) -> None:
    page = stage.show("…", user=ADA)
    theme = page.locator("html")
    page.emulate_media(color_scheme="dark")
    expect(theme).to_have_attribute("data-bs-theme", "dark")
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Light").click()
    expect(theme).to_have_attribute("data-bs-theme", "light")
    page.reload()
    expect(theme).to_have_attribute("data-bs-theme", "light")


def test_the_menu_closes_by_escape_and_elsewhere(stage: Stage) -> None:
    page = stage.show("…", user=ADA)
    menu = page.locator(".user-menu")
    menu.locator("summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert stage.violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    menu.locator("summary").click()
    page.get_by_role("heading", name="Stage").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


PIECES = """<div class="form-narrow">{% include "partials/form.html" %}</div>
{% for state in states %}<p>{% include "partials/clock.html" with due_at=at until=at %}</p>{% endfor %}
{% for colour in colours %}<span class="badge bg-{{ colour }}-lt">{{ colour }}</span> {% endfor %}
<div class="btn-list mt-3"><button class="btn btn-primary">One</button><button class="btn btn-danger">Two</button>
<button class="btn btn-success">Three</button><button class="btn btn-outline-danger">Four</button>
<button class="btn btn-link">Five</button></div>
{% include "partials/empty.html" with title="Nothing waits" text="It comes by itself." action_url="/" action="Add" %}
{% include "partials/pagination.html" with next_url="?after=1" shown="50 leads" %}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_the_pieces_are_accessible_and_fit(stage: Stage, scheme: str, width: int) -> None:
    page = stage.show(
        PIECES,
        form=Level({"offset": "soon"}),
        at=datetime.now(UTC) + timedelta(minutes=2),
        states=["running", "paused", "kept", "missed", "withdrawn"],
        colours=["red", "orange", "yellow", "green", "blue", "purple", "secondary"],
        user=AnonymousUser() if width == 390 else ADA,
    )
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_timeout(400)  # colours change over a moment
    assert stage.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_first_tab_stop_skips_to_the_content(stage: Stage) -> None:
    page = stage.show("…")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
