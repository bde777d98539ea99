"""The flow: ten thousand leads that ask for a demo, scored, moved, handed over, each with a clock."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from bench.db import clear_due, column, script
from bench.registry import Effort, Result, Target, benchmark
from bench.sweeps import expect
from bench.timing import result, seconds
from sla import flow
from sla.models import Clock

LEADS = 10_000
KEY = "bench-flow-"
# Leads that a decisive act will move: open, not excluded, not in hand.
FREE = """
SELECT lead.id
FROM leads_lead AS lead
JOIN leads_lifecyclestage AS stage ON stage.id = lead.stage_id AND stage.key = 'lead'
JOIN leads_leadstatus AS status ON status.id = lead.status_id AND NOT status.is_closed
JOIN scoring_leadscore AS score ON score.lead_id = lead.id AND score.excluded_by_id IS NULL
WHERE NOT EXISTS (SELECT FROM sla_handoff AS handoff WHERE handoff.lead_id = lead.id)
ORDER BY lead.id * 7919 %% 1000003
LIMIT %s
"""


@benchmark("flow_10k")
def flow_10k(effort: Effort) -> Iterable[Result]:
    """Ten thousand demo requests drained in the batches of the task: score, stage, hand-off, clock."""
    now = timezone.now()
    clear_due(now)
    leads = column(FREE, [effort.many(LEADS)])
    taken = []
    for _ in range(effort.times(2)):
        ask_for_demo(leads)
        try:
            before = Clock.objects.count()
            taken.append(seconds(drain))
            expect(Clock.objects.count() - before, len(leads))
        finally:
            take_back(leads)
    yield result("flow_10k", len(leads), "s", taken, [], Target("median", 60))


def ask_for_demo(leads: list[int]) -> None:
    script("ask_for_demo", {"leads": leads, "key": KEY, "now": timezone.now()})


def drain() -> None:
    while flow.run(now=timezone.now()).drained:
        pass


def take_back(leads: list[int]) -> None:
    """As if these leads had never asked."""
    script("undo_flow", {"leads": leads, "key": KEY})
