"""The page of the API's documentation: whole under the content security policy, with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leads.models import ApiKey
from people.models import User
from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_the_documentation_shows_each_operation_and_tries_one(visit: Callable[..., Visitor]) -> None:
    page = visit().page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/v1/docs")

    page.locator(".opblock").nth(5).wait_for()
    page.locator("#operations-Leads-list_leads .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.get_by_text("A valid API key is needed.").first.wait_for()

    assert page.locator(".opblock").count() == 6
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {page.url.split("/")[2]}


def test_a_key_made_in_the_browser_opens_the_api(visit: Callable[..., Visitor], administrator: User) -> None:
    page = visit(administrator).page
    page.goto("/settings/api/new/")
    page.get_by_label("Name").fill("Website")
    page.get_by_label("Read leads (leads:read)").check()
    page.get_by_role("button", name="Create and show the key").click()

    secret = page.locator("#secret").inner_text()

    answer = page.request.get("/api/v1/leads", headers={"X-Api-Key": secret})
    assert (answer.status, answer.json()["items"]) == (200, [])
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Website").wait_for()
    assert secret not in page.content()
    assert ApiKey.objects.get().last_used_at is not None
