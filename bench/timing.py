"""Taking times: interleaved with the floor, so that a busy machine slows both."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import ceil
from statistics import median

from bench.registry import Result, Target

Work = Callable[[], object]


def seconds(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleaved(times: int, *works: Work) -> list[list[float]]:
    """The seconds of each work, done in turn ``times`` times."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, into in zip(works, taken, strict=True):
            into.append(seconds(work))
    return taken


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(round(share * len(ordered), 6)) - 1)]


def milliseconds(name: str, rows: int, taken: Sequence[float], floor: Sequence[float], target: Target | None) -> Result:
    return result(name, rows, "ms", [1000 * value for value in taken], [1000 * value for value in floor], target)


def result(
    name: str, rows: int, unit: str, values: Sequence[float], floor: Sequence[float], target: Target | None
) -> Result:
    """A line from samples in ``unit``; without samples of a floor it has none."""
    return Result(name, rows, unit, median(values), percentile(values, 0.95), median(floor) if floor else None, target)
