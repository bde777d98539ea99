"""The main path of an SDR, in a real browser: sign in, see what is due, log a call, see the clock stopped."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Attempt
from sla.models import Clock
from tests.work import build_handoff, build_notice, build_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from people.models import User
    from tests.cast import MakeLead
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
COUNTDOWN = re.compile(r"^in \d:\d\d$")


@pytest.fixture
def nowak(owner: User, make_lead: MakeLead) -> Clock:
    lead = make_lead("mql", first_name="Ana", last_name="Nowak", company="Acme", phone="+34 600 100 200")
    return build_work(lead, owner, due_at=timezone.now() + timedelta(minutes=4))


def test_the_main_path(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    visitor = visit()
    visitor.sign_in(owner)
    page = visitor.page
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    row = page.locator(f"#lead-{nowak.lead_id}")
    expect(row).to_contain_text("Works in education")
    countdown = row.locator("time[data-countdown]")
    expect(countdown).to_have_text(COUNTDOWN)
    first = countdown.inner_text()
    expect(countdown).not_to_have_text(first)
    expect(countdown).to_have_attribute("title", re.compile(r"\d\d:\d\d"))

    row.get_by_role("button", name="Call: Ana Nowak").click()
    row.get_by_placeholder("Note (optional)").fill("Asked to be called on Monday")
    row.get_by_role("button", name="No answer").click()
    expect(page.locator("#messages")).to_contain_text("The promise was kept.")
    expect(page.get_by_role("heading", name="In work")).to_be_visible()
    expect(row.locator("time[data-countdown]")).to_have_count(0)
    assert page.url.endswith(reverse("inbox"))

    row.get_by_role("link", name="Ana Nowak").click()
    expect(page.get_by_role("heading", name="Ana Nowak")).to_be_visible()
    expect(page.locator(".clock-row")).to_contain_text("Kept")
    expect(page.locator("#story")).to_contain_text("Promise kept: First touch")
    expect(page.locator("#story")).to_contain_text("Asked to be called on Monday")
    nowak.refresh_from_db()
    assert (nowak.state, nowak.stopped_by) == ("met", Attempt.objects.get(lead=nowak.lead_id))


def test_an_attempt_that_does_not_count_leaves_the_row(
    visit: Callable[..., Visitor], owner: User, nowak: Clock
) -> None:
    page = visit(owner).page
    page.goto(reverse("inbox"))
    row = page.locator(f"#lead-{nowak.lead_id}")
    row.get_by_role("button", name="E-mail: Ana Nowak").click()
    row.get_by_role("button", name="Bounced").click()
    expect(page.locator("#messages")).to_contain_text("the clock runs on")
    expect(row.locator("time[data-countdown]")).to_have_text(COUNTDOWN)
    expect(row).to_contain_text("no first touch yet")


def test_a_lead_that_arrives_appears_without_a_reload(
    visit: Callable[..., Visitor], owner: User, nowak: Clock, make_lead: MakeLead
) -> None:
    page = visit(owner).page
    page.goto(reverse("inbox"))
    page.evaluate("window.unchanged = true")
    new = build_work(make_lead("mql", last_name="Neu"), owner, due_at=timezone.now() + timedelta(minutes=2))
    expect(page.locator(f"#lead-{new.lead_id}")).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("1")
    expect(page.locator(f"#lead-{new.lead_id} time[data-countdown]")).to_have_text(COUNTDOWN)
    assert page.locator(".work-row").first.get_attribute("id") == f"lead-{new.lead_id}"
    assert page.evaluate("window.unchanged")
    page.locator(f"#lead-{new.lead_id}").get_by_role("button", name="Call").click()
    expect(page.locator(f"#log-{new.lead_id}").get_by_role("button", name="No answer")).to_be_visible()


def test_the_list_holds_still_while_a_note_is_written(
    visit: Callable[..., Visitor], owner: User, nowak: Clock, make_lead: MakeLead
) -> None:
    page = visit(owner).page
    page.goto(reverse("inbox"))
    row = page.locator(f"#lead-{nowak.lead_id}")
    row.get_by_role("button", name="Call: Ana Nowak").click()
    row.get_by_placeholder("Note (optional)").fill("In the middle of")
    new = build_work(make_lead("mql", last_name="Neu"), owner, due_at=timezone.now() + timedelta(minutes=2))
    refresh = page.get_by_role("button", name="The list has changed")
    expect(refresh).to_be_visible()
    assert page.locator(f"#lead-{new.lead_id}").count() == 0
    expect(row.get_by_placeholder("Note (optional)")).to_have_value("In the middle of")
    row.get_by_role("button", name="Voicemail").or_(row.get_by_role("button", name="Left a voicemail")).click()
    expect(page.locator(f"#lead-{new.lead_id}")).to_be_visible()
    assert Attempt.objects.get().note == "In the middle of"


def test_without_scripts_it_works_by_plain_pages(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    page = visit(owner, java_script_enabled=False).page
    page.goto(reverse("inbox"))
    page.locator(f"#lead-{nowak.lead_id}").get_by_role("button", name="E-mail").click()
    page.get_by_role("button", name="Sent").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("The promise was kept.")
    assert Clock.objects.get().state == "met"


def test_logs_and_notes_on_the_lead_page(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    page = visit(owner).page
    page.goto(reverse("lead-detail", args=[nowak.lead_id]))
    page.get_by_role("button", name="Social").click()
    page.locator("#attempt-panel").get_by_role("button", name="Sent").click()
    expect(page.locator("#story")).to_contain_text("Social: sent")
    page.get_by_placeholder("A note for colleagues").fill("Prefers mornings")
    page.get_by_role("button", name="Add a note").click()
    expect(page.locator("#story")).to_contain_text("Prefers mornings")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_the_pages_are_accessible_and_fit(
    visit: Callable[..., Visitor], owner: User, nowak: Clock, make_lead: MakeLead, scheme: str, width: int
) -> None:
    long = {"first_name": "Maria de los Ángeles", "last_name": "Wolfeschlegelsteinhausenbergerdorff" * 2}
    late = build_work(make_lead("mql", do_not_call=True, **long), owner, due_at=timezone.now() - timedelta(hours=2))
    build_notice(late, owner)
    build_handoff(make_lead("mql"), owner, at=timezone.now())
    visitor = visit(owner, color_scheme=scheme, viewport={"width": width, "height": 900})
    page = visitor.page
    page.goto(reverse("inbox"))
    page.locator(f"#lead-{nowak.lead_id}").get_by_role("button", name="Call").click()
    expect(page.get_by_role("button", name="No answer")).to_be_visible()
    assert (visitor.violations(), visitor.overflow()) == ([], 0)
    for path in (
        reverse("lead-detail", args=[late.lead_id]),
        reverse("attempt-create", args=[late.lead_id]),
        reverse("notice-list"),
    ):
        page.goto(path)
        assert (visitor.violations(), visitor.overflow()) == ([], 0), path


def test_an_empty_inbox_is_accessible(visit: Callable[..., Visitor], owner: User) -> None:
    visitor = visit(owner)
    visitor.page.goto(reverse("inbox"))
    expect(visitor.page.get_by_text("Nothing waits for you")).to_be_visible()
    assert visitor.violations() == []
