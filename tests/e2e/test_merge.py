"""One person, one lead, in a real browser: find the pair, choose, merge, read one story, undo, two leads again."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Company, CompanyPair, CustomField, DuplicatePair, Lead
from leads.services.notes import add_note
from leads.tasks import find_duplicates
from sla.services.merge import merge_leads
from tests.work import build_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from people.models import User
    from tests.cast import MakeLead
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def both(make_lead: MakeLead, owner: User, colleague: User) -> tuple[Lead, Lead]:
    now = timezone.now()
    ana = make_lead(
        "mql",
        first_name="Ana",
        last_name="Nowak",
        company="Acme",
        phone="600 100 200",
        country="Spain",
        email="ana.nowak@acme.example",
    )
    double = make_lead(
        first_name="Nowak",
        last_name="Ana",
        company="Acme Ltd",
        phone="+34600100200",
        email="a.nowak@acme.example",
        job_title="Head of IT",
        owner=colleague,
    )
    build_work(ana, owner, due_at=now + timedelta(minutes=30))
    add_note(lead=double, author=colleague, body="Prefers to be called in the morning", now=now)
    return ana, double


def test_find_choose_merge_read_and_undo(visit: Callable[..., Visitor], owner: User, both: tuple[Lead, Lead]) -> None:
    ana, double = both
    page = visit(owner).page
    page.goto(reverse("inbox"))
    page.get_by_role("link", name="Duplicates").click()
    expect(page.get_by_role("heading", name="No duplicates").or_(page.get_by_text("No duplicates"))).to_be_visible()
    page.get_by_role("button", name="Look through everything").click()
    expect(page.get_by_text(re.compile("still to be compared"))).to_be_visible()
    find_duplicates()
    page.get_by_role("link", name="Show what was found").click(timeout=9000)

    row = page.locator(f"#pair-{DuplicatePair.objects.get().pk}")
    expect(row).to_contain_text("Same name and company")
    expect(row).to_contain_text("Same phone number")
    row.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="One, or two?")).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Job title").get_by_label("Head of IT")).to_be_checked()
    page.get_by_role("radiogroup", name="Phone").get_by_label("+34600100200").check()
    expect(page.get_by_text("Moves over: 1 note")).to_be_visible()
    page.get_by_role("button", name="Merge").click()

    expect(page).to_have_url(re.compile(reverse("lead-detail", args=[ana.pk])))
    expect(page.locator("#messages")).to_contain_text("Nowak Ana is now part of Ana Nowak.")
    expect(page.locator("#story")).to_contain_text("Prefers to be called in the morning")
    expect(page.locator("#story")).to_contain_text("Merged with Nowak Ana · Olga Owner")
    expect(page.get_by_text("+34600100200").first).to_be_visible()
    page.goto(reverse("lead-detail", args=[double.pk]))
    expect(page).to_have_url(re.compile(reverse("lead-detail", args=[ana.pk])))

    page.locator("#story").get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Undo the merge").click()
    expect(page).to_have_url(re.compile(reverse("lead-detail", args=[double.pk])))
    expect(page.locator("#messages")).to_contain_text("Nowak Ana is a lead of its own again.")
    expect(page.locator("#story")).to_contain_text("Prefers to be called in the morning")
    page.goto(reverse("lead-detail", args=[ana.pk]))
    expect(page.get_by_role("heading", name="Ana Nowak")).to_be_visible()
    expect(page.locator("#story")).not_to_contain_text("Prefers to be called in the morning")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_the_pages_are_accessible_and_fit(
    visit: Callable[..., Visitor],
    manager: User,
    owner: User,
    both: tuple[Lead, Lead],
    make_lead: MakeLead,
    scheme: str,
    width: int,
) -> None:
    CustomField.objects.create(key="notes", name="What they told us " + "x" * 60)
    long = {"job_title": "Head " * 30, "city": "x" * 90, "custom": {"notes": "word " * 100}, "bant_need": "y" * 200}
    Lead.objects.filter(pk=both[1].pk).update(consent="withdrawn", consent_at=timezone.now(), **long)
    gone = make_lead(last_name="Gone " * 20, owner=owner)
    record = merge_leads(winner=both[0], loser=gone, choices={}, by=owner, now=timezone.now())
    find_duplicates()
    companies = Company.objects.order_by("pk")[:2]
    visitor = visit(manager, color_scheme=scheme, viewport={"width": width, "height": 900})
    for path in (
        reverse("duplicate-list"),
        reverse("duplicate-list") + "?reason=email",
        reverse("duplicate-pair", args=[DuplicatePair.objects.get().pk]),
        reverse("lead-merge", args=[both[1].pk, both[0].pk]),
        reverse("merge-undo", args=[record.pk]),
        reverse("company-duplicate-list"),
        reverse("company-duplicate-pair", args=[CompanyPair.objects.get().pk]),
        reverse("company-merge", args=[companies[1].pk, companies[0].pk]),
    ):
        visitor.page.goto(path)
        assert (visitor.violations(), visitor.overflow()) == ([], 0), path
        if shots := os.environ.get("SHOTS"):
            name = re.sub(r"\W+", "-", path)
            visitor.page.screenshot(path=f"{shots}/{name}{scheme}-{width}.png", full_page=True)
