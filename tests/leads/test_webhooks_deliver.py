"""Sending webhooks, to a real server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from standardwebhooks import Webhook, WebhookVerificationError

from leads import outgoing
from leads.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from leads.services import webhook_delivery
from leads.services.webhook_delivery import deliver, forget_old, give_up_old, send_again
from leads.services.webhook_endpoints import roll_secret
from people.models import User
from tests.cast import build_user
from tests.leads.hooks import (
    NOW,
    SECRET,
    Listener,
    build_delivery,
    build_endpoint,
    close,
    drip,
    endless,
    hang,
    listening,
    status,
)


@pytest.fixture(autouse=True)
def _loopback(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BATON_WEBHOOK_PRIVATE = True
    monkeypatch.setattr(outgoing, "READ_SECONDS", 0.3)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def endpoint(listener: Listener, administrator: User) -> WebhookEndpoint:
    return build_endpoint(administrator, listener.url)


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def test_sent_once_and_signed(listener: Listener, endpoint: WebhookEndpoint) -> None:
    delivery = build_delivery(endpoint)

    with time_machine.travel(NOW):
        result = deliver(now=NOW)
        deliver(now=NOW + timedelta(days=1))
        (heard,) = listener.heard
        told = Webhook(SECRET).verify(heard.body, heard.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "A" * 32).verify(heard.body, heard.headers)

    assert (told, result.delivered) == (delivery.payload, 1)
    assert (heard.path, heard.headers["host"]) == ("/hook?x=1", f"127.0.0.1:{listener.port}")
    assert heard.headers["webhook-id"] == delivery.message_id
    assert heard.body.startswith(b'{"type":"ping"')
    kept = only()
    assert (kept.state, kept.status, kept.tries, kept.next_try_at, kept.error) == ("delivered", 204, 1, None, "")
    assert WebhookTry.objects.get().status == 204


@pytest.mark.parametrize(
    ("answer", "code", "error"),
    [
        (lambda handler: status(handler, 500, b"oh \x00 no"), 500, "HTTP 500"),
        (lambda handler: status(handler, 404), 404, "HTTP 404"),
        (lambda handler: status(handler, 302, Location="/elsewhere"), 302, "HTTP 302"),
        (lambda handler: status(handler, 301, Location="http://169.254.169.254/"), 301, "HTTP 301"),
        (close, None, "ProtocolError"),
        (hang, None, "ReadTimeoutError"),
    ],
    ids=["500", "404", "redirect", "redirect inwards", "closes", "hangs"],
)
def test_what_is_not_accepted_is_tried_again(
    listener: Listener, endpoint: WebhookEndpoint, answer: Callable[[Any], None], code: int | None, error: str
) -> None:
    listener.answer = answer
    build_delivery(endpoint)

    result = deliver(now=NOW)

    kept, one = only(), WebhookTry.objects.get()
    assert (result.postponed, len(listener.heard)) == (1, 1)
    assert (kept.state, kept.status, kept.tries, one.status) == ("pending", code, 1, code)
    assert error in kept.error
    assert kept.next_try_at is not None
    assert timedelta(seconds=24) <= kept.next_try_at - NOW <= timedelta(seconds=40)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None


def test_an_answer_without_end_is_cut_off(listener: Listener, endpoint: WebhookEndpoint) -> None:
    listener.answer = endless
    build_delivery(endpoint)

    deliver(now=NOW)

    one = WebhookTry.objects.get()
    assert (only().state, one.answer, one.seconds < 2) == ("delivered", "x" * outgoing.EXCERPT, True)


@pytest.mark.parametrize(
    ("begins", "status", "state"), [(b"", None, "pending"), (b"HTTP/1.1 200 OK\r\n", 200, "delivered")]
)
def test_an_answer_that_drips_is_cut_off(
    listener: Listener,
    endpoint: WebhookEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    begins: bytes,
    status: int | None,
    state: str,
) -> None:
    """No single wait is long; a status that came before the cut counts."""
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.5)
    listener.answer = lambda handler: drip(handler, begins)
    build_delivery(endpoint)

    deliver(now=NOW)

    one = WebhookTry.objects.get()
    assert (one.status, 0.4 < one.seconds < 2.5, only().state) == (status, True, state)


def test_nobody_listens(administrator: User) -> None:
    build_delivery(build_endpoint(administrator, "http://127.0.0.1:9/hook"))

    deliver(now=NOW)

    assert "refused" in only().error.lower()


def test_longer_and_longer_then_given_up(listener: Listener, endpoint: WebhookEndpoint) -> None:
    listener.answer = lambda handler: status(handler, 503)
    build_delivery(endpoint)
    at, waits = NOW, []

    while (kept := only()).state == "pending":
        assert kept.next_try_at is not None
        waits.append((kept.next_try_at - at).total_seconds())
        at = kept.next_try_at
        deliver(now=at)

    assert [round(wait / 60) for wait in waits[1:6]] == sorted(round(wait / 60) for wait in waits[1:6])
    assert all(wait <= 6 * 3600 * 1.2 + 1 for wait in waits)
    assert (only().state, only().status) == ("failed", 503)
    assert timedelta(days=3) < at - NOW < timedelta(days=3, hours=8)
    assert WebhookTry.objects.count() == len(waits) == only().tries


def test_an_address_that_fails_for_days_is_switched_off(listener: Listener, endpoint: WebhookEndpoint) -> None:
    listener.answer = lambda handler: status(handler, 503)
    WebhookEndpoint.objects.update(failing_since=NOW - timedelta(days=5))
    build_delivery(endpoint)

    deliver(now=NOW - timedelta(seconds=1))
    deliver(now=NOW)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_at is not None) == (False, True)

    deliver(now=NOW + timedelta(hours=1))
    assert len(listener.heard) == 1


def test_a_good_answer_ends_the_failing(listener: Listener, endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(failing_since=NOW - timedelta(days=9))
    build_delivery(endpoint)

    deliver(now=NOW)

    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failing_since) == (True, None)


def test_a_dead_address_costs_one_try_and_holds_up_nobody(
    listener: Listener, endpoint: WebhookEndpoint, administrator: User
) -> None:
    dead = build_endpoint(administrator, "http://127.0.0.1:9/hook")
    for _ in range(30):
        build_delivery(dead, created_at=NOW - timedelta(hours=1), next_try_at=NOW - timedelta(hours=1))
    for _ in range(45):
        build_delivery(endpoint)

    result = deliver(now=NOW)

    assert (result.delivered, result.more) == (45, False)
    assert WebhookTry.objects.filter(delivery__endpoint=dead).count() == 1
    waiting = WebhookDelivery.objects.filter(endpoint=dead)
    assert sorted(waiting.values_list("tries", flat=True)) == [0] * 29 + [1]
    assert not waiting.exclude(state="pending").exists()


def test_an_address_that_is_down_is_left_alone_the_longer_the_longer_it_is(administrator: User) -> None:
    dead = build_endpoint(administrator, "http://127.0.0.1:9/hook")
    for _ in range(5):
        build_delivery(dead)

    def tried_at(at: timedelta) -> int:
        deliver(now=NOW + at)
        return WebhookTry.objects.count()

    assert tried_at(timedelta()) == 1
    assert tried_at(timedelta(seconds=29)) == 1
    assert tried_at(timedelta(seconds=31)) == 2
    assert tried_at(timedelta(hours=4)) == 3
    assert tried_at(timedelta(hours=5, minutes=59)) == 3
    assert tried_at(timedelta(hours=6, minutes=1)) == 4


def test_three_refusals_in_a_row_are_enough_for_now(listener: Listener, endpoint: WebhookEndpoint) -> None:
    listener.answer = lambda handler: status(handler, 503)
    for _ in range(10):
        build_delivery(endpoint)

    deliver(now=NOW)
    assert len(listener.heard) == 3

    listener.answer = lambda handler: status(handler, 204)
    deliver(now=NOW + timedelta(seconds=31))
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.quiet_until) == (None, None)
    assert WebhookDelivery.objects.filter(state="delivered").count() >= 7


def test_one_message_that_is_refused_holds_up_no_other(listener: Listener, endpoint: WebhookEndpoint) -> None:
    poison = build_delivery(endpoint, next_try_at=NOW - timedelta(hours=1))
    for _ in range(10):
        build_delivery(endpoint)
    listener.answer = lambda handler: status(
        handler, 500 if handler.headers["webhook-id"] == poison.message_id else 200
    )

    assert deliver(now=NOW).delivered == 10


def test_what_waits_behind_a_dead_address_fails_in_the_end(endpoint: WebhookEndpoint) -> None:
    build_delivery(endpoint, created_at=NOW - timedelta(days=4, seconds=1))
    build_delivery(endpoint, created_at=NOW - timedelta(days=4))

    assert [give_up_old(now=NOW) for _ in range(2)] == [1, 0]
    assert sorted(WebhookDelivery.objects.values_list("state", flat=True)) == ["failed", "pending"]


def test_a_round_ends_in_time(listener: Listener, endpoint: WebhookEndpoint) -> None:
    for _ in range(webhook_delivery.BATCH + 1):
        build_delivery(endpoint)

    assert deliver(now=NOW, seconds=0.0).more
    assert not deliver(now=NOW).more
    assert len(listener.heard) == webhook_delivery.BATCH + 1


def test_a_claim_that_ran_out_is_taken_up_again(listener: Listener, endpoint: WebhookEndpoint) -> None:
    until = NOW + timedelta(minutes=5)
    build_delivery(endpoint, state="sending", claimed_until=until, tries=1)

    deliver(now=until - timedelta(seconds=1))
    assert listener.heard == []
    deliver(now=until)
    assert (len(listener.heard), only().state, only().tries) == (1, "delivered", 2)


def test_both_secrets_sign_for_a_day_after_a_roll(listener: Listener, endpoint: WebhookEndpoint) -> None:
    new = roll_secret(endpoint=endpoint, now=NOW)
    build_delivery(endpoint)
    build_delivery(endpoint, next_try_at=NOW + timedelta(days=1))

    with time_machine.travel(NOW):
        deliver(now=NOW)
        for secret in (SECRET, new):
            Webhook(secret).verify(listener.heard[0].body, listener.heard[0].headers)
    with time_machine.travel(NOW + timedelta(days=1)):
        deliver(now=NOW + timedelta(days=1))
        Webhook(new).verify(listener.heard[1].body, listener.heard[1].headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(listener.heard[1].body, listener.heard[1].headers)


def test_sent_again_under_the_same_id(listener: Listener, endpoint: WebhookEndpoint) -> None:
    delivery = build_delivery(endpoint)
    deliver(now=NOW)

    assert send_again(delivery=delivery, now=NOW + timedelta(days=9))
    deliver(now=NOW + timedelta(days=9))

    assert [heard.headers["webhook-id"] for heard in listener.heard] == [delivery.message_id] * 2
    assert (only().state, WebhookTry.objects.count()) == ("delivered", 2)


def test_what_is_over_is_forgotten_after_a_month(endpoint: WebhookEndpoint) -> None:
    old, edge = NOW - timedelta(days=30, seconds=1), NOW - timedelta(days=30)
    build_delivery(endpoint, created_at=old, state="delivered", next_try_at=None, delivered_at=old)
    build_delivery(endpoint, created_at=edge, state="failed", next_try_at=None)
    build_delivery(endpoint, created_at=old)

    assert forget_old(now=NOW) == 1
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"failed", "pending"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_send_each_message_once(listener: Listener) -> None:
    endpoint = build_endpoint(build_user(role="administrator"), listener.url)
    for _ in range(60):
        build_delivery(endpoint)
    start, errors = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait()
            deliver(now=NOW)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert errors == []
    assert len(listener.heard) == len({heard.headers["webhook-id"] for heard in listener.heard}) == 60
    assert not WebhookDelivery.objects.exclude(state="delivered", tries=1).exists()
