"""What can be measured, by name; and what a measurement says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Measure = Callable[["Effort"], Iterable["Result"]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try: ``quick`` only sees that a measurement works."""

    quick: bool = False

    def times(self, full: int) -> int:
        return min(full, 2) if self.quick else full

    def many(self, full: int) -> int:
        """A number of rows to work on."""
        return min(full, 50) if self.quick else full


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about one number of a result: its ``median``, ``p95`` or ``ratio`` to the floor."""

    of: str
    limit: float
    at_least: bool = False

    def text(self, unit: str) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{self.of} {sign} {self.limit:g}" + ("" if self.of == "ratio" else f" {unit}")


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. ``rows`` is how many rows were worked on; times and sizes are in ``unit``."""

    name: str
    rows: int
    unit: str
    median: float
    p95: float
    floor: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the floor; for a rate, how many times slower than the floor."""
        if not self.floor or not self.median:
            return None
        return self.floor / self.median if self.is_rate else self.median / self.floor

    @property
    def is_rate(self) -> bool:
        return self.unit.endswith("/s")

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None where nothing was promised."""
        if self.target is None:
            return None
        value = {"median": self.median, "p95": self.p95, "ratio": self.ratio}[self.target.of]
        if value is None:
            return False
        return value >= self.target.limit if self.target.at_least else value <= self.target.limit


@dataclass(frozen=True, slots=True)
class Benchmark:
    name: str
    about: str
    measure: Measure


BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Measure], Measure]:
    """Register a measurement under a name; its docstring tells what it measures."""

    def register(measure: Measure) -> Measure:
        BENCHMARKS[name] = Benchmark(name, " ".join((measure.__doc__ or "").split()), measure)
        return measure

    return register
