"""Measure what was asked for, show it, and say whether every target was met."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command

from bench import place
from bench.registry import BENCHMARKS, Benchmark, Effort, Result
from config import prepare

MODULES = ("pages", "sweeps", "mails", "imports", "scores", "flows", "stack", "api")
HEADINGS = ("name", "rows", "median", "p95", "floor", "ratio", "target", "met")


def load() -> None:
    """Register every measurement."""
    for module in MODULES:
        importlib.import_module(f"bench.{module}")


def describe() -> str:
    load()
    return "\n".join(f"{one.name:<18} {one.about}" for one in BENCHMARKS.values())


def run(names: Sequence[str], *, as_json: bool, quick: bool) -> int:
    """The exit status: 0, 1 when a target was missed or a measurement failed, 2 when there is nothing to measure."""
    load()
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        return refuse(f"there is no measurement {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if not (place.exists(place.name()) and place.exists(place.small_name())):
        return refuse(f"there is no data in {place.name()}; make it with: python -m bench generate")
    get_ready()
    chosen = [BENCHMARKS[name] for name in names] or list(BENCHMARKS.values())
    results, failed = measure(chosen, Effort(quick))
    print(as_text(results) if not as_json else json.dumps([as_row(one) for one in results], indent=2))
    return 1 if failed or any(one.met is False for one in results) else 0


def get_ready() -> None:
    """What ``make run`` does before it serves: the data may be older than the program."""
    prepare.collect_static(settings.BATON_HOME / "static.stamp")
    call_command("migrate", verbosity=0, interactive=False)
    with place.database(place.small_name()):
        call_command("migrate", verbosity=0, interactive=False)


def refuse(sentence: str) -> int:
    print(f"bench: {sentence}.", file=sys.stderr)
    return 2


def measure(chosen: Sequence[Benchmark], effort: Effort) -> tuple[list[Result], bool]:
    """Every result, and whether a measurement broke; the others go on."""
    results, failed = [], False
    for one in chosen:
        started = time.monotonic()
        try:
            results += list(one.measure(effort))
            said = "done"
        except Exception as error:  # noqa: BLE001 - a broken measurement is reported, it must not hide the others
            said, failed = f"failed: {type(error).__name__}: {error}", True
        print(f"{one.name}: {said} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return results, failed


def as_row(one: Result) -> dict[str, Any]:
    return {
        "name": one.name,
        "rows": one.rows,
        "unit": one.unit,
        "median": round(one.median, 3),
        "p95": round(one.p95, 3),
        "floor": None if one.floor is None else round(one.floor, 3),
        "ratio": None if one.ratio is None else round(one.ratio, 2),
        "target": None if one.target is None else one.target.text(one.unit),
        "met": one.met,
    }


def as_text(results: Sequence[Result]) -> str:
    """A table, its columns as wide as they must be."""
    table = [HEADINGS, *(cells(one) for one in results)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(align(cell, width, n) for n, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in table
    )


def align(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if 1 <= column <= 5 else cell.ljust(width)


def cells(one: Result) -> tuple[str, ...]:
    met = {True: "met", False: "MISSED", None: "–"}[one.met]
    return (
        one.name,
        f"{one.rows:,}",
        number(one.median, one.unit),
        number(one.p95, one.unit),
        "–" if one.floor is None else number(one.floor, one.unit),
        "–" if one.ratio is None else f"{one.ratio:.2f}",
        one.target.text(one.unit) if one.target else "–",
        met,
    )


def number(value: float, unit: str) -> str:
    return f"{value:,.{0 if value >= 1000 else 1 if value >= 10 else 2}f} {unit}"
