"""The lists and privacy in a real browser: a stage and a field are added, a move is forbidden and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from leads.models import CustomField, ForbiddenMove, LeadStatus, LifecycleStage, PrivacyAct, Source, StatusReason
from tests.cast import NOW
from tests.permission_world import build_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from people.models import User
    from tests.cast import MakeLead
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnungsgesetz"
SLUGS = ("stages", "statuses", "types", "sources", "campaigns", "events", "fields")


def test_a_marketer_adds_a_stage_and_a_field_and_forbids_a_move(
    visit: Callable[..., Visitor], marketer: User, make_lead: MakeLead
) -> None:
    lead = make_lead("lead")
    page = visit(marketer).page
    page.goto(reverse("lists"))
    page.get_by_role("link", name="Lifecycle stages").click()
    page.get_by_role("link", name="New stage").click()
    page.get_by_label("Name").fill("Engaged")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("“Engaged” is saved.")
    for _step in range(5):
        page.get_by_role("button", name="Move “Engaged” up").click()
    assert list(LifecycleStage.objects.values_list("key", flat=True))[2] == "engaged"

    page.goto(reverse("list-create", args=["fields"]))
    page.get_by_label("Name").fill("Plan")
    page.get_by_label("Kind").select_option("choice")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("A choice needs at least one value")
    for text in ("Basic", "Pro"):
        page.get_by_role("button", name="Add a choice").click()
        page.locator("[data-formset-row]:visible").last.get_by_label("Choice").fill(text)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("“Plan” is saved.")
    assert CustomField.objects.get().choices == ["Basic", "Pro"]

    page.goto(reverse("stage-moves"))
    page.get_by_label("From “Lead” to “Engaged”").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved: 1 move changed.")
    assert ForbiddenMove.objects.count() == 1

    page.goto(reverse("lead-edit", args=[lead.pk]))
    page.get_by_label("Plan").select_option("Pro")
    page.get_by_label("Lifecycle stage").select_option(label="Engaged")
    page.get_by_label("Why it is moved by hand").fill("They wrote.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("A lead in “Lead” cannot move to “Engaged”.")
    page.get_by_label("Lifecycle stage").select_option(label="Marketing qualified lead (MQL)")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("was saved")
    lead.refresh_from_db()
    assert (lead.stage.key, lead.custom) == ("mql", {"plan": "Pro"})


def test_an_administrator_hands_out_and_erases(
    visit: Callable[..., Visitor], administrator: User, make_lead: MakeLead
) -> None:
    lead = make_lead(first_name="Grace", last_name="Hopper", email="grace@navy.example")
    page = visit(administrator).page
    page.goto(reverse("privacy"))
    page.get_by_label("E-mail address").fill("grace@navy.example")
    page.get_by_role("button", name="Look up").click()
    page.get_by_role("link", name="Grace Hopper").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download (JSON)").click()
    assert download.value.suggested_filename == f"lead-{lead.pk}.json"
    page.get_by_role("link", name="Erase this person").click()
    page.get_by_label("Type the name to confirm").fill("Hopper")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("not the name of the lead")
    page.get_by_label("Type the name to confirm").fill("Grace Hopper")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.locator("#messages")).to_contain_text("The person was erased.")
    expect(page.locator("main")).not_to_contain_text("Grace")
    assert PrivacyAct.objects.filter(kind="erased", lead=lead).exists()


@pytest.fixture
def addresses(everybody: dict[str, User], make_lead: MakeLead) -> list[str]:
    """Every page of lists and privacy, in a world of names that are one long word."""
    world = build_world(everybody, make_lead)
    status = LeadStatus.objects.get(key="postponed")
    StatusReason.objects.create(status=status, text=LONG, position=10)
    LifecycleStage.objects.filter(key="mql").update(name=LONG, description=LONG)
    Source.objects.update(name=LONG)
    field = CustomField.objects.create(key="plan", name=LONG, kind="choice", choices=[LONG, "Pro"])
    mql, sal = LifecycleStage.objects.get(key="mql"), LifecycleStage.objects.get(key="sal")
    ForbiddenMove.objects.create(from_stage=mql, to_stage=sal)
    PrivacyAct.objects.create(lead=world.lead, kind="exported", by=everybody["administrator"], at=NOW)
    world.lead.last_name, world.lead.email = LONG[:150], "long@customer.example"
    world.lead.save()
    lead = [world.lead.pk]
    return [
        reverse("lists"),
        reverse("stage-moves") + "?preset=back-one",
        *(reverse("list-detail", args=[slug]) for slug in SLUGS),
        *(reverse("list-create", args=[slug]) for slug in SLUGS),
        reverse("list-edit", args=["stages", mql.pk]),
        reverse("list-edit", args=["statuses", status.pk]),
        reverse("list-edit", args=["fields", field.pk]),
        reverse("list-edit", args=["sources", Source.objects.get().pk]),
        reverse("list-merge", args=["sources", Source.objects.get().pk]),
        reverse("privacy") + "?email=long@customer.example",
        reverse("lead-privacy", args=lead),
        reverse("lead-erase", args=lead),
        reverse("lead-detail", args=lead),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(
    visit: Callable[..., Visitor], administrator: User, addresses: list[str], scheme: str
) -> None:
    visitor = visit(administrator, color_scheme=scheme)
    found = {}
    for address in addresses:
        visitor.page.goto(address)
        for history in visitor.page.locator("details.card").all():
            history.locator("summary").click()
        found[address] = visitor.violations()
    visitor.page.goto(reverse("lead-privacy", args=[addresses[-1].split("/")[2]]))
    visitor.page.get_by_role("button", name="Read and print").click()
    found["print"] = visitor.violations()
    assert found == {address: [] for address in (*addresses, "print")}


def test_the_pages_fit_a_phone(visit: Callable[..., Visitor], administrator: User, addresses: list[str]) -> None:
    visitor = visit(administrator, viewport={"width": 390, "height": 844})
    found = {}
    for address in addresses:
        visitor.page.goto(address)
        found[address] = visitor.overflow()
    assert found == dict.fromkeys(addresses, 0)
