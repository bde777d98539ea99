"""A list that refreshes itself: it asks cheaply, does not jump, and holds still while somebody works in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.stage import Answer, Stage, render

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

ROWS = """{% load baton %}<div class="work-list">{% for number in numbers %}
  <article class="work-row" id="row-{{ number }}" data-live-item data-clock-row>
    <div>{% due at 604800 %}</div>
    <div class="work-row-main"><a href="#">Lead {{ number }}</a></div>
    <div class="work-row-actions"><button class="btn" type="button">Call {{ number }}</button></div>
    <details class="work-row-more"><summary>Note {{ number }}</summary>
      <form><input class="form-control" name="note" aria-label="Note"></form></details>
  </article>{% endfor %}</div>"""
LIST = (
    '<div class="card"><div id="list" data-live-url="/rows/" data-live-ms="200" data-live-etag="{{ etag }}">'
    + ROWS
    + "</div></div>"
)
# Soon for as long as any run takes: the rows count as due soon for a week before.
AT = datetime.now(UTC) + timedelta(hours=6)


def say(stage: Stage, *numbers: int) -> Answer:
    answer = stage.addresses["/rows/"] = Answer(render(ROWS, numbers=numbers, at=AT), tagged=True)
    return answer


def start(stage: Stage, *numbers: int) -> Page:
    """A list that knows its version, as every page of the product gives it: only what ``say`` says later is news."""
    return stage.show(LIST, numbers=numbers, at=AT, etag=say(stage, *numbers).headers["ETag"])


def rows(page: Page) -> list[str]:
    return [str(row.get_attribute("id")) for row in page.locator("[data-live-item]").all()]


def test_it_asks_with_the_etag_and_is_told_that_nothing_changed(stage: Stage) -> None:
    page = start(stage, 1, 2)
    page.wait_for_timeout(1_200)
    statuses = stage.asked("/rows/")
    assert set(statuses) == {304}
    assert len(statuses) >= 2
    say(stage, 1, 2, 3)
    expect(page.locator("#row-3")).to_be_visible()
    page.wait_for_timeout(600)
    assert stage.asked("/rows/").count(200) == 1


def test_a_list_that_does_not_know_its_version_asks_for_it_once(stage: Stage) -> None:
    say(stage, 1, 2)
    page = stage.show(LIST, numbers=(1, 2), at=AT, etag="")
    page.wait_for_timeout(1_200)
    statuses = stage.asked("/rows/")
    assert statuses.count(200) == 1
    assert statuses.count(304) >= 2


def test_new_rows_come_by_themselves_and_are_announced_once(stage: Stage) -> None:
    page = start(stage, 1, 2)
    say(stage, 7, 8, 1, 2)
    expect(page.locator("#row-8")).to_be_visible()
    assert rows(page) == ["row-7", "row-8", "row-1", "row-2"]
    expect(page.locator("#announcer")).to_have_text("New in the list: 2")
    expect(page.locator("#row-7 time")).to_have_attribute("data-state", "soon")


def test_rows_that_come_above_do_not_move_what_is_read(stage: Stage) -> None:
    page = start(stage, *range(20))
    page.evaluate("window.scrollTo({top: 700, behavior: 'instant'})")
    where = "document.getElementById('row-12').getBoundingClientRect().top"
    before = page.evaluate(where)
    say(stage, 91, 92, 93, *range(20))
    expect(page.locator("#row-91")).to_be_attached()
    assert abs(page.evaluate(where) - before) < 2


def test_the_focus_stays_where_it_is(stage: Stage) -> None:
    page = start(stage, 1, 2, 3)
    page.get_by_role("button", name="Call 2").focus()
    say(stage, 3, 9, 2)
    expect(page.locator("#row-9")).to_be_visible()
    expect(page.get_by_role("button", name="Call 2")).to_be_focused()


def test_it_holds_still_while_somebody_types_and_goes_on_by_itself(stage: Stage) -> None:
    page = start(stage, 1, 2)
    page.get_by_text("Note 1").click()
    page.locator("#row-1 input").fill("rings back")
    say(stage, 1, 2, 3)
    expect(page.get_by_role("button", name="The list has changed")).to_be_visible()
    assert rows(page) == ["row-1", "row-2"]
    assert page.locator("#row-1 input").input_value() == "rings back"
    page.locator("#row-1 input").fill("")
    page.get_by_text("Note 1").click()
    expect(page.locator("#row-3")).to_be_visible()
    expect(page.get_by_role("button", name="The list has changed")).to_be_hidden()


def test_a_click_brings_the_change_and_keeps_what_was_typed(stage: Stage) -> None:
    page = start(stage, 1, 2)
    page.get_by_text("Note 1").click()
    page.locator("#row-1 input").fill("rings back")
    say(stage, 2, 1, 3)
    page.get_by_role("button", name="The list has changed").click()
    expect(page.locator("#row-3")).to_be_visible()
    assert rows(page) == ["row-2", "row-1", "row-3"]
    assert page.locator("#row-1 input").input_value() == "rings back"
    assert page.locator("#row-1 details").get_attribute("open") is not None


def test_a_dead_connection_is_said_and_asked_ever_more_slowly(stage: Stage) -> None:
    page = start(stage, 1)
    page.wait_for_timeout(400)
    stage.addresses["/rows/"] = Answer("down", 503)
    expect(page.get_by_text("No connection")).to_be_visible()
    before = len(stage.asked("/rows/"))
    page.wait_for_timeout(1_600)
    assert len(stage.asked("/rows/")) - before <= 3
    say(stage, 1, 2)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#row-2")).to_be_visible()
    expect(page.get_by_text("No connection")).to_be_hidden()


def test_who_is_signed_out_meanwhile_is_sent_to_the_page_that_says_so(stage: Stage) -> None:
    page = start(stage, 1)
    page.wait_for_timeout(400)
    stage.addresses["/"] = Answer("<title>Sign in</title>Please sign in")
    stage.addresses["/rows/"] = Answer("no", 403)
    expect(page.get_by_text("Please sign in")).to_be_visible()


def test_a_hidden_page_does_not_ask(stage: Stage) -> None:
    page = start(stage, 1)
    page.wait_for_timeout(400)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    page.wait_for_timeout(300)
    before = len(stage.asked("/rows/"))
    page.wait_for_timeout(900)
    assert len(stage.asked("/rows/")) == before
