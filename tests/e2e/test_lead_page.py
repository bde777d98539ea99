"""The page of a lead in a real browser: facts edited where they stand, by mouse and by keyboard; the next lead."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pghistory
import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Lead, Note
from tests.work import build_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    from people.models import User
    from sla.models import Clock
    from tests.cast import MakeLead
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnungsgesetz"


@pytest.fixture
def nowak(owner: User, make_lead: MakeLead) -> Clock:
    lead = make_lead("mql", first_name="Ana", last_name="Nowak", company="Acme", phone="+34 600", job_title="Buyer")
    with pghistory.context(user=owner.pk):
        lead.job_title = "Head of buying"
        lead.save()
    return build_work(lead, owner, due_at=timezone.now() + timedelta(minutes=4))


def opened(visitor: Visitor, lead: Lead, query: str = "") -> Page:
    visitor.page.goto(reverse("lead-detail", args=[lead.pk]) + query)
    expect(
        visitor.page.locator("#story ol.story").or_(visitor.page.get_by_text("Nothing of this kind"))
    ).to_be_visible()
    return visitor.page


def fact(page: Page, key: str) -> Locator:
    return page.locator(f"#fact-{key}")


def test_a_fact_is_edited_by_mouse(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    page = opened(visit(owner), nowak.lead)
    name = fact(page, "name")
    name.get_by_role("link", name="Ana Nowak").click()
    expect(name.get_by_label("First name")).to_be_focused()
    name.get_by_label("First name").fill("Anna")
    name.get_by_role("button", name="Save").click()
    expect(name.get_by_role("link", name="Anna Nowak")).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Nowak")
    expect(page.locator("#story")).to_contain_text("First name: Ana → Anna")
    nowak.lead.refresh_from_db()
    assert nowak.lead.first_name == "Anna"


def test_a_fact_is_edited_by_keyboard(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    page = opened(visit(owner), nowak.lead)
    budget = fact(page, "bant_budget")
    budget.get_by_role("link", name="Edit Budget").focus()
    page.keyboard.press("Enter")
    expect(budget.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("never mind")
    page.keyboard.press("Escape")
    expect(budget.get_by_role("link", name="Edit Budget")).to_be_focused()
    expect(budget).to_contain_text("Add")
    page.keyboard.press("Enter")
    expect(budget.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("40,000 €")
    page.keyboard.press("Enter")
    expect(budget.get_by_role("link", name="Edit Budget: 40,000 €")).to_be_focused()
    expect(budget.get_by_role("link", name="History of Budget")).to_be_attached()
    nowak.lead.refresh_from_db()
    assert nowak.lead.bant_budget == "40,000 €"


def test_what_is_wrong_is_said_at_the_field(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    visitor = visit(owner)
    page = opened(visitor, nowak.lead)
    email = fact(page, "email")
    email.hover()
    email.get_by_role("link", name="Edit E-mail").click()
    email.get_by_role("textbox").fill("nonsense")
    email.get_by_role("button", name="Save").click()
    expect(email).to_contain_text("valid email")
    expect(email.get_by_role("textbox")).to_have_value("nonsense")
    expect(email.get_by_role("textbox")).to_be_focused()
    assert visitor.violations() == []
    email.get_by_role("link", name="Cancel").click()
    expect(email.get_by_role("link", name=nowak.lead.email)).to_be_visible()


def test_a_conflict_is_said_and_decided(
    visit: Callable[..., Visitor], owner: User, manager: User, nowak: Clock
) -> None:
    visitor = visit(owner)
    page = opened(visitor, nowak.lead)
    job = fact(page, "job_title")
    job.get_by_role("link", name="Head of buying").click()
    job.get_by_role("textbox").fill("Mine")
    with pghistory.context(user=manager.pk):
        Lead.objects.filter(pk=nowak.lead_id).update(job_title="Theirs")
    job.get_by_role("button", name="Save").click()
    expect(job.get_by_role("alert")).to_contain_text("Max Manager changed this")
    expect(job.get_by_role("alert")).to_contain_text("Theirs")
    assert visitor.violations() == []
    job.get_by_role("button", name="Save mine").click()
    expect(job.get_by_role("link", name="Mine")).to_be_visible()
    nowak.lead.refresh_from_db()
    assert nowak.lead.job_title == "Mine"


def test_the_history_of_a_fact_opens_and_closes(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    visitor = visit(owner)
    page = opened(visitor, nowak.lead)
    history = fact(page, "job_title").get_by_role("link", name="History of Job")
    history.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Head of buying")
    expect(dialog).to_contain_text("Olga Owner")
    assert visitor.violations() == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(history).to_be_focused()


def test_what_to_do_next_follows_what_is_done(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    page = opened(visit(owner), nowak.lead, "?from=inbox")
    step = page.locator("#next-step")
    expect(step).to_contain_text("Call now: first touch due")
    step.get_by_role("button", name="Log a call").click()
    page.get_by_role("button", name="No answer").click()
    expect(page).to_have_url(re.compile(r"from=inbox"))
    expect(step).to_contain_text("Try again by phone")
    expect(step).to_contain_text("Called once, no answer.")


def test_from_one_lead_to_the_next_by_keys_and_buttons(
    visit: Callable[..., Visitor], owner: User, nowak: Clock, make_lead: MakeLead
) -> None:
    second = build_work(make_lead("mql", last_name="Second"), owner, due_at=timezone.now() + timedelta(minutes=9))
    page = visit(owner).page
    page.goto(reverse("inbox"))
    page.get_by_role("link", name="Ana Nowak").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Nowak")
    page.wait_for_load_state()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", level=1)).to_have_text(str(second.lead))
    expect(page.get_by_role("link", name="Next lead")).to_have_count(0)
    page.wait_for_load_state()
    page.get_by_label("Note", exact=True).fill("")
    page.get_by_label("Note", exact=True).press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text(str(second.lead))
    page.get_by_role("link", name="Previous lead").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Nowak")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_the_story_is_narrowed_in_place(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    Note.objects.create(lead=nowak.lead, author=owner, body="Uses a LIMS")
    page = opened(visit(owner), nowak.lead)
    page.get_by_label("Words").fill("lims")
    page.get_by_label("Words").press("Enter")
    expect(page.locator("#story li")).to_have_count(1)
    page.locator("#story").get_by_role("link", name="Clear").click()
    expect(page.locator("#story .story")).to_contain_text("Handed off to")
    page.locator("#story").get_by_role("link", name="Stages and hand-offs").click()
    expect(page.locator("#story")).to_contain_text("Handed off to")
    expect(page.locator("#story")).not_to_contain_text("Uses a LIMS")
    page.locator("#story").get_by_role("link", name="Notes").click()
    page.locator("#story").get_by_role("button", name="Delete the note").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator("#messages")).to_contain_text("The note was deleted.")
    assert not Note.objects.exists()


def test_without_scripts_it_is_all_there(visit: Callable[..., Visitor], owner: User, nowak: Clock) -> None:
    page = visit(owner, java_script_enabled=False).page
    page.goto(reverse("lead-detail", args=[nowak.lead_id]))
    page.locator("#story").get_by_role("link", name="Show it").click()
    expect(page.locator("#story")).to_contain_text("Handed off to Olga Owner")
    expect(page.locator("#company-card")).to_contain_text("Acme")
    fact(page, "job_title").get_by_role("link", name="Head of buying").click()
    expect(page).to_have_url(re.compile(r"/edit/#id_job_title$"))


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_every_state_of_the_page_can_be_read_by_everybody(
    visit: Callable[..., Visitor], manager: User, owner: User, nowak: Clock, make_lead: MakeLead, look: dict[str, Any]
) -> None:
    bare = make_lead("lead", owner=owner, first_name="", last_name="", email="")
    full = make_lead(
        "mql", owner=owner, first_name=LONG, last_name=LONG, company=LONG, job_title=LONG, phone="+49 " + "1" * 40,
        city=LONG, bant_need=LONG, bant_budget="1", journey_step="decision", do_not_call=True, do_not_email=True,
    )  # fmt: skip
    visitor = visit(manager, **look)
    for lead in (nowak.lead, bare, full):
        opened(visitor, lead)
        assert (visitor.violations(), visitor.overflow()) == ([], 0), lead
    for key in ("status", "stage", "owner", "company", "consent", "bant_authority", "do_not_call"):
        control = fact(visitor.page, key)
        control.hover()
        control.locator("[data-fact-edit]").last.click()
        expect(control.locator("form")).to_be_visible()
    assert (visitor.violations(), visitor.overflow()) == ([], 0)
    visitor.page.goto(reverse("company-detail", args=[full.company_id]))
    assert (visitor.violations(), visitor.overflow()) == ([], 0)
