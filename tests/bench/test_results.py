"""What a result says: ratio to its floor, target met on both sides of the limit, and how it is shown."""

from __future__ import annotations

import pytest

from bench.generate import Sizes
from bench.registry import Result, Target
from bench.run import as_row, as_text
from bench.timing import percentile, result


def line(median: float = 10.0, floor: float | None = 5.0, target: Target | None = None, unit: str = "ms") -> Result:
    return Result("page", 50, unit, median, 20.0, floor, target)


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("ratio", 2.0), True),
        (Target("ratio", 1.99), False),
        (Target("median", 10), True),
        (Target("median", 9.99), False),
        (Target("p95", 20), True),
        (Target("p95", 19.99), False),
        (Target("median", 10, at_least=True), True),
        (Target("median", 10.01, at_least=True), False),
        (None, None),
    ],
)
def test_a_target_is_met_up_to_its_limit(target: Target | None, met: bool | None) -> None:
    assert line(target=target).met is met


def test_a_ratio_without_a_floor_is_a_missed_target() -> None:
    assert line(floor=None, target=Target("ratio", 3)).met is False


def test_the_ratio_of_a_rate_says_how_many_times_slower() -> None:
    assert line(median=100, floor=400, unit="mails/s").ratio == pytest.approx(4)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (1.0, 100)])
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(share: float, value: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_result_is_made_of_the_samples() -> None:
    one = result("sweep", 3, "s", [1.0, 2.0, 9.0], [1.0, 1.0, 4.0], None)

    assert (one.median, one.p95, one.floor, one.ratio) == (2.0, 9.0, 1.0, 2.0)


def test_the_table_names_what_was_missed() -> None:
    text = as_text([line(target=Target("ratio", 1.5)), line(floor=None)])

    assert "ratio ≤ 1.5" in text
    assert "MISSED" in text.splitlines()[1]
    assert "MISSED" not in text.splitlines()[2]


def test_a_row_of_the_json_has_what_the_table_has() -> None:
    assert as_row(line(target=Target("p95", 20))) == {
        "name": "page",
        "rows": 50,
        "unit": "ms",
        "median": 10.0,
        "p95": 20.0,
        "floor": 5.0,
        "ratio": 2.0,
        "target": "p95 ≤ 20 ms",
        "met": True,
    }


def test_the_companion_keeps_the_work_of_each_rep() -> None:
    assert Sizes(1_000_000, 10_000_000, 200, 100_000).scaled_down() == Sizes(10_000, 100_000, 2, 1_000)


def test_a_small_database_is_not_scaled_up() -> None:
    assert Sizes(500, 5_000, 10, 50).scaled_down() == Sizes(500, 5_000, 10, 50)


@pytest.mark.parametrize("sizes", [(0, 1, 1, 1), (100, 1, 1, 51), (100, 1, 0, 10), (100, -1, 1, 10)])
def test_impossible_sizes_are_refused(sizes: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|at most half"):
        Sizes(*sizes)
