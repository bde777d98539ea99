"""The commands work, at a size that takes a moment: what they measure here means nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import embedded

ROOT = Path(__file__).parents[2]
SIZES = ("--leads", "1500", "--events", "6000", "--reps", "4", "--open-clocks", "300")
QUICK = ("inbox", "inbox_live", "lead_page", "lead_list", "board", "notices", "sweep_idle", "sweep_10k", "score_all",
         "score_one", "flow_10k", "import_100k", "import_1m", "deliver", "batch_events")  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Made once, dropped in the end; the name is this process's, so that runs do not meet."""
    embedded.ensure()
    name = f"baton_bench_{os.getpid()}"
    made = bench("generate", *SIZES, "--database", name)
    assert made.returncode == 0, made.stderr
    assert "1,500 leads, 6,000 events, 4 reps, 300 clocks" in made.stdout
    yield name
    assert bench("drop", "--database", name).returncode == 0


def test_every_measurement_measures(database: str) -> None:
    done = bench("run", *QUICK, "--quick", "--json", "--database", database)

    rows = json.loads(done.stdout)
    assert "failed" not in done.stderr
    assert {row["name"].partition(" ")[0] for row in rows} >= set(QUICK)
    assert all(row["median"] > 0 for row in rows)


def test_an_unknown_name_is_refused() -> None:
    done = bench("run", "nonsense")

    assert done.returncode == 2
    assert "there is no measurement 'nonsense'" in done.stderr


def test_without_data_it_says_how_to_make_it() -> None:
    done = bench("run", "inbox", "--database", "baton_bench_nothing")

    assert done.returncode == 2
    assert "python -m bench generate" in done.stderr


def test_impossible_sizes_are_a_sentence() -> None:
    done = bench("generate", "--leads", "10", "--open-clocks", "9", "--database", "baton_bench_nothing")

    assert done.returncode != 0
    assert done.stderr == "bench: at most half of the leads can have an open clock.\n"
