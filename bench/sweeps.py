"""Sweeps: with nothing due, and with ten thousand clocks due at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from bench.db import clear_due, committed, execute, script
from bench.registry import Effort, Result, Target, benchmark
from bench.timing import interleaved, milliseconds, result, seconds
from sla.models import Clock
from sla.services.compose import compose
from sla.services.sweep import sweep

DUE = 10_000
# The floor: a person at a prompt would record what is due in one statement.
BY_HAND = """
WITH due AS (
    SELECT id, next_level, next_at FROM sla_clock WHERE next_at <= %(now)s FOR UPDATE
), recorded AS (
    INSERT INTO sla_escalation (clock_id, level, level_at, recorded_at, state, error)
    SELECT id, next_level, next_at, %(now)s, 'recorded', '' FROM due
)
UPDATE sla_clock SET next_level = due.next_level + 1, next_at = sla_clock.level_at[due.next_level + 1]
FROM due WHERE sla_clock.id = due.id
"""


@contextmanager
def due_clocks(count: int, now: datetime) -> Iterator[None]:
    """So many clocks have come due a second ago; afterwards all is as it was."""
    execute("DROP TABLE IF EXISTS bench_due")
    execute(
        "CREATE UNLOGGED TABLE bench_due AS SELECT id, next_at, next_level, level_at FROM sla_clock"
        " WHERE next_at IS NOT NULL ORDER BY id * 7919 %% 1000003 LIMIT %(count)s",
        {"count": count},
    )
    execute("ANALYZE bench_due")
    set_due(now)
    try:
        yield
    finally:
        undo()
        execute("DROP TABLE bench_due")


def set_due(now: datetime) -> None:
    """Level 1 a second ago, the others in their time."""
    execute(
        """
        UPDATE sla_clock
        SET next_level = 1, next_at = late.at,
            level_at = ARRAY[late.at, late.at + interval '1 day', late.at + interval '2 days']
        FROM bench_due, (SELECT %(at)s::timestamptz AS at) AS late
        WHERE sla_clock.id = bench_due.id
        """,
        {"at": now - timedelta(seconds=1)},
    )


def undo() -> None:
    """Forget what was recorded, and put the clocks back."""
    script("undo_due", {})


@benchmark("sweep_idle")
def sweep_idle(effort: Effort) -> Iterable[Result]:
    """A sweep with nothing due, beside the same statement by hand."""
    now = timezone.now()
    clear_due(now)
    running = Clock.objects.running().count()
    sweep(now=now)
    taken, floor = interleaved(effort.times(200), lambda: sweep(now=now), lambda: committed(BY_HAND, {"now": now}))
    yield milliseconds("sweep_idle", running, taken, floor, Target("p95", 10))


@benchmark("sweep_10k")
def sweep_10k(effort: Effort) -> Iterable[Result]:
    """Ten thousand clocks due at once: recorded, and made into notices."""
    now = timezone.now()
    clear_due(now)
    count = effort.many(DUE)
    taken, composed, floor = [], [], []
    with due_clocks(count, now):
        for _ in range(effort.times(3)):
            taken.append(seconds(lambda: expect(sweep(now=now), count)))
            composed.append(seconds(lambda: compose(now=now)))
            undo()
            set_due(now)
            floor.append(seconds(lambda: expect(committed(BY_HAND, {"now": now}), count)))
            undo()
            set_due(now)
    yield result("sweep_10k", count, "s", taken, floor, Target("median", 10))
    yield result("compose_10k", count, "s", composed, [], Target("median", 10))


def expect(done: int, wanted: int) -> None:
    """A measurement of half of the work is none."""
    if done != wanted:
        raise RuntimeError(f"{done} rows were done instead of {wanted}")
