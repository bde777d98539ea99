"""From a page view to a lead: a form is built, shown in a customer's page, filled in, and its sender is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from leads.models import CaptureForm, Lead, TrackedSite, VisitorEvent
from tests.e2e.customer import CustomerSite
from tests.leads.capture.building import EMAIL, build_form
from tests.leads.tracking.building import build_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from people.models import User
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnungsgesetz"


@pytest.fixture
def customer() -> Iterator[CustomerSite]:
    site = CustomerSite()
    yield site
    site.close()


def build(page: Page) -> CaptureForm:
    """As a marketer does: two questions more than a new form begins with, and a consent."""
    page.goto(reverse("capture-list"))
    page.get_by_role("link", name="New form").first.click()
    page.get_by_label("Name", exact=True).fill("Demo request")
    page.get_by_label("Title").fill("See it at work")
    page.get_by_label("Introduction").fill("Half an hour, with your own figures.")
    rows = page.locator("[data-formset=questions] [data-formset-row]:visible")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Add a question").click()
    rows.last.get_by_label("Asks for").select_option(label="Job title")
    rows.last.get_by_label("Only while not known").check()
    page.get_by_role("button", name="Add a question").click()
    rows.last.get_by_label("Asks for").select_option(label="E-mail address")
    page.get_by_label("Consent text").fill("You may write to me about it.")
    shown = page.frame_locator("iframe[name=live-preview]")
    expect(shown.get_by_role("heading", name="See it at work")).to_be_visible()
    expect(shown.get_by_label("You may write to me")).to_be_visible()
    expect(shown.get_by_label("Job title")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(rows.last).to_contain_text("This is asked already.")
    rows.last.get_by_label("Asks for").select_option(label="Company")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Demo request")
    return CaptureForm.objects.get()


def test_from_a_page_view_to_a_lead(
    visit: Callable[..., Visitor], customer: CustomerSite, marketer: User, settings: Any
) -> None:
    office = visit(marketer)
    settings.BATON_BASE_URL = office.address
    form = build(office.page)
    site = build_site(origins=[customer.origin])
    office.page.get_by_role("button", name="Embed or link").click()
    snippet = office.page.get_by_label("In a page of your site").input_value()
    office.page.goto(reverse("site-detail", args=[site.pk]))
    tracking = office.page.get_by_label("In the head of every page").input_value()

    reader = visit()
    reader.page.goto(customer.page("/", tracking, "Start") + "?utm_source=Newsletter&utm_campaign=Spring")
    reader.page.wait_for_timeout(500)
    reader.page.goto(customer.page("/demo", f"{tracking}<h1>Demo</h1>{snippet}", "Demo"))
    frame = reader.page.frame_locator("iframe")
    frame.get_by_label("First name").fill("Ann")
    reader.page.wait_for_timeout(2_200)
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("alert")).to_contain_text("Nothing was sent yet")
    frame.get_by_role("link", name="E-mail address").click()
    expect(frame.get_by_label("E-mail address")).to_be_focused()
    frame.get_by_label("E-mail address").fill("ann@acme.com")
    frame.get_by_label("Company").fill("Acme")
    frame.get_by_label("You may write to me").check()
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_text("Thank you.")).to_be_visible()
    height = reader.page.locator("iframe").get_attribute("height")
    assert height is not None
    assert 80 <= int(height) < 400

    lead = Lead.objects.get()
    assert (lead.first_name, str(lead.company), lead.consent) == ("Ann", "Acme", "granted")
    assert (str(lead.source), str(lead.campaign)) == ("Newsletter", "Spring")
    assert lead.submissions.get().page == f"{customer.origin}/demo"
    assert [row.event_type.key for row in lead.events.order_by("pk")].count("page_viewed") == 2
    assert not VisitorEvent.objects.exists()
    office.page.goto(reverse("lead-detail", args=[lead.pk]))
    story = office.page.locator("main")
    for text in ("Page viewed", "Form submitted", "Demo request", f"{customer.origin}/demo"):
        expect(story).to_contain_text(text)

    # Known now: the next page view is the lead's, and the form asks what is not known yet.
    reader.page.goto(f"{customer.origin}/demo")
    reader.page.wait_for_timeout(500)
    assert lead.events.filter(event_type__key="page_viewed").count() == 3
    expect(frame.get_by_label("Job title")).to_be_visible()
    lead.job_title = "Chief"
    lead.save()
    reader.page.reload()
    expect(frame.get_by_label("E-mail address")).to_have_value("")
    expect(frame.get_by_label("Job title")).to_have_count(0)
    assert form.submissions.count() == 1


def test_the_form_works_without_javascript(visit: Callable[..., Visitor], db: None) -> None:
    form = build_form(EMAIL, "first_name")
    reader = visit(java_script_enabled=False)
    reader.page.goto(f"/f/{form.key}/")
    reader.page.get_by_label("E-mail address").fill("ann@acme.com")
    reader.page.wait_for_timeout(2_100)
    reader.page.get_by_role("button", name="Send").click()
    assert urlsplit(reader.page.url).path == f"/f/{form.key}/thanks/"
    assert Lead.objects.get().email == "ann@acme.com"


def test_a_frame_of_a_site_that_is_not_allowed_stays_empty(
    visit: Callable[..., Visitor], customer: CustomerSite, db: None
) -> None:
    form = build_form(allowed_sites=["https://www.acme.example"])
    reader = visit()
    reader.page.goto(customer.page("/", f'<iframe src="{reader.address}/f/{form.key}/embed/"></iframe>'))
    reader.page.wait_for_timeout(300)
    expect(reader.page.frame_locator("iframe").get_by_role("button")).to_have_count(0)
    assert any("frame-ancestors" in complaint for complaint in reader.complaints)
    reader.complaints.clear()


def test_a_redirect_leads_the_page_around_the_frame(
    visit: Callable[..., Visitor], customer: CustomerSite, settings: Any, db: None
) -> None:
    reader = visit()
    after = customer.page("/thanks", "<h1>Thanks from Acme</h1>")
    form = build_form(redirect_url=after)
    source, script = f"{reader.address}/f/{form.key}/embed/", f"{reader.address}/static/js/embed.js"
    body = f'<iframe src="{source}" title="Form"></iframe><script src="{script}" async></script>'
    reader.page.goto(customer.page("/demo", body))
    frame = reader.page.frame_locator("iframe")
    frame.get_by_label("E-mail address").fill("ann@acme.com")
    reader.page.wait_for_timeout(2_100)
    frame.get_by_role("button", name="Send").click()
    expect(reader.page.get_by_role("heading", name="Thanks from Acme")).to_be_visible()
    reader.page.goto(f"/f/{form.key}/")
    reader.page.get_by_label("E-mail address").fill("bob@acme.com")
    reader.page.wait_for_timeout(2_100)
    reader.page.get_by_role("button", name="Send").click()
    expect(reader.page.get_by_role("heading", name="Thanks from Acme")).to_be_visible()


@pytest.fixture
def addresses(db: None) -> list[str]:
    """Every page, with names that are one long word."""
    everything = ("first_name", "phone", "company.employees", {"what": "message", "help_text": LONG, "label": LONG})
    form = build_form(
        EMAIL, *everything, name=LONG, title=LONG, intro=LONG, consent_mode="required", consent_text=f"{LONG} and more",
    )  # fmt: skip
    TrackedSite.objects.all().delete()
    site = build_site(name=LONG)
    return [
        *(reverse(name) for name in ("capture-list", "capture-create", "site-list", "site-create")),
        *(reverse(name, args=[form.pk]) for name in ("capture-detail", "capture-edit", "capture-preview")),
        *(reverse(name, args=[site.pk]) for name in ("site-detail", "site-edit")),
        *(f"/f/{form.key}/{end}" for end in ("", "thanks/", "embed/", "embed/thanks/")),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(
    visit: Callable[..., Visitor], marketer: User, addresses: list[str], scheme: str
) -> None:
    visitor = visit(marketer, color_scheme=scheme)
    found = {}
    for address in addresses:
        visitor.page.goto(address)
        found[address] = visitor.violations()
        if address.endswith("/") and address.startswith("/f/") and "thanks" not in address:
            visitor.page.get_by_role("button", name="Send").click()
            found[f"{address} refused"] = visitor.violations()
    assert found == {address: [] for address in found}


def test_the_pages_fit_a_phone(visit: Callable[..., Visitor], marketer: User, addresses: list[str]) -> None:
    visitor = visit(marketer, viewport={"width": 390, "height": 844})
    found = {}
    for address in addresses:
        visitor.page.goto(address)
        found[address] = visitor.overflow()
    assert found == dict.fromkeys(found, 0)
