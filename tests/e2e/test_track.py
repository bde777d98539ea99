"""The tracking snippet in a real browser: what it sends and keeps, and that it keeps still when it has to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.e2e.customer import CustomerSite

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.e2e

QUEUE = "<script>window.baton=window.baton||function(){(baton.q=baton.q||[]).push(arguments)}</script>"
TAG = '<script async src="/static/js/track.js" data-key="key"%s></script>'
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})"
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


@pytest.fixture
def site() -> Iterator[CustomerSite]:
    site = CustomerSite()
    yield site
    site.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def visit(site: CustomerSite, context: BrowserContext) -> Callable[..., Page]:
    """Open the site's page that carries the snippet, and give it time to send."""

    def open_page(body: str = "", options: str = "", query: str = "", before: str = "") -> Page:
        page = context.new_page()
        if before:
            page.add_init_script(before)
        page.goto(site.page("/pricing", QUEUE + TAG % options + body, "Prices") + query)
        page.wait_for_timeout(600)
        return page

    return open_page


def stored(context: BrowserContext) -> set[str]:
    return {str(cookie.get("name")) for cookie in context.cookies()}


def test_a_page_view_is_sent_with_a_number_that_lasts(site: CustomerSite, visit: Callable[..., Page]) -> None:
    for _time in range(2):
        visit(query="?utm_source=Fair#part")
    first, second = site.heard
    assert first["type"] == "text/plain;charset=UTF-8"
    assert (first["k"], first["c"], len(first["v"])) == ("key", False, 32)
    assert first["v"] == second["v"]
    event = first["e"][0]
    assert event["n"] == "page_viewed"
    assert event["p"] == {"page": f"{site.origin}/pricing?utm_source=Fair", "title": "Prices", "referrer": ""}
    assert 0 <= first["now"] - event["t"] < 5_000
    assert event["id"] != second["e"][0]["id"]


def test_named_events_are_sent_also_those_before_the_script_came(
    site: CustomerSite, visit: Callable[..., Page]
) -> None:
    page = visit("<script>baton('event', 'pricing_viewed', {plan: 'large'})</script>")
    assert site.events == ["page_viewed", "pricing_viewed"]
    page.evaluate("baton('event', 'content_downloaded'); baton('page'); baton('nonsense')")
    page.goto("about:blank")  # what waits is sent when one leaves
    page.wait_for_timeout(300)
    assert site.events[2:] == ["content_downloaded", "page_viewed"]
    assert site.heard[0]["e"][1]["p"] == {"plan": "large"}


def test_more_than_twenty_go_in_several_batches(site: CustomerSite, visit: Callable[..., Page]) -> None:
    page = visit()
    page.evaluate("for (let n = 0; n < 45; n++) baton('event', 'e' + n)")
    page.wait_for_timeout(600)
    assert [len(batch["e"]) for batch in site.heard[1:]] == [20, 20, 5]


@pytest.mark.parametrize("wish", [DNT, GPC], ids=["do not track", "global privacy control"])
def test_who_asks_not_to_be_tracked_is_not(
    site: CustomerSite, context: BrowserContext, visit: Callable[..., Page], wish: str
) -> None:
    page = visit("<script>baton('event', 'early')</script>", before=wish)
    page.evaluate("baton('consent', true); baton('event', 'late')")
    page.wait_for_timeout(600)
    assert (site.heard, stored(context)) == ([], set())
    assert page.evaluate("localStorage.length") == 0


def test_where_consent_is_required_nothing_is_kept_or_sent_before(
    site: CustomerSite, context: BrowserContext, visit: Callable[..., Page]
) -> None:
    page = visit("<script>baton('event', 'early')</script>", ' data-consent="required"')
    assert (site.heard, stored(context)) == ([], set())
    page.evaluate("baton('consent', true); baton('event', 'late')")
    page.wait_for_timeout(600)
    assert site.events == ["page_viewed", "late"]
    assert site.heard[0]["c"] is True
    assert stored(context) == {"baton_v", "baton_c"}
    visit(options=' data-consent="required"')
    assert site.events[2:] == ["page_viewed"]


@pytest.mark.parametrize("options", ["", ' data-consent="required"'])
def test_who_withdraws_is_forgotten_by_the_browser(
    site: CustomerSite, context: BrowserContext, visit: Callable[..., Page], options: str
) -> None:
    page = visit(options=options)
    page.evaluate("baton('consent', true)")
    page.evaluate("baton('event', 'waits'); baton('consent', false); baton('event', 'after')")
    page.wait_for_timeout(600)
    sent = list(site.events)
    assert "waits" not in sent
    assert "after" not in sent
    assert stored(context) == {"baton_c"}
    visit(options=options)
    assert site.events == sent


def test_our_forms_learn_who_comes_and_no_other_page(site: CustomerSite, visit: Callable[..., Page]) -> None:
    site.page("/f/key/embed/", "Form")
    links = '<a id=ours href="/f/key/?a=1">Ours</a><a id=other href="/other/">Other</a>'
    links += '<iframe src="/f/key/embed/"></iframe>'
    page = visit(links, query="?utm_campaign=Spring&x=1")
    number = site.heard[0]["v"]
    frame = page.frames[1].url
    for part in (f"v={number}", "utm_campaign=Spring", "page=http%3A%2F%2F127.0.0.1"):
        assert part in frame
    assert "x=1" not in frame
    for name in ("ours", "other"):
        page.evaluate(
            f"addEventListener('click', (e) => e.preventDefault()); document.getElementById('{name}').click()"
        )
    assert f"a=1&v={number}" in str(page.get_attribute("#ours", "href"))
    assert page.get_attribute("#other", "href") == "/other/"


def test_without_consent_a_form_does_not_learn_who_comes(site: CustomerSite, visit: Callable[..., Page]) -> None:
    site.page("/f/key/embed/", "Form")
    page = visit('<iframe src="/f/key/embed/"></iframe>', ' data-consent="required"')
    assert page.frames[1].url == f"{site.origin}/f/key/embed/"
