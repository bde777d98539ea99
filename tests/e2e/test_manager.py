"""The main path of a manager, in a real browser: the board, what is late, giving it to somebody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import ChangedLead
from tests.work import build_notice, build_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from people.models import User
    from sla.models import Clock
    from tests.cast import MakeLead
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def late(owner: User, make_lead: MakeLead) -> Clock:
    lead = make_lead("mql", first_name="Ana", last_name="Nowak", company="Acme")
    return build_work(lead, owner, due_at=timezone.now() - timedelta(minutes=20))


def test_the_main_path(
    visit: Callable[..., Visitor], manager: User, colleague: User, late: Clock, make_lead: MakeLead
) -> None:
    theirs = visit(colleague).page
    theirs.goto(reverse("inbox"))
    expect(theirs.get_by_text("Nothing waits for you")).to_be_visible()

    visitor = visit()
    visitor.sign_in(manager)
    page = visitor.page
    expect(page.get_by_role("heading", name="SLA board")).to_be_visible()
    row = page.locator(f"#clock-{late.pk}")
    expect(row).to_contain_text("Olga Owner")
    expect(row.locator("time[data-countdown]")).to_contain_text("late 20 min")
    page.get_by_role("link", name="Olga Owner").click()
    row.get_by_role("checkbox").check()
    page.get_by_label("Give the chosen leads to").select_option(label="Carl Colleague")
    page.get_by_role("button", name="Reassign").click()
    expect(page.locator("#messages")).to_contain_text("1 lead now belongs to Carl Colleague.")
    expect(page).to_have_url(re.compile(f"owner={late.owner_id}"))
    expect(page.get_by_text("Nothing is late")).to_be_visible()

    expect(theirs.locator(f"#lead-{late.lead_id}")).to_be_visible()
    expect(theirs.locator(f"#lead-{late.lead_id}")).to_contain_text("late 20 min")


def test_the_board_refreshes_itself(
    visit: Callable[..., Visitor], manager: User, owner: User, late: Clock, make_lead: MakeLead
) -> None:
    page = visit(manager).page
    page.goto(reverse("board"))
    expect(page.locator(".board-tab").first).to_contain_text("1")
    new = build_work(make_lead("mql"), owner, due_at=timezone.now() - timedelta(minutes=1))
    expect(page.locator(f"#clock-{new.pk}")).to_be_visible()
    expect(page.locator(".board-tab").first).to_contain_text("2")


def test_reassigns_on_the_lead_page(visit: Callable[..., Visitor], manager: User, colleague: User, late: Clock) -> None:
    page = visit(manager).page
    page.goto(reverse("lead-detail", args=[late.lead_id]))
    page.get_by_label("Give to").select_option(label="Carl Colleague")
    page.get_by_role("button", name="Reassign").click()
    expect(page.locator("#messages")).to_contain_text("Ana Nowak now belongs to Carl Colleague.")
    expect(page.locator("#story")).to_contain_text("Owner: Olga Owner → Carl Colleague")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_the_pages_are_accessible_and_fit(
    visit: Callable[..., Visitor], manager: User, owner: User, late: Clock, scheme: str, width: int
) -> None:
    notice = build_notice(late, owner, manager, level=2, state="failed", subject="Nowak " * 30, body="Call " * 200)
    notice.delivery_tries.create(tried_at=timezone.now(), ok=False, detail="550 no such user " + "x" * 90)
    ChangedLead.objects.create(lead=late.lead, set_aside_at=timezone.now(), error="ValueError: " + "x" * 200)
    visitor = visit(manager, color_scheme=scheme, viewport={"width": width, "height": 900})
    for path in (
        reverse("board"),
        reverse("board") + "?state=soon",
        reverse("lead-detail", args=[late.lead_id]),
        reverse("notice-list"),
        reverse("notice-detail", args=[notice.pk]),
        reverse("system"),
    ):
        visitor.page.goto(path)
        assert (visitor.violations(), visitor.overflow()) == ([], 0), path
