"""Setting up webhooks in the browser, and reading their log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from leads.services import webhook_endpoints
from leads.tasks import forget_answers, send_webhooks
from people.history import Told, history_of
from people.models import User
from tests.cast import MakeLead
from tests.forms import send
from tests.leads.hooks import NOW, SECRET, build_delivery, build_endpoint, listening

CREATE = reverse("webhook-create")
# An address, so that no name has to be resolved.
SOUND = {"url": "https://8.8.8.8/hook", "description": "CRM", "kinds": ["lead.won", "lead.created"]}


@pytest.fixture
def client(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.fixture
def endpoint(administrator: User) -> WebhookEndpoint:
    return build_endpoint(administrator, "https://8.8.8.8/hook", "lead.created")


def page(name: str, row: Any) -> str:
    return reverse(name, args=[row.pk])


def test_created_with_a_secret_that_is_shown_once(client: Client, administrator: User) -> None:
    response = send(client, CREATE, SOUND)

    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secret in response.content.decode()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{32}", endpoint.secret)
    assert (endpoint.kinds, endpoint.is_active, endpoint.created_by) == (
        ["lead.created", "lead.won"], True, administrator
    )  # fmt: skip
    for name in ("webhook-detail", "webhook-edit"):
        assert endpoint.secret not in client.get(page(name, endpoint)).content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": "http://8.8.8.8/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://192.168.0.1/"}, "url"),
        ({"kinds": None}, "kinds"),
        ({"kinds": ["lead.eaten"]}, "kinds"),
        ({"description": "x" * 201}, "description"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client: Client, change: dict[str, Any], field: str) -> None:
    response = send(client, CREATE, SOUND | change)

    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not WebhookEndpoint.objects.exists()


def test_there_is_an_end_to_how_many(
    client: Client, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_endpoints, "MOST", 1)
    assert send(client, CREATE, SOUND).status_code == 422
    assert WebhookEndpoint.objects.count() == 1


def test_changed_with_a_history_of_who(client: Client, endpoint: WebhookEndpoint, administrator: User) -> None:
    send(client, page("webhook-edit", endpoint), {"url": "https://1.1.1.1/", "kinds": ["lead.lost"]})

    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.kinds, endpoint.secret) == ("https://1.1.1.1/", ["lead.lost"], SECRET)
    change = history_of(Told.of(endpoint))[0]
    assert (change.who, {one.label for one in change.fields}) == (administrator.name, {"Address", "Hears of"})
    refused = send(client, page("webhook-edit", endpoint), {"url": "https://10.0.0.1/"})
    assert refused.status_code == 422


def test_switched_off_and_on(client: Client, endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(failing_since=NOW)
    client.post(page("webhook-switch", endpoint), {"on": "0"})
    endpoint.refresh_from_db()
    assert not endpoint.is_active

    client.post(page("webhook-switch", endpoint), {"on": "1"})
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failing_since, endpoint.disabled_at) == (True, None, None)


def test_the_secret_is_rolled(client: Client, endpoint: WebhookEndpoint) -> None:
    html = client.post(page("webhook-roll", endpoint)).content.decode()

    endpoint.refresh_from_db()
    assert endpoint.secret in html
    assert (endpoint.secret != SECRET, endpoint.old_secret) == (True, SECRET)


def test_deleted_with_its_log(client: Client, endpoint: WebhookEndpoint) -> None:
    build_delivery(endpoint)
    client.post(page("webhook-delete", endpoint))
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_a_ping_goes_out_and_its_page_shows_the_answer(client: Client, administrator: User, settings: Any) -> None:
    settings.BATON_WEBHOOK_PRIVATE = True
    with listening() as listener:
        endpoint = build_endpoint(administrator, listener.url, "lead.won")
        response = client.post(page("webhook-ping", endpoint))
        send_webhooks()
        send_webhooks()
        (heard,) = listener.heard

    delivery = WebhookDelivery.objects.get()
    assert response["Location"] == page("webhook-delivery", delivery)
    assert (heard.json["type"], heard.json["data"]["sent_by"]) == ("ping", administrator.name)
    assert "HTTP 204" in client.get(page("webhook-delivery", delivery)).content.decode()


def test_no_ping_while_it_is_off(client: Client, endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(is_active=False)
    assert client.post(page("webhook-ping", endpoint))["Location"] == page("webhook-detail", endpoint)
    assert not WebhookDelivery.objects.exists()


def test_the_log_by_state_and_page_by_page(client: Client, endpoint: WebhookEndpoint, make_lead: MakeLead) -> None:
    lead = make_lead(first_name="Ann", last_name="Ames")
    for _ in range(51):
        build_delivery(endpoint, lead=lead)
    failed = build_delivery(endpoint, state="failed", next_try_at=None, error="HTTP 503")

    first = client.get(page("webhook-detail", endpoint))
    second = client.get(page("webhook-detail", endpoint) + first.context["page"].next_url)
    only = client.get(page("webhook-detail", endpoint), {"state": "failed"})

    assert (len(first.context["page"].rows), len(second.context["page"].rows)) == (50, 2)
    assert only.context["page"].rows == [failed]
    assert "HTTP 503" in only.content.decode()
    assert "Ann Ames" in first.content.decode()
    assert client.get(page("webhook-detail", endpoint), {"state": "lost"}).status_code == 400


@pytest.mark.parametrize(
    ("state", "more", "again"),
    [
        ("delivered", {"delivered_at": NOW, "next_try_at": None}, True),
        ("failed", {"next_try_at": None}, True),
        ("pending", {}, True),
        ("sending", {"claimed_until": NOW}, False),
        ("failed", {"next_try_at": None, "payload": {}}, False),
    ],
)
def test_sent_again(client: Client, endpoint: WebhookEndpoint, state: str, more: dict[str, Any], again: bool) -> None:
    delivery = build_delivery(endpoint, state=state, **more)

    client.post(page("webhook-delivery-again", delivery))

    delivery.refresh_from_db()
    assert (delivery.state == "pending" and delivery.next_try_at != NOW) is again


def test_what_another_server_said_is_text(client: Client, endpoint: WebhookEndpoint) -> None:
    delivery = build_delivery(endpoint)
    WebhookTry.objects.create(delivery=delivery, tried_at=NOW, seconds=1, status=500, answer="<script>x</script>")
    html = client.get(page("webhook-delivery", delivery)).content.decode()
    assert "<script>x" not in html
    assert "&lt;script&gt;x" in html


def test_lists_say_how_they_fare(client: Client, endpoint: WebhookEndpoint, administrator: User) -> None:
    assert CREATE in client.get(reverse("webhook-list")).content.decode()
    build_delivery(endpoint, state="failed", next_try_at=None)
    build_endpoint(administrator, is_active=False, disabled_at=NOW, description="Old CRM")
    html = client.get(reverse("webhook-list")).content.decode()
    assert "some failed" in html
    assert "Switched off after failing for days" in html


def test_the_hourly_task_forgets_old_messages_however_often_it_runs(administrator: User) -> None:
    endpoint, now = build_endpoint(administrator), timezone.now()
    told = {"state": "delivered", "next_try_at": None, "status": 204}
    kept, _old = (
        build_delivery(endpoint, **told, created_at=now - timedelta(days=days), delivered_at=now - timedelta(days=days))
        for days in (1, 400)
    )
    for _run in range(2):
        forget_answers()
        assert WebhookDelivery.objects.get() == kept
