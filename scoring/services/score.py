"""Scoring: what leads are worth now, under the published model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Max, Min

from leads.models import Lead
from scoring.compiler import Query, score_columns
from scoring.expressions import AT, fill
from scoring.models import LeadScore, ScoringModel
from scoring.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

# Leads in one statement of a full run: it bounds what is locked and sorted at a time.
RANGE = 50_000


def score_leads(*, lead_ids: Sequence[int] | None, now: datetime) -> int:
    """Score these leads, or all, by the published model as of ``now``; returns how many scores were written.

    A score that another worker computed later than ``now`` is left as it is. Without a published model nothing is
    scored. In a full run each range of leads is a statement, and a transaction unless the caller has one open.
    """
    model = ScoringModel.objects.published()
    if model is None:
        return 0
    query = program(model, by_ids=lead_ids is not None)
    statement = _statement(query, model.pk)
    if lead_ids is not None:
        ids = sorted(set(lead_ids))
        parts = [ids[start : start + RANGE] for start in range(0, len(ids), RANGE)]
        return sum(_run(statement, query, now, ids=part) for part in parts)
    return sum(_run_range(statement, query, now, low, high) for low, high in _ranges())


def _statement(query: Query, model: int) -> str:
    columns = score_columns(query, model)
    table = connection.ops.quote_name(LeadScore._meta.db_table)
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in (*columns, "scored_at") if name != "lead_id")
    values = query.select(", ".join((*columns.values(), "%s::timestamptz")))
    return (
        f"INSERT INTO {table} ({', '.join(columns)}, scored_at) {values} "
        f"ON CONFLICT (lead_id) DO UPDATE SET {updates} "
        f"WHERE {table}.scored_at <= EXCLUDED.scored_at OR {table}.model_id <> EXCLUDED.model_id"
    )


def _run(statement: str, query: Query, now: datetime, **leads: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, fill((*query.params, AT), at=now, **leads))
        return int(cursor.rowcount)


@transaction.atomic
def _run_range(statement: str, query: Query, now: datetime, low: int, high: int) -> int:
    """Room to group and sort a whole range in memory, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
    return _run(statement, query, now, low=low, high=high)


def _ranges() -> Iterator[tuple[int, int]]:
    ends = Lead.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is not None:
        for low in range(ends["first"], ends["last"] + 1, RANGE):
            yield low, low + RANGE
