"""Scoring: everybody, and one lead, beside the same thirty rules written as SQL by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.utils import timezone

from bench.db import SQL, column, committed, execute
from bench.registry import Effort, Result, Target, benchmark
from bench.timing import interleaved, milliseconds, result
from leads.models import EventType, Lead, LifecycleStage
from scoring.models import ScoringModel
from scoring.services.explain import explain
from scoring.services.score import score_leads

BY_HAND = SQL / "score_by_hand.sql"
DIFFERENT = """
SELECT count(*) FROM scoring_leadscore AS ours JOIN bench_score AS theirs USING (lead_id)
WHERE ours.scored_at = theirs.scored_at
  AND (ours.total, ours.breakdown, ours.target_stage_id) IS DISTINCT FROM
      (theirs.total, theirs.breakdown, theirs.target_stage_id)
"""


@contextmanager
def score_table() -> Iterator[None]:
    """A copy of the scores for the floor to write to: the same columns, checks and indexes."""
    execute("DROP TABLE IF EXISTS bench_score")
    execute("CREATE TABLE bench_score (LIKE scoring_leadscore INCLUDING ALL)")
    execute("INSERT INTO bench_score SELECT * FROM scoring_leadscore")
    execute("ANALYZE bench_score")
    try:
        yield
    finally:
        execute("DROP TABLE bench_score")


def constants(now: datetime) -> dict[str, Any]:
    """The numbers of this database that the statement needs."""
    types = dict(EventType.objects.values_list("key", "pk"))
    stages = dict(LifecycleStage.objects.values_list("key", "pk"))
    model = ScoringModel.objects.published()
    return {**types, "mql": stages["mql"], "lead": stages["lead"], "model": model.pk if model else 0, "now": now}


def by_hand(now: datetime, low: int, high: int) -> int:
    return committed(BY_HAND.read_text(), {**constants(now), "low": low, "high": high})


@benchmark("score_all")
def score_all(effort: Effort) -> Iterable[Result]:
    """Every lead scored anew; the floor is checked to come to the same points."""
    now = timezone.now()
    rows = Lead.objects.count()
    with score_table():
        taken, floor = interleaved(
            effort.times(1),
            lambda: score_leads(lead_ids=None, now=now),
            lambda: by_hand(now, 1, 1 << 62),
        )
        (different,) = column(DIFFERENT)
    execute("VACUUM ANALYZE scoring_leadscore")
    if different:
        raise RuntimeError(f"{different} scores differ from those of the floor")
    yield result("score_all", rows, "s", taken, floor, Target("ratio", 1.5))


@benchmark("score_one")
def score_one(effort: Effort) -> Iterable[Result]:
    """One lead scored, and explained: some of the busiest, and some like most."""
    rows = Lead.objects.count()
    busy = [1 + n * 7919 % rows for n in range(5)]  # as bench/sql/06_events.sql spreads them
    leads = [*busy, *Lead.objects.order_by("-pk").values_list("pk", flat=True)[:15]] * effort.times(10)
    now = timezone.now()
    turns, floor_turns, told_turns = iter(leads), iter(leads), iter(leads)

    def floor_one() -> None:
        lead = next(floor_turns)
        by_hand(now, lead, lead)

    score_leads(lead_ids=leads[:1], now=now)
    with score_table():
        taken, floor, told = interleaved(
            len(leads),
            lambda: score_leads(lead_ids=[next(turns)], now=now),
            floor_one,
            lambda: explain(lead_ids=[next(told_turns)], at=now),
        )
    yield milliseconds("score_one", 1, taken, floor, Target("p95", 10))
    yield milliseconds("explain_one", 1, told, [], Target("p95", 20))
