"""The same as ``leads.personal`` for the tables of scoring and of the promises."""

from __future__ import annotations

from leads.personal import HANDLED as FACTS
from leads.personal import KEEP, Handling

# Scores, hand-offs and clocks are what is counted. The words in a hand-off, and the notices about a lead, are emptied
# by ``sla.services.erase``.
HANDLED: dict[str, Handling] = {
    **FACTS,
    "scoring.LeadScore": KEEP,
    "sla.Handoff": KEEP,
    "sla.Clock": KEEP,
}
# Tables about a lead that do not point to it themselves: model → the way to the lead.
FURTHER = {
    "sla.Escalation": "clock__lead",
    "sla.Notice": "escalations__clock__lead",
    "leads.VisitorEvent": "visitor__lead",
}
