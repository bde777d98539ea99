"""Only an attempt that counts stops the clock (domain rule 2), and what was not delivered yet is withdrawn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.models import Attempt
from leads.services.attempts import record_attempt
from leads.services.leads import update_lead
from sla.models import Clock, Escalation, Handoff
from sla.services import attempts
from sla.services.attempts import log_attempt
from sla.services.handoffs import reassign
from sla.services.sweep import sweep
from tests.sla.build import build_clock, build_policy

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(owner: User, now: datetime) -> Clock:
    build_policy(seconds=300)
    return build_clock(owner, now=now)


def log(clock: Clock, user: User, at: datetime, **fields: object) -> list[Clock]:
    values = {"channel": "call", "outcome": "no_answer", "occurred_at": at, "now": at, **fields}
    return log_attempt(lead=clock.lead, user=user, **values)[1]  # type: ignore[arg-type]  # a test's shorthand


def test_a_call_stops_the_clock_at_its_moment(clock: Clock, owner: User, now: datetime) -> None:
    log(clock, owner, now + timedelta(minutes=4))

    clock.refresh_from_db()
    assert clock.state == Clock.State.MET
    assert clock.stopped_at == now + timedelta(minutes=4)
    assert clock.stopped_by == Attempt.objects.get()
    assert clock.next_at is None
    assert clock.working_seconds == 240
    assert not clock.is_breached(now + timedelta(days=1))


@pytest.mark.parametrize(("seconds", "breached"), [(299, False), (300, False), (301, True)])
def test_both_sides_of_the_due_time(clock: Clock, owner: User, now: datetime, seconds: int, breached: bool) -> None:
    log(clock, owner, now + timedelta(seconds=seconds))

    clock.refresh_from_db()
    assert clock.is_breached(now + timedelta(days=1)) is breached


def test_after_a_breach_the_true_response_time_is_known(clock: Clock, owner: User, now: datetime) -> None:
    log(clock, owner, now + timedelta(hours=30))

    clock.refresh_from_db()
    assert clock.wall_time(now + timedelta(days=9)) == timedelta(hours=30)
    assert clock.working_seconds == (7 + 7) * 3600  # Wednesday 10–17 and Thursday 9–16 in Madrid


@pytest.mark.parametrize("fields", [{"channel": "email", "outcome": "bounced"}, {"outcome": "wrong_contact"}])
def test_an_attempt_that_does_not_count_stops_nothing(
    clock: Clock, owner: User, now: datetime, fields: dict[str, str]
) -> None:
    assert log(clock, owner, now + timedelta(minutes=1), **fields) == []

    clock.refresh_from_db()
    assert clock.state == Clock.State.RUNNING
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(("seconds", "stops"), [(-1, False), (0, True)])
def test_a_call_made_before_the_handoff_is_no_answer_to_it(
    clock: Clock, owner: User, now: datetime, seconds: int, stops: bool
) -> None:
    stopped = log(clock, owner, now + timedelta(seconds=seconds), now=now + timedelta(minutes=1))

    assert bool(stopped) is stops


def test_editing_a_field_stops_nothing(clock: Clock, owner: User, now: datetime) -> None:
    update_lead(lead=clock.lead, now=now, by=owner, data={"phone": "+34 600 000 000"})

    clock.refresh_from_db()
    assert clock.state == Clock.State.RUNNING


def test_a_colleagues_call_counts_too(clock: Clock, colleague: User, now: datetime) -> None:
    assert log(clock, colleague, now + timedelta(minutes=1)) == [clock]


def test_an_attempt_in_the_future_is_refused_and_nothing_is_kept(clock: Clock, owner: User, now: datetime) -> None:
    with pytest.raises(ValidationError):
        log(clock, owner, now + timedelta(days=1), now=now)

    clock.refresh_from_db()
    assert (clock.state, Attempt.objects.count()) == (Clock.State.RUNNING, 0)


def test_what_was_not_delivered_yet_is_withdrawn(clock: Clock, owner: User, now: datetime) -> None:
    at = now + timedelta(minutes=5, seconds=1)
    sweep(now=at)
    assert Escalation.objects.get().state == Escalation.State.RECORDED

    log(clock, owner, at)
    sweep(now=at + timedelta(hours=1))

    assert [one.state for one in Escalation.objects.all()] == [Escalation.State.WITHDRAWN]


def test_logging_twice_stops_once(clock: Clock, owner: User, now: datetime) -> None:
    log(clock, owner, now + timedelta(minutes=1))
    assert log(clock, owner, now + timedelta(minutes=2)) == []

    clock.refresh_from_db()
    assert clock.stopped_at == now + timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_an_attempt_and_a_reassignment_at_once_both_come_through(
    clock: Clock, colleague: User, manager: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were one to hold the clock and the other the lead, they would wait for each other."""
    holding = Event()

    def wait_for_the_other(**values: Any) -> Attempt:
        holding.set()
        wait_until_somebody_waits()
        return record_attempt(**values)

    def reassigned() -> Handoff:
        try:
            assert holding.wait(10)
            return reassign(handoff=clock.handoff, to=colleague, by=manager, now=now + timedelta(minutes=1))
        finally:
            connection.close()

    monkeypatch.setattr(attempts, "record_attempt", wait_for_the_other)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(reassigned)
        stopped = log(clock, manager, now + timedelta(minutes=1))

    assert (stopped, other.result().owner) == ([clock], colleague)
    clock.refresh_from_db()
    assert (clock.state, clock.lead.owner) == (Clock.State.MET, colleague)


def wait_until_somebody_waits() -> None:
    """Until another connection waits for a lock of this one."""
    # Not pg_stat_activity, which stands still within a transaction.
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
            sleep(0.05)
    pytest.fail("nobody waits")
