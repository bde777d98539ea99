"""Detecting: every level once, in order, whatever happens beside it (domain rules 1, 9, 11, 12)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from people.models import User
from sla.models import Clock, Escalation, PolicyVersion
from sla.services import sweep as sweeping
from sla.services.escalations import retry
from sla.services.sweep import sweep
from tests.sla.build import build_clock
from tests.sla.ladder import clocks, quick_policy

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def policy(db: None) -> PolicyVersion:
    return quick_policy()


@pytest.fixture
def clock(policy: PolicyVersion, owner: User, now: datetime) -> Clock:
    return build_clock(owner, now=now)


def recorded() -> list[tuple[int, int]]:
    return list(Escalation.objects.order_by("pk").values_list("clock", "level"))


@pytest.mark.parametrize(("level", "seconds"), [(1, 10), (2, 20), (3, 30)])
def test_a_level_fires_at_its_instant_and_not_before(clock: Clock, now: datetime, level: int, seconds: int) -> None:
    instant = now + timedelta(seconds=seconds)
    sweep(now=instant - MOMENT)
    assert recorded() == [(clock.pk, before) for before in range(1, level)]

    assert sweep(now=instant) == 1

    escalation = Escalation.objects.get(level=level)
    assert (escalation.level_at, escalation.recorded_at, escalation.state) == (instant, instant, "recorded")


def test_the_clock_moves_on_to_its_next_level_and_then_to_none(clock: Clock, now: datetime) -> None:
    steps = []
    for seconds in (10, 20, 30):
        sweep(now=now + timedelta(seconds=seconds))
        clock.refresh_from_db()
        steps.append((clock.next_level, clock.next_at))
    assert steps == [(2, now + timedelta(seconds=20)), (3, now + timedelta(seconds=30)), (4, None)]
    assert clock.state == "running"  # rule 3: it goes on measuring


def test_sweeping_again_records_nothing(clock: Clock, now: datetime) -> None:
    at = now + timedelta(seconds=10)
    assert [sweep(now=at), sweep(now=at), sweep(now=at)] == [1, 0, 0]
    assert recorded() == [(clock.pk, 1)]


def test_after_an_outage_every_missed_level_is_recorded_in_order(
    policy: PolicyVersion, owner: User, now: datetime
) -> None:
    pks = [clock.pk for clock in clocks(owner, 3, now)]
    assert sweep(now=now + timedelta(hours=5), batch=2) == 9
    for pk in pks:
        assert [level for clock, level in recorded() if clock == pk] == [1, 2, 3]


def test_what_was_due_first_is_recorded_first(policy: PolicyVersion, owner: User, now: datetime) -> None:
    later, sooner = build_clock(owner, now=now), build_clock(owner, now=now - timedelta(seconds=1))
    sweep(now=now + timedelta(seconds=10))
    assert recorded() == [(sooner.pk, 1), (later.pk, 1)]


def test_a_stopped_clock_and_one_without_a_next_level_fire_nothing(clock: Clock, owner: User, now: datetime) -> None:
    halted = build_clock(owner, now=now)
    Clock.objects.filter(pk=clock.pk).update(state="met", stopped_at=now, next_at=None)
    Clock.objects.filter(pk=halted.pk).update(next_at=None)  # its policy was switched off (rule 7)
    assert sweep(now=now + timedelta(days=1)) == 0
    assert recorded() == []


def test_a_level_that_is_on_record_is_not_recorded_again(clock: Clock, now: datetime) -> None:
    at = now + timedelta(seconds=10)
    Escalation.objects.create(clock=clock, level=1, level_at=at, recorded_at=at, state="noticed")
    sweep(now=at)
    assert recorded() == [(clock.pk, 1)]
    clock.refresh_from_db()
    assert clock.next_level == 2


def test_nothing_due_is_one_query_and_many_due_are_no_more_per_row(
    policy: PolicyVersion, owner: User, now: datetime, django_assert_num_queries: Any
) -> None:
    savepoints = 2
    with django_assert_num_queries(1 + savepoints):
        sweep(now=now)
    clocks(owner, 12, now)
    broken = 1  # whether any webhook hears of it: asked once for all of a batch
    with django_assert_num_queries(2 * (1 + savepoints) + broken):
        sweep(now=now + timedelta(seconds=10))
    assert len(recorded()) == 12


def test_a_row_that_cannot_be_recorded_is_set_aside_and_the_others_go_on(
    policy: PolicyVersion, owner: User, now: datetime
) -> None:
    first, poison, last = clocks(owner, 3, now)
    Clock.objects.filter(pk=poison.pk).update(next_level=32767)  # the next number does not fit
    at = now + timedelta(seconds=10)

    sweep(now=at)

    states = dict(Escalation.objects.values_list("clock", "state"))
    assert states == {first.pk: "recorded", poison.pk: "set_aside", last.pk: "recorded"}
    assert "out of range" in Escalation.objects.get(clock=poison).error
    assert sweep(now=at) == 0


def test_a_clock_that_was_set_aside_goes_on_when_it_is_tried_again(clock: Clock, now: datetime) -> None:
    at = now + timedelta(seconds=10)
    Clock.objects.filter(pk=clock.pk).update(next_at=None)
    aside = Escalation.objects.create(clock=clock, level=1, level_at=at, recorded_at=at, state="set_aside", error="x")

    retry(escalation=aside, now=at)

    aside.refresh_from_db()
    clock.refresh_from_db()
    assert (aside.state, aside.error) == ("recorded", "")
    assert (clock.next_level, clock.next_at) == (2, now + timedelta(seconds=20))


def test_a_sweep_that_dies_before_its_commit_leaves_nothing_and_the_next_one_does_it(
    clock: Clock, now: datetime
) -> None:
    at = now + timedelta(seconds=10)
    with transaction.atomic():
        sweep(now=at)
        assert recorded() == [(clock.pk, 1)]
        transaction.set_rollback(True)
    clock.refresh_from_db()
    assert (recorded(), clock.next_level) == ([], 1)

    assert sweep(now=at) == 1
    assert recorded() == [(clock.pk, 1)]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_record_every_level_once(owner: User, now: datetime) -> None:
    quick_policy()
    started = clocks(owner, 60, now)

    def one(_number: int) -> int:
        try:
            return sweep(now=now + timedelta(hours=1), batch=7)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(one, range(3)))

    assert sum(counts) == 180
    for clock in started:
        assert [level for pk, level in recorded() if pk == clock.pk] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_somebody_is_stopping_is_left_to_them(owner: User, now: datetime) -> None:
    quick_policy()
    held, free = clocks(owner, 2, now)

    def beside() -> int:
        try:
            return sweep(now=now + timedelta(seconds=10))
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Clock.objects.select_for_update().get(pk=held.pk)
        assert pool.submit(beside).result() == 1
        Clock.objects.filter(pk=held.pk).update(state="met", stopped_at=now, next_at=None)
    assert recorded() == [(free.pk, 1)]
    assert sweep(now=now + timedelta(seconds=10)) == 0


def test_a_clock_that_cannot_even_be_set_aside_does_not_hang_the_sweep(
    clock: Clock, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock.objects.filter(pk=clock.pk).update(next_level=32767)
    monkeypatch.setattr(sweeping, "_set_aside", lambda *_: 0)
    assert sweep(now=now + timedelta(seconds=10)) == 0
