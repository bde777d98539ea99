"""Small helpers around SQL that the measurements share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

SQL = Path(__file__).with_name("sql")


def execute(sql: str, values: dict[str, Any] | Sequence[Any] | None = None) -> int:
    """Run a statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def script(name: str, values: dict[str, Any]) -> None:
    """Run the statements of a file of bench/sql."""
    execute((SQL / f"{name}.sql").read_text(), values)


def column(sql: str, values: dict[str, Any] | Sequence[Any] | None = None) -> list[Any]:
    """The first column of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


@transaction.atomic
def committed(sql: str, values: dict[str, Any] | None = None) -> int:
    """A statement in a transaction of its own, as the product runs it."""
    return execute(sql, values)


def clear_due(now: datetime) -> None:
    """Put off what has come due since the data was made, by two days: a sweep then finds nothing."""
    execute(
        """
        UPDATE sla_clock
        SET next_level = 1, next_at = later.at, due_at = later.at,
            level_at = ARRAY[later.at, later.at + interval '10 minutes', later.at + interval '1 hour']
        FROM (SELECT %(now)s + interval '2 days' AS at) AS later
        WHERE next_at < %(now)s + interval '2 hours'
        """,
        {"now": now},
    )
