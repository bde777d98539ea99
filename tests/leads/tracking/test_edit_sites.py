"""The pages of tracked sites: addresses, allowed events, the snippet, and what was sent."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from leads.models import EventType, TrackedSite
from people.models import User
from tests.cast import NOW
from tests.forms import send
from tests.leads.tracking.building import ORIGIN, Browser, build_site, event


@pytest.fixture
def by(client: Client, marketer: User) -> Client:
    client.force_login(marketer)
    return client


def test_add_a_site(by: Client, marketer: User) -> None:
    usual = {EventType.objects.get(key=key) for key in ("page_viewed", "pricing_viewed", "content_downloaded")}
    answer = send(by, reverse("site-create"), {"name": "Our site", "origins": "acme.example\nhttp://localhost:8080/x"})
    site = TrackedSite.objects.get()
    assert answer["Location"] == reverse("site-detail", args=[site.pk])
    assert (site.origins, site.created_by) == (["https://acme.example", "http://localhost:8080"], marketer)
    assert set(site.event_types.all()) == usual


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"origins": ""}, "This field is required"),
        ({"origins": "https://*.acme.example"}, "is not an address such as"),
        ({"origins": "mailto:ann@acme.example"}, "is not an address such as"),
        ({"origins": "\n".join(f"https://a{n}.example" for n in range(51))}, "more than 50 addresses"),
        ({"name": ""}, "This field is required"),
        ({"event_types": []}, "This field is required"),
        ({"event_types": ["0"]}, "Select a valid choice"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(by: Client, changes: dict[str, Any], text: str) -> None:
    usual = {"name": "Our site", "origins": ORIGIN}
    answer = send(by, reverse("site-create"), {**usual, **changes})
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not TrackedSite.objects.exists()


def test_change_a_site(by: Client) -> None:
    site = build_site()
    changes = {"origins": "https://new.example", "is_active": None}
    send(by, reverse("site-edit", args=[site.pk]), changes)
    site.refresh_from_db()
    assert (site.origins, site.is_active) == (["https://new.example"], False)
    assert Browser(site)() == 403


def test_somebody_else_saved_in_between(by: Client) -> None:
    site = build_site()
    url = reverse("site-edit", args=[site.pk])
    seen = by.get(url).context["editor"].seen
    site.event_types.set(EventType.objects.filter(key="page_viewed"))
    answer = send(by, url, {"seen": seen, "name": "Mine"})
    assert answer.status_code == 422
    assert TrackedSite.objects.get().name == "Our site"


def test_the_page_has_both_snippets_and_what_was_sent(by: Client, settings: Any) -> None:
    settings.BATON_BASE_URL = "https://baton.example"
    site = build_site()
    Browser(site)(event(), event(), event("hacked"))
    with time_machine.travel(NOW, tick=False):
        answer = by.get(reverse("site-detail", args=[site.pk]))
    tag = f'<script async src="https://baton.example/static/js/track.js" data-key="{site.key}"'
    assert f"{tag}></script>" in answer.context["snippet"]
    assert f'{tag} data-consent="required"></script>' in answer.context["careful_snippet"]
    html = answer.content.decode()
    assert "hacked" in html
    assert "it may not be sent" in html
    assert answer.context["visitors"] == {"all": 1, "known": 0}
    assert [(row["name"], row["sum"], row["is_kept"]) for row in answer.context["rows"]] == [
        ("page_viewed", 2, True),
        ("hacked", 1, False),
    ]


def test_the_list_shows_last_hit_and_counts(by: Client, django_assert_max_num_queries: Any) -> None:
    site = build_site()
    build_site(name="Silent")
    Browser(site)(event(), event("hacked"))
    with time_machine.travel(NOW, tick=False), django_assert_max_num_queries(6):
        found = by.get(reverse("site-list")).context["sites"]
        assert {row.name: (row.kept, row.refused, row.last) for row in found} == {
            "Our site": (1, 1, NOW),
            "Silent": (None, None, None),
        }
