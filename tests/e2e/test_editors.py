"""Editing in a real browser: rows of conditions, a draft until it is published, the ladder of a promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from scoring.models import Icp, Persona, ScoringModel
from sla.models import Calendar, Policy, RoutingRule
from tests.permission_world import build_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from people.models import User
    from tests.cast import MakeLead
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnungsgesetz"
ROUTES = (
    "person-list", "person-create", "person-edit", "team-list", "team-create", "team-edit", "profile",
    "scoring-model", "scoring-version", "rule-create", "rule-edit", "threshold-edit",
    "icp-list", "icp-create", "icp-detail", "icp-edit", "criterion-edit",
    "persona-list", "persona-create", "persona-detail", "persona-edit",
    "policy-list", "policy-create", "policy-edit", "routing-list", "routing-edit",
    "calendar-list", "calendar-create", "calendar-edit", "glossary", "glossary-edit",
)  # fmt: skip
# Between them they use every piece; the other pages use the same ones.
DARK = ("person-list", "scoring-version", "rule-edit", "icp-detail", "persona-detail", "policy-edit", "glossary")
ROWS = {
    "person-edit": "person", "team-edit": "team", "scoring-version": "draft", "rule-edit": "rule",
    "threshold-edit": "threshold", "icp-detail": "icp", "icp-edit": "icp", "criterion-edit": "criterion",
    "persona-detail": "persona", "persona-edit": "persona", "policy-edit": "policy", "routing-edit": "routing_rule",
    "calendar-edit": "calendar", "glossary-edit": "term",
}  # fmt: skip


def test_a_marketer_drafts_and_publishes(visit: Callable[..., Visitor], marketer: User) -> None:
    page = visit(marketer).page
    page.goto(reverse("scoring-model"))
    page.get_by_role("button", name="Start a draft").click()
    page.get_by_role("link", name="New threshold").click()
    page.get_by_label("Stage").select_option(label="Marketing qualified lead (MQL)")
    page.get_by_label("Total from").fill("50")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name").fill("Large companies")
    page.get_by_label("Part of the score").select_option("fit")
    page.get_by_label("Points", exact=True).fill("20")
    expect(page.get_by_label("Counts for days")).to_be_hidden()
    page.get_by_role("button", name="Add a condition").last.click()
    row = page.locator("[data-formset=conditions] [data-formset-row]")
    row.get_by_label("Field").select_option(label="Employees")
    expect(row.get_by_label("Comparison").locator("option[value=contains]")).to_be_disabled()
    row.get_by_label("Comparison").select_option(label="is at least")
    row.get_by_label("Value").fill("many")
    page.get_by_role("button", name="Save in the draft").click()
    expect(row).to_contain_text("“many” is not a number.")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    row.get_by_label("Value").fill("1000")
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.locator("main")).to_contain_text("Employees is at least 1,000")
    page.get_by_role("button", name="Publish").click()
    assert ScoringModel.objects.published() is None
    page.locator("#confirm-dialog").get_by_role("button", name="Publish").click()
    expect(page.locator("#messages")).to_contain_text("Scoring 1 is published.")
    assert ScoringModel.objects.get().rules.get().conditions == [
        {"field": "company.employees", "op": "gte", "value": 1000}
    ]


def test_a_manager_changes_the_ladder(visit: Callable[..., Visitor], manager: User) -> None:
    policy = Policy.objects.get()
    page = visit(manager).page
    page.goto(reverse("policy-edit", args=[policy.pk]))
    levels = page.locator("[data-formset=levels] [data-formset-row]:visible")
    page.get_by_role("button", name="Add a level").click()
    levels.last.get_by_label("Number").fill("30")
    levels.last.get_by_label("Owner", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(levels.last).to_contain_text("does not come later")
    levels.nth(2).get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved.")
    newest = policy.versions.first()
    assert newest is not None
    assert [(level.number, level.offset_seconds) for level in newest.levels.all()] == [(1, 0), (2, 600), (3, 1800)]


def test_a_policy_is_switched_off_after_a_question(visit: Callable[..., Visitor], manager: User) -> None:
    page = visit(manager).page
    page.goto(reverse("policy-edit", args=[Policy.objects.get().pk]))
    page.get_by_role("button", name="Switch off").click()
    page.locator("#confirm-dialog").get_by_role("button", name="Cancel").click()
    assert Policy.objects.get().is_active
    page.get_by_role("button", name="Switch off").click()
    page.locator("#confirm-dialog").get_by_role("button", name="Yes").click()
    expect(page.locator("#messages")).to_contain_text("is off")
    assert not Policy.objects.get().is_active


@pytest.fixture
def addresses(everybody: dict[str, User], make_lead: MakeLead) -> dict[str, str]:
    """Every page by its route, in a world of names that are one long word."""
    world = build_world(everybody, make_lead)
    for model in (Icp, Persona, Policy, RoutingRule, Calendar):
        model._default_manager.update(name=LONG)
    return {route: reverse(route, kwargs=world.kwargs[ROWS.get(route, "")]) for route in ROUTES}


@pytest.mark.parametrize(("scheme", "routes"), [("light", ROUTES), ("dark", DARK)])
def test_the_pages_are_accessible(
    visit: Callable[..., Visitor], administrator: User, addresses: dict[str, str], scheme: str, routes: tuple[str, ...]
) -> None:
    visitor = visit(administrator, color_scheme=scheme)
    found = {}
    for route in routes:
        visitor.page.goto(addresses[route])
        for history in visitor.page.locator("details.card").all():
            history.locator("summary").click()
        found[route] = visitor.violations()
    assert found == {route: [] for route in routes}


def test_the_pages_fit_a_phone(visit: Callable[..., Visitor], administrator: User, addresses: dict[str, str]) -> None:
    visitor = visit(administrator, viewport={"width": 390, "height": 844})
    found = {}
    for route, address in addresses.items():
        visitor.page.goto(address)
        found[route] = visitor.overflow()
    assert found == dict.fromkeys(ROUTES, 0)
