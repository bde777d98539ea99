"""Taking back what has not gone out, and leaving alone what has (domain rules 2, 5 and 7)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from people.models import User
from sla.models import Clock, Escalation, Notice
from sla.services.compose import compose
from sla.services.escalations import reopen, retry, try_again, withdraw
from sla.services.sweep import sweep
from tests.sla.build import build_clock
from tests.sla.ladder import SECOND, addressed, clocks, quick_policy


@pytest.fixture
def clock(owner: User, executive: User, now: datetime) -> Clock:
    quick_policy()
    return build_clock(owner, now=now)


def fire(at: datetime) -> None:
    sweep(now=at)
    compose(now=at)


def states() -> tuple[list[str], list[str]]:
    """Of the escalations, and of the notices."""
    return (
        list(Escalation.objects.order_by("pk").values_list("state", flat=True)),
        list(Notice.objects.order_by("pk").values_list("state", flat=True)),
    )


def mark_sent(notice: Notice, at: datetime) -> None:
    Notice.objects.filter(pk=notice.pk).update(state="sent", sent_at=at, next_try_at=None, claimed_until=None)


def test_what_is_recorded_and_what_waits_is_withdrawn(clock: Clock, now: datetime) -> None:
    fire(now + 10 * SECOND)
    sweep(now=now + 20 * SECOND)
    withdraw(clock_ids=[clock.pk], now=now + 21 * SECOND)
    assert states() == (["withdrawn", "withdrawn"], ["withdrawn"])
    assert compose(now=now + 22 * SECOND) == 0


def test_what_has_been_sent_stays_sent(clock: Clock, now: datetime) -> None:
    fire(now + 20 * SECOND)
    mark_sent(Notice.objects.order_by("pk")[0], now)
    withdraw(clock_ids=[clock.pk], now=now + 21 * SECOND)
    assert states() == (["noticed", "withdrawn"], ["sent", "withdrawn"])


def test_what_was_set_aside_is_withdrawn_too(clock: Clock, now: datetime) -> None:
    sweep(now=now + 10 * SECOND)
    Escalation.objects.update(state="set_aside", error="x")
    withdraw(clock_ids=[clock.pk], now=now)
    assert states() == (["withdrawn"], [])


def test_other_clocks_keep_theirs(clock: Clock, owner: User, now: datetime) -> None:
    other = build_clock(owner, now=now)
    fire(now + 10 * SECOND)
    withdraw(clock_ids=[clock.pk], now=now + 11 * SECOND)
    assert Escalation.objects.get(clock=other).state == "noticed"
    assert Notice.objects.get(escalations__clock=other).state == "pending"


def test_no_clock_is_no_work(clock: Clock, now: datetime) -> None:
    fire(now + 10 * SECOND)
    withdraw(clock_ids=[], now=now)
    reopen(clock_ids=[], now=now)
    assert states() == (["noticed"], ["pending"])


def test_a_claimed_message_that_is_not_on_the_wire_is_withdrawn(clock: Clock, now: datetime) -> None:
    fire(now + 10 * SECOND)
    Notice.objects.update(state="sending", claimed_until=now + timedelta(hours=1), tries=1)
    withdraw(clock_ids=[clock.pk], now=now + 11 * SECOND)
    assert states() == (["withdrawn"], ["withdrawn"])
    assert Notice.objects.get().claimed_until is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [withdraw, reopen])
def test_a_message_on_the_wire_is_left_alone_and_not_waited_for(
    owner: User, now: datetime, act: Callable[..., None]
) -> None:
    quick_policy()
    clock = build_clock(owner, now=now)
    fire(now + 10 * SECOND)

    def beside() -> None:
        try:
            act(clock_ids=[clock.pk], now=now + 11 * SECOND)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Notice.objects.select_for_update().get()  # what the deliverer holds while the mail server answers
        pool.submit(beside).result(timeout=10)
    assert states() == (["noticed"], ["pending"])


def test_a_bundle_goes_on_without_the_lead_that_was_touched(clock: Clock, owner: User, now: datetime) -> None:
    other = build_clock(owner, now=now)
    fire(now + timedelta(hours=1))
    withdraw(clock_ids=[clock.pk], now=now + timedelta(hours=1))
    assert set(Notice.objects.values_list("state", flat=True)) == {"pending"}
    assert set(Escalation.objects.filter(clock=clock).values_list("state", flat=True)) == {"withdrawn"}

    withdraw(clock_ids=[other.pk], now=now + timedelta(hours=1))
    assert set(Notice.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_after_a_reassignment_the_new_owner_hears_and_the_old_one_nothing_more(
    clock: Clock, owner: User, colleague: User, manager: User, now: datetime
) -> None:
    fire(now + 10 * SECOND)
    mark_sent(Notice.objects.get(), now + 10 * SECOND)
    fire(now + 20 * SECOND)

    Clock.objects.filter(pk=clock.pk).update(owner=colleague)
    reopen(clock_ids=[clock.pk], now=now + 21 * SECOND)
    compose(now=now + 21 * SECOND)

    assert states() == (["noticed", "noticed"], ["sent", "withdrawn", "pending"])
    assert addressed(Notice.objects.get(state="pending")) == [colleague.email, manager.email]


def test_what_failed_goes_to_the_new_owner_and_never_again_to_the_old_one(
    clock: Clock, colleague: User, now: datetime
) -> None:
    fire(now + 10 * SECOND)
    failed = Notice.objects.get()
    Notice.objects.filter(pk=failed.pk).update(state="failed", next_try_at=None)

    Clock.objects.filter(pk=clock.pk).update(owner=colleague)
    reopen(clock_ids=[clock.pk], now=now + 11 * SECOND)
    compose(now=now + 11 * SECOND)

    assert states() == (["noticed"], ["withdrawn", "pending"])
    assert addressed(Notice.objects.get(state="pending")) == [colleague.email]
    assert not try_again(notice=failed, now=now + 12 * SECOND)


def test_what_was_withdrawn_or_set_aside_is_not_reopened(clock: Clock, owner: User, now: datetime) -> None:
    aside = build_clock(owner, now=now)
    fire(now + 10 * SECOND)
    withdraw(clock_ids=[clock.pk], now=now)
    Escalation.objects.filter(clock=aside).update(state="set_aside")
    reopen(clock_ids=[clock.pk, aside.pk], now=now)
    assert states()[0] == ["withdrawn", "set_aside"]


def test_a_reopened_lead_leaves_the_bundle_of_the_old_owner(
    clock: Clock, owner: User, colleague: User, manager: User, now: datetime
) -> None:
    stays = build_clock(owner, now=now)
    at = now + timedelta(hours=1)
    fire(at)
    Clock.objects.filter(pk=clock.pk).update(owner=colleague)
    reopen(clock_ids=[clock.pk], now=at)
    assert set(Notice.objects.get(recipients=owner).escalations.values_list("clock", flat=True)) == {stays.pk}

    compose(now=at)

    new = Notice.objects.get(recipients=colleague)
    assert list(new.escalations.order_by("level").values_list("clock", "level")) == [(clock.pk, 1), (clock.pk, 2)]
    told = Escalation.objects.filter(notices__recipients=manager, notices__state="pending", clock=clock)
    assert told.count() == 1  # the manager hears of it once, not in both bundles


def test_retrying_twice_changes_nothing_the_second_time(clock: Clock, now: datetime) -> None:
    fire(now + 10 * SECOND)
    escalation = Escalation.objects.get()
    retry(escalation=escalation, now=now)
    assert states() == (["noticed"], ["pending"])


def test_a_failed_or_waiting_notice_can_be_sent_at_once_and_a_sent_one_not_again(
    clock: Clock, owner: User, now: datetime
) -> None:
    clocks(owner, 2, now)
    fire(now + 10 * SECOND)
    failed, waiting, sent = Notice.objects.order_by("pk")
    Notice.objects.filter(pk=failed.pk).update(state="failed", next_try_at=None)
    Notice.objects.filter(pk=waiting.pk).update(next_try_at=now + timedelta(days=1))
    mark_sent(sent, now)
    at = now + timedelta(hours=1)
    assert [try_again(notice=notice, now=at) for notice in (failed, waiting, sent)] == [True, True, False]
    assert list(Notice.objects.order_by("pk").values_list("state", "next_try_at")) == [
        ("pending", at),
        ("pending", at),
        ("sent", None),
    ]
