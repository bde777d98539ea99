"""Data at full size: a database of its own, dropped and made anew, filled by SQL alone.

The rows are the same for the same sizes (``setseed``), relative to the moment of the making. Secondary indexes and
foreign keys are put aside while the rows go in: building them afterwards is several times faster (docs/benchmarks.md).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bench import model, place

SQL = Path(__file__).with_name("sql")
SEED = 0.42
SMALL_LEADS = 10_000
# Leads of a team are split by country, so that routing has something to decide.
TEAM_SIZE = 10


@dataclass(frozen=True, slots=True)
class Sizes:
    leads: int
    events: int
    reps: int
    open_clocks: int

    def __post_init__(self) -> None:
        if min(asdict(self).values()) < 1:
            raise ValueError("every size is at least 1")
        if self.open_clocks > self.leads // 2:
            raise ValueError("at most half of the leads can have an open clock")

    def scaled_down(self) -> Sizes:
        """Ten thousand leads, and as much work for each rep as in the whole."""
        share = min(1.0, SMALL_LEADS / self.leads)
        return Sizes(*(max(1, round(size * share)) for size in asdict(self).values()))

    def values(self, now: datetime) -> dict[str, Any]:
        """The parameters of the SQL files."""
        teams = max(1, self.reps // TEAM_SIZE)
        return {
            **asdict(self),
            "now": now,
            "teams": teams,
            "people": self.reps + teams + 7,
            "companies": max(1, self.leads // 4),
            # A few more qualified leads than clocks, and never fewer than a real pipeline has.
            "mql_share": min(0.6, max(0.12, 1.2 * self.open_clocks / self.leads)),
        }


def generate(sizes: Sizes, database: str) -> float:
    """Make the database and its small companion; the seconds that took."""
    started = time.monotonic()
    small = database + place.SMALL_SUFFIX
    with step("tables"):
        place.switch("postgres")
        place.recreate(database)
        place.switch(database)
        call_command("migrate", verbosity=0, interactive=False)
        place.switch("postgres")
        place.recreate(small, like=database)
    for name, size in ((small, sizes.scaled_down()), (database, sizes)):
        print(f"{name}: {size.leads:,} leads, {size.events:,} events, {size.reps:,} reps, {size.open_clocks:,} clocks")
        place.switch(name)
        fill(size, timezone.now())
    seconds = time.monotonic() - started
    print(f"Made in {seconds:.0f} s")
    return seconds


def fill(sizes: Sizes, now: datetime) -> None:
    """Fill the database that the connection points at, which has its tables and the rows of the migrations."""
    values = sizes.values(now)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '128MB'")
        cursor.execute("SELECT setseed(%s)", [SEED])
        with bare_tables(cursor):
            load(cursor, sorted(SQL.glob("0[1-8]_*.sql")), values)
            with step("rules"):
                model.create(now)
            load(cursor, sorted(SQL.glob("09_*.sql")) + sorted(SQL.glob("1*_*.sql")), values)
        with step("sequences"):
            set_sequences(cursor)
    with step("vacuum, analyze"):
        connection.cursor().execute("VACUUM ANALYZE")
    with step("scores"):
        model.score_everybody(now)
        connection.cursor().execute("VACUUM ANALYZE scoring_leadscore")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say how long a part took."""
    started = time.monotonic()
    yield
    print(f"  {name:<24} {time.monotonic() - started:7.1f} s", flush=True)


def load(cursor: CursorWrapper, files: Sequence[Path], values: dict[str, Any]) -> None:
    for file in files:
        with step(file.stem):
            cursor.execute(file.read_text(), values)


@contextmanager
def bare_tables(cursor: CursorWrapper) -> Iterator[None]:
    """Without secondary indexes, foreign keys and triggers; all are there again afterwards, and checked."""
    keys, indexes = definitions(cursor, FOREIGN_KEYS), definitions(cursor, SECONDARY_INDEXES)
    for drop, _ in keys + indexes:
        cursor.execute(drop)
    yield
    with step("indexes"):
        for _, create in indexes:
            cursor.execute(create)
    with step("foreign keys"):
        for _, create in keys:
            cursor.execute(create)


def definitions(cursor: CursorWrapper, query: str) -> list[tuple[str, str]]:
    """Pairs of statements: one that drops, one that makes again."""
    cursor.execute(query)
    return [(drop, create) for drop, create in cursor.fetchall()]


FOREIGN_KEYS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint
WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
SECONDARY_INDEXES = """
SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = 'public'::regnamespace AND NOT indisprimary
  AND relname ~ '^(leads|scoring|sla)_'
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
SEQUENCES = """
SELECT format('SELECT setval(%L, coalesce(max(%I), 1)) FROM %I', pg_get_serial_sequence(quote_ident(table_name),
       column_name), column_name, table_name)
FROM information_schema.columns
WHERE table_schema = 'public' AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL
"""


def set_sequences(cursor: CursorWrapper) -> None:
    """The next row made by the product gets a number that is free."""
    cursor.execute(SEQUENCES)
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
