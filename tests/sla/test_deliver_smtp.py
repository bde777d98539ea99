"""Delivering over SMTP to a server on loopback that refuses, stalls or hangs up (domain rules 10 and 12)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from people.models import User
from sla.models import Clock, DeliveryTry, Notice
from sla.services import deliver as delivery
from sla.services.compose import compose
from sla.services.deliver import Result, deliver
from sla.services.sweep import sweep
from tests.sla.build import build_clock
from tests.sla.ladder import SECOND, MailServer, addressed, clocks, free_port, quick_policy


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 2
    server = MailServer().start()
    settings.EMAIL_PORT = server.port
    yield server
    server.stop()


@pytest.fixture
def clock(owner: User, executive: User, now: datetime) -> Clock:
    quick_policy()
    return build_clock(owner, now=now)


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off without its jitter, which has a test of its own."""
    monkeypatch.setattr("random.uniform", lambda *_: 1.0)


def fire(at: datetime) -> None:
    sweep(now=at)
    compose(now=at)


def waits(notice: Notice, since: datetime) -> float:
    """Seconds until the next try, to the nearest second or two that the test itself takes."""
    notice.refresh_from_db()
    assert notice.next_try_at is not None
    return (notice.next_try_at - since).total_seconds()


def tries() -> list[tuple[bool, str]]:
    return list(DeliveryTry.objects.order_by("pk").values_list("ok", "detail"))


def test_one_connection_carries_the_whole_round(server: MailServer, clock: Clock, owner: User, now: datetime) -> None:
    clocks(owner, 6, now)
    fire(now + 20 * SECOND)
    assert deliver(now=now + 20 * SECOND, limit=3).sent == 14
    assert (len(server.accepted), server.connections) == (14, 1)
    assert len(server.by_message_id()) == 14


def test_a_message_to_two_is_one_message(
    server: MailServer, clock: Clock, owner: User, manager: User, now: datetime
) -> None:
    fire(now + 20 * SECOND)
    deliver(now=now + 20 * SECOND)
    assert server.envelopes == [[owner.email], [owner.email, manager.email]]
    assert server.accepted[1]["To"] == f"{owner.email}, {manager.email}"


def test_a_server_that_is_down_costs_no_try_and_loses_no_order(
    server: MailServer, clock: Clock, owner: User, now: datetime
) -> None:
    clocks(owner, 3, now)
    fire(now + 20 * SECOND)
    server.stop()

    for minute in range(30):
        assert deliver(now=now + timedelta(minutes=minute + 1)).sent == 0

    assert set(Notice.objects.values_list("state", "tries")) == {("pending", 0)}
    assert len(tries()) == 30  # one connection each time, not one per message
    assert "refused" in tries()[0][1]
    assert {round(waits(notice, now + timedelta(minutes=30)) / 10) for notice in Notice.objects.all()} == {3}

    server.start(server.port)
    assert deliver(now=now + timedelta(minutes=31)).sent == 8
    levels = [(message["Message-ID"].split(".")[0], message["Message-ID"].split(".")[1]) for message in server.accepted]
    for number in {number for number, _level in levels}:
        assert [level for each, level in levels if each == number] == ["level-1", "level-2"]


@pytest.mark.parametrize("step", range(8))
def test_a_temporary_refusal_waits_longer_each_time(server: MailServer, clock: Clock, now: datetime, step: int) -> None:
    server.on_rcpt = lambda _address: "451 greylisted"
    at = now + 10 * SECOND
    fire(at)
    Notice.objects.update(tries=step)
    assert deliver(now=at) == Result(postponed=1)
    notice = Notice.objects.get()
    assert (notice.state, notice.tries) == ("pending", step + 1)
    assert waits(notice, at) == pytest.approx([30, 60, 120, 300, 900, 1800, 1800, 1800][step], abs=3)
    ((ok, detail),) = tries()
    assert not ok
    assert "451 greylisted" in detail


def test_the_waits_differ_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert len({delivery._delay(1) for _number in range(20)}) > 10
    assert all(24 <= delivery._delay(1).total_seconds() <= 36 for _number in range(100))


def test_a_refused_text_is_tried_again_and_a_repeat_keeps_its_message_id(
    server: MailServer, clock: Clock, now: datetime
) -> None:
    server.on_data = lambda _message: "452 disk full"
    at = now + 10 * SECOND
    fire(at)
    deliver(now=at)
    server.on_data = lambda _message: None
    assert deliver(now=at + timedelta(minutes=1)).sent == 1
    assert list(server.by_message_id()) == [Notice.objects.get().message_id]
    assert [ok for ok, _detail in tries()] == [False, True]


@pytest.mark.parametrize("where", ["on_rcpt", "on_data"])
def test_a_permanent_refusal_fails_and_the_others_go_on(
    server: MailServer, clock: Clock, owner: User, colleague: User, now: datetime, where: str
) -> None:
    build_clock(colleague, now=now)
    if where == "on_rcpt":
        server.on_rcpt = lambda address: "550 no such user" if address == owner.email else None
    else:
        server.on_data = lambda message: "554 no" if message["To"] == owner.email else None
    fire(now + 10 * SECOND)
    assert deliver(now=now + 10 * SECOND) == Result(sent=1, failed=1)
    assert server.envelopes == [[colleague.email]]
    failed = Notice.objects.get(recipients=owner)
    assert (failed.state, failed.next_try_at) == ("failed", None)
    assert failed.delivery_tries.get().detail.endswith("550 no such user" if where == "on_rcpt" else "554 no")


def test_of_two_one_is_refused_for_good_and_the_other_has_it(
    server: MailServer, clock: Clock, owner: User, manager: User, now: datetime
) -> None:
    server.on_rcpt = lambda address: "550 no such user" if address == manager.email else None
    fire(now + 20 * SECOND)
    assert deliver(now=now + 20 * SECOND).sent == 2
    assert server.envelopes == [[owner.email], [owner.email]]
    assert (False, f"{manager.email}: 550 no such user") in tries()
    assert Notice.objects.filter(state="pending").count() == 0


def test_of_two_one_is_refused_for_now_and_gets_a_message_of_their_own_later(
    server: MailServer, clock: Clock, owner: User, manager: User, now: datetime
) -> None:
    server.on_rcpt = lambda address: "451 later" if address == manager.email else None
    fire(now + 20 * SECOND)
    assert deliver(now=now + 20 * SECOND).sent == 2
    waiting = Notice.objects.get(state="pending")
    assert addressed(waiting) == [manager.email]

    server.on_rcpt = lambda _address: None
    assert deliver(now=now + timedelta(minutes=5)).sent == 1
    assert server.envelopes == [[owner.email], [owner.email], [manager.email]]


def test_hanging_up_after_the_text_is_tried_again_under_the_same_message_id(
    server: MailServer, clock: Clock, owner: User, colleague: User, now: datetime
) -> None:
    build_clock(colleague, now=now)
    server.on_data = lambda message: "hang up" if message["To"] == owner.email else None
    at = now + 10 * SECOND
    fire(at)
    assert deliver(now=at) == Result(sent=1, postponed=1)  # the other one goes out over a new connection
    assert server.connections == 2
    server.on_data = lambda _message: None
    assert deliver(now=at + timedelta(minutes=1)).sent == 1
    assert server.accepted[-1]["Message-ID"] == Notice.objects.get(recipients=owner).message_id


def test_a_server_that_always_hangs_up_is_left_alone_after_two(
    server: MailServer, clock: Clock, owner: User, now: datetime
) -> None:
    clocks(owner, 5, now)
    server.on_data = lambda _message: "hang up"
    fire(now + 10 * SECOND)
    assert deliver(now=now + 10 * SECOND) == Result(postponed=6)
    assert server.connections == 2
    assert sorted(Notice.objects.values_list("tries", flat=True)) == [0, 0, 0, 0, 1, 1]


def test_a_server_that_wants_a_new_connection_gets_one(
    server: MailServer, clock: Clock, owner: User, now: datetime
) -> None:
    clocks(owner, 3, now)
    fire(now + 10 * SECOND)
    taken: list[str] = []

    async def handle_MAIL(smtp: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        if getattr(session, "mails", 0) >= 2:
            return "421 enough for one connection"
        session.mails = getattr(session, "mails", 0) + 1
        envelope.mail_from = address
        taken.append(address)
        return "250 OK"

    server.handle_MAIL = handle_MAIL  # type: ignore[attr-defined]  # found by aiosmtpd by its name
    server.stop()
    server.start(server.port)
    assert deliver(now=now + 10 * SECOND) == Result(sent=4)
    assert server.connections == 2


def test_a_server_that_says_nothing_is_given_up_in_time(clock: Clock, now: datetime, settings: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        fire(now + 10 * SECOND)
        assert deliver(now=now + 10 * SECOND) == Result(postponed=1)
    assert Notice.objects.get().state == "pending"
    assert "timed out" in tries()[0][1]


@pytest.mark.parametrize("down", [True, False])
def test_after_three_days_it_is_given_up_and_shown(server: MailServer, clock: Clock, now: datetime, down: bool) -> None:
    fire(now + 10 * SECOND)
    if down:
        server.stop()
    server.on_rcpt = lambda _address: "451 later"
    created = now + 10 * SECOND
    deliver(now=created + timedelta(days=3) - timedelta(minutes=5))
    assert Notice.objects.get().state == "pending"
    deliver(now=created + timedelta(days=3, minutes=5))
    assert (Notice.objects.get().state, Notice.objects.get().next_try_at) == ("failed", None)


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_at_once_send_each_message_once_and_in_order(
    server: MailServer, owner: User, executive: User, now: datetime
) -> None:
    quick_policy()
    clocks(owner, 15, now)
    fire(now + 30 * SECOND)

    def one(_number: int) -> int:
        try:
            return deliver(now=now + 30 * SECOND, limit=4).sent
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        sent = sum(pool.map(one, range(3)))
    while more := deliver(now=now + 31 * SECOND).sent:  # a round may end while another one still holds level 1
        sent += more

    assert sent == len(server.accepted) == len(server.by_message_id()) == 45
    order: dict[str, list[str]] = {}
    for message in server.accepted:
        number, level, *_rest = message["Message-ID"].split(".")
        order.setdefault(number, []).append(level)
    assert set(map(tuple, order.values())) == {("level-1", "level-2", "level-3")}


def test_a_port_where_nobody_listens_is_no_error(clock: Clock, now: datetime, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    fire(now + 10 * SECOND)
    assert deliver(now=now + 10 * SECOND) == Result(postponed=1)
