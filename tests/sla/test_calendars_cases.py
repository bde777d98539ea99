"""Every published and derived working-time case, one test each; skipped where the data is absent."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sla.calendars import NoOpenTimeError, Period, Span, WorkingTime, next_in_window

CASES = Path(__file__).parents[2].parent / "shared" / "data" / "clocks" / "cases.json"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _cases() -> list[Any]:
    if not CASES.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"{CASES.name} is not beside the repository"))]
    return [pytest.param(case, id=case["id"]) for case in json.loads(CASES.read_text())["cases"]]


def _spans(pairs: list[list[str]]) -> tuple[Span, ...]:
    return tuple(Span.parse(opens, closes) for opens, closes in pairs)


def _working(case: dict[str, Any]) -> WorkingTime:
    return WorkingTime(
        ZoneInfo(case["tz"]),
        {WEEKDAYS.index(name): _spans(pairs) for name, pairs in case["working_hours"].items()},
        frozenset(date.fromisoformat(day) for day in case.get("holidays", ())),
        {date.fromisoformat(day): _spans(pairs) for day, pairs in case.get("special_days", {}).items()},
    )


def _suspended(case: dict[str, Any]) -> list[Period]:
    pairs = case.get("suspended_utc", [])
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in pairs]


def _send_window(case: dict[str, Any], start: datetime) -> datetime:
    opens, closes = case["window"]
    return next_in_window(
        start,
        zone=ZoneInfo(case["tz"]),
        weekdays=[(day - 1) % 7 for day in case["allowed_weekdays_0_sunday"]],
        window=Span.parse(opens, closes) if opens else None,
    )


def _answer(case: dict[str, Any], start: datetime) -> object:
    if case["op"] == "send_window":
        return _send_window(case, start)
    working = _working(case)
    match case["op"]:
        case "add":
            return working.add(start, case["duration_seconds"], suspended=_suspended(case))
        case "elapsed":
            end = datetime.fromisoformat(case["end_utc"])
            return working.elapsed(start, end, suspended=_suspended(case))
        case "is_working":
            return working.is_open(start)
        case "next_working_time":
            return working.next_opening(start)
        case "prev_working_time":
            return working.previous_closing(start)
        case unknown:
            raise AssertionError(unknown)


def _expected(case: dict[str, Any]) -> object:
    if "expected_utc" in case:
        return datetime.fromisoformat(case["expected_utc"])
    return case["expected_seconds"] if "expected_seconds" in case else case["expected"]


@pytest.mark.parametrize("case", _cases())
def test_case(case: dict[str, Any]) -> None:
    if case.get("expected", 0) is None:
        with pytest.raises(NoOpenTimeError):
            _working(case)
        return
    assert _answer(case, datetime.fromisoformat(case["start_utc"])) == _expected(case)


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside the repository")
def test_no_case_is_left_out() -> None:
    assert len(_cases()) >= 236
