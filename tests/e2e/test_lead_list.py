"""The list of leads in a real browser: found as one types, narrowed, kept by name, in one's columns, many at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import CustomField, Lead, SavedView
from sla.services import bulk
from sla.services.bulk import run_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from people.models import User
    from tests.cast import MakeLead
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
URL = reverse("lead-list")


@pytest.fixture
def leads(make_lead: MakeLead, owner: User) -> list[Lead]:
    CustomField.objects.create(key="seats", name="Seats", kind="number")
    made = [make_lead("lead", first_name="Bea", last_name=f"Other {n}", city="Vigo") for n in range(55)]
    return [
        make_lead("mql", first_name="Łucja", last_name="Wiśniewska", company="Acme", owner=owner, custom={"seats": 40}),
        *made,
    ]


def test_found_as_one_types(visit: Callable[..., Visitor], marketer: User, leads: list[Lead]) -> None:
    visitor = visit(marketer)
    page = visitor.page
    page.goto(URL)
    expect(page.locator("#lead-count")).to_have_text("56 leads")
    page.evaluate("window.unchanged = true")
    box = page.get_by_placeholder("Name, company, e-mail, phone or number")
    box.press_sequentially("wisn", delay=40)
    expect(page.locator(".lead-table tbody tr")).to_have_count(1)
    expect(page.locator("#lead-count")).to_have_text("1 lead")
    expect(box).to_be_focused()
    assert page.evaluate("document.activeElement.selectionStart") == 4
    assert page.evaluate("window.unchanged")
    expect(page).to_have_url(re.compile(r"q=wisn"))
    box.press_sequentially("xx")
    expect(page.get_by_text("No lead is like that")).to_be_visible()
    assert visitor.violations() == []
    page.reload()
    expect(box).to_have_value("wisnxx")


def test_a_filter_is_added_seen_and_taken_out(visit: Callable[..., Visitor], marketer: User, leads: list[Lead]) -> None:
    visitor = visit(marketer)
    page = visitor.page
    page.goto(URL)
    page.locator("summary", has_text="Add a filter").click()
    page.get_by_role("button", name="Seats").click()
    page.locator("[name=custom_seats_from]").fill("30")
    page.locator("[name=custom_seats_from]").press("Tab")
    expect(page.locator(".lead-table tbody tr")).to_have_count(1)
    expect(page.locator(".lead-chip")).to_have_text("Seats: from 30")
    assert visitor.violations() == []
    page.get_by_role("link", name="Take out: Seats: from 30").click()
    expect(page.locator(".lead-table tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".lead-table tbody tr")).to_have_count(6)


def test_a_view_is_kept_and_opens_first(visit: Callable[..., Visitor], marketer: User, leads: list[Lead]) -> None:
    page = visit(marketer).page
    page.goto(f"{URL}?q=lucja&sort=name")
    page.locator("summary", has_text="View").click()
    page.get_by_label("Save this list as").fill("My Łucjas")
    page.get_by_label("Share it with everybody").check()
    page.get_by_role("button", name="Save as").click()
    expect(page.get_by_role("navigation", name="Saved views").get_by_role("link", name="My Łucjas")).to_have_attribute(
        "aria-current", "true"
    )
    page.locator("summary", has_text="View").click()
    page.get_by_role("button", name="Open the list with it").click()
    page.goto(URL)
    expect(page.locator(".lead-table tbody tr")).to_have_count(1)
    page.get_by_label("Stage").first.select_option(label="Lead")
    expect(page.get_by_text("No lead is like that")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Save the view").click()
    expect(page.locator("#messages")).to_contain_text("is kept")
    view = SavedView.objects.get()
    assert view.is_shared
    assert "stage=" in view.query


def test_columns_of_ones_own(visit: Callable[..., Visitor], marketer: User, leads: list[Lead]) -> None:
    page = visit(marketer).page
    page.goto(f"{URL}?q=lucja")
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Seats").check()
    page.get_by_label("Owner", exact=True).last.uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="Seats")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Owner")).to_have_count(0)
    expect(page.locator(".lead-table tbody tr")).to_contain_text("40")
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")


def test_a_few_are_assigned_at_once(
    visit: Callable[..., Visitor], manager: User, colleague: User, leads: list[Lead]
) -> None:
    visitor = visit(manager)
    page = visitor.page
    page.goto(f"{URL}?sort=name")
    expect(page.locator("#bulk")).to_be_hidden()
    page.get_by_label("Bea Other 1", exact=True).check()
    page.get_by_label("Bea Other 2", exact=True).check()
    expect(page.locator("#bulk")).to_contain_text("2")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("heading", name="Assign: 2 leads")).to_be_visible()
    page.get_by_label("Give to").select_option(label=colleague.name)
    assert visitor.violations() == []
    page.get_by_role("button", name="Assign").click()
    expect(page.locator("#progress")).to_contain_text("Done")
    assert set(Lead.objects.filter(owner=colleague).values_list("last_name", flat=True)) == {"Other 1", "Other 2"}
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.get_by_role("heading", name="Take back: Assign to")).to_be_visible()
    assert not Lead.objects.filter(owner=colleague).exists()


def test_all_are_done_in_the_background_while_one_looks(
    visit: Callable[..., Visitor], manager: User, colleague: User, leads: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 10)
    Lead.objects.filter(last_name="Other 9").update(owner=colleague)
    visitor = visit(manager)
    page = visitor.page
    page.goto(f"{URL}?q=bea")
    page.get_by_label("Choose all on this page").check()
    expect(page.locator("#bulk")).to_contain_text("All that the list finds (55 leads)")
    page.get_by_label("All that the list finds").check()
    page.get_by_role("button", name="Assign").click()
    page.get_by_label("Give to").select_option(label=colleague.name)
    page.get_by_role("button", name="Assign").click()
    expect(page.locator("#progress")).to_contain_text("In work")
    assert visitor.violations() == []
    run_batch(now=timezone.now(), limit=20)
    expect(page.locator("#progress dd").nth(1)).not_to_have_text("0", timeout=5000)
    while run_batch(now=timezone.now()):
        pass
    expect(page.locator("#progress")).to_contain_text("54", timeout=5000)
    page.get_by_role("link", name="See what was skipped").click()
    expect(page.get_by_role("cell", name="Has this owner already.")).to_be_visible()
    assert visitor.violations() == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_it_fits_and_can_be_used_by_everybody(
    visit: Callable[..., Visitor], manager: User, leads: list[Lead], scheme: str, width: int
) -> None:
    long = "Konstantinopolitanischer-Dudelsackpfeifenmachergesellin"
    Lead.objects.filter(last_name="Other 54").update(
        first_name="Maximiliana", last_name=long, email=f"{long.lower()}@x.example"
    )
    SavedView.objects.create(name=f"{long} and others", owner=manager)
    visitor = visit(manager, color_scheme=scheme, viewport={"width": width, "height": 844})
    for query in (
        "",
        "?q=bea&city=vigo&city_lookup=icontains&handoff=no",
        "?add=country&add=captured&add=consent",
        "?q=zz",
    ):
        visitor.page.goto(URL + query)
        visitor.page.wait_for_load_state("networkidle")
        assert visitor.violations() == []
        assert visitor.overflow() == 0


def test_without_scripts(visit: Callable[..., Visitor], marketer: User, leads: list[Lead]) -> None:
    page = visit(marketer, java_script_enabled=False).page
    page.goto(URL)
    page.get_by_placeholder("Name, company, e-mail, phone or number").fill("lucja")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".lead-table tbody tr")).to_have_count(1)
    page.locator("summary", has_text="Add a filter").click()
    page.get_by_role("button", name="City", exact=True).click()
    page.locator("[name=city]").fill("Vigo")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No lead is like that")).to_be_visible()
    page.get_by_role("link", name="Clear all").click()
    page.get_by_label("Łucja Wiśniewska").check()
    page.get_by_role("button", name="Nurture").click()
    page.get_by_role("button", name="Nurture").click()
    expect(page.get_by_role("heading", name="Nurture")).to_be_visible()
    assert Lead.objects.get(status__key="nurturing").last_name == "Wiśniewska"
