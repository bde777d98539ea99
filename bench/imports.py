"""Import: a hundred thousand rows by ``manage.py import_leads``, in a process of its own."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import connection

from bench import place
from bench.db import execute, script
from bench.registry import Effort, Result, Target, benchmark
from bench.timing import result, seconds
from config.environment import BASE_DIR

ROWS = 100_000
SYSTEM = "bench_import"
HEADER = (
    "Number", "First name", "Last name", "E-mail", "Phone", "Title", "Company", "Web", "Industry", "Employees",
    "Country", "Source", "Captured", "Seats",
)  # fmt: skip


def rows(count: int) -> Iterator[tuple[object, ...]]:
    """Every eighth row without an e-mail, four people to a company."""
    for n in range(1, count + 1):
        company = n % (count // 4 + 1)
        mail = "-" if n % 8 == 0 else f"Import{n}@import{company}.example"
        yield (
            f"I-{n}", "Łucja", f"Imported{n}", mail, f"+55 11 {n:07d}", "Purchasing manager", f"Import {company}",
            f"import{company}.example", "Manufacturing", 10 + n % 900, "Brazil", "Trade fair",
            f"2026-{1 + n % 9:02d}-{1 + n % 28:02d} 09:{n % 60:02d}", n % 300,
        )  # fmt: skip


@benchmark("import_100k")
def import_100k(effort: Effort) -> Iterable[Result]:
    """A file of new leads into the full database, then the same file again; the floor copies it to a plain table."""
    count = effort.many(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), count)
        try:
            first, memory = run_import(file)
            again, more = run_import(file)
        finally:
            forget()
        floor = seconds(lambda: copy(file))
    yield result("import_100k", count, "s", [first], [floor], Target("median", 60))
    yield result("import_100k again", count, "s", [again], [floor], Target("median", 60))
    yield result("import_100k memory", count, "MB", [memory, more], [], Target("p95", 500))


@benchmark("import_1m")
def import_1m(effort: Effort) -> Iterable[Result]:
    """A file of a million new leads; the floor of its memory is what a tenth of the file takes."""
    count = 10 * effort.many(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        try:
            _taken, tenth = run_import(written(Path(folder), count // 10))
            forget()
            taken, whole = run_import(written(Path(folder), count))
        finally:
            forget()
    yield result("import_1m", count, "s", [taken], [], None)
    yield result("import_1m memory", count, "MB", [whole], [tenth], Target("ratio", 1.25))


def written(folder: Path, count: int) -> Path:
    """A file of so many rows."""
    file = folder / "leads.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerows(rows(count))
    return file


def run_import(file: Path) -> tuple[float, float]:
    """Seconds from start to end of the process, and its peak of memory in MB."""
    command = [sys.executable, "manage.py", "import_leads", str(file), "--mapping", "bench/import.toml", "--json"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bench.settings", "BATON_BENCH_DATABASE": place.name()}
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=BASE_DIR, env=environment, stdout=said)  # noqa: S603 - our command
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if process.returncode or b'"rejected": 0' not in said.read():
            said.seek(0)
            raise RuntimeError(f"the import failed: {said.read(500).decode()}")
    return taken, usage.ru_maxrss / 1024


def copy(file: Path) -> None:
    """The floor: the same rows, as text, into a table without an index."""
    script("copy_table", {})
    statement = "COPY bench_copy FROM STDIN (FORMAT csv, HEADER)"
    with connection.cursor() as cursor, file.open("rb") as rows_in, cursor.copy(statement) as into:
        while block := rows_in.read(1 << 20):
            into.write(block)
    execute("DROP TABLE bench_copy")


def forget() -> None:
    """Take the imported leads and companies out again."""
    script("undo_import", {"system": SYSTEM})
    execute("VACUUM ANALYZE leads_lead, leads_externalid, leads_stagechange, leads_changedlead")
