"""What a new installation promises until its people say otherwise: office hours, what counts, one ladder, ten terms."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.apps.registry import Apps

COUNTED_CHANNELS = ["call", "email", "video", "social", "meeting"]
# A bounce or a wrong number has reached nobody and could reach nobody.
COUNTED_OUTCOMES = ["connected", "no_answer", "voicemail", "busy", "sent"]
FIRST_TOUCH_SECONDS = 5 * 60
# Seconds of working time after the due time, and who hears.
LADDER = ((0, ["owner"]), (10 * 60, ["owner", "manager"]), (60 * 60, ["executives"]))

TERMS = (
    (
        "sla",
        "Service level agreement",
        "The written agreement of marketing and sales: what a qualified lead is, who follows it up within how long, "
        "and who hears of it when nothing happens. Here it is not a document but the rules the program applies.",
    ),
    (
        "icp",
        "Ideal customer profile",
        "The company worth selling to: its industry, size, revenue and place – and what rules one out. It describes "
        "companies, not people.",
    ),
    (
        "persona",
        "Buyer persona",
        "The person at such a company, given a name and a life: what they do, need and worry about, and whether they "
        "decide, influence or use.",
    ),
    (
        "journey",
        "Buyer's journey",
        "The way from awareness of a problem through considering solutions to the decision for one.",
    ),
    (
        "stage",
        "Lifecycle stage",
        "How far the relationship has come, from subscriber to customer. Each move is recorded with its reason.",
    ),
    (
        "lead_type",
        "Lead type",
        "What kind of business a lead is: a new or an existing customer, say. Routing and clocks may depend on it.",
    ),
    (
        "deal_stage",
        "Deal stage",
        "How far a deal is: meeting booked, developing the quote, quote presented, won, lost, on hold.",
    ),
    (
        "status",
        "Lead status",
        "What is happening with a lead now. A lead that sales returns always has a reason.",
    ),
    (
        "score",
        "Lead score",
        "Fit (who they are) plus engagement (what they do) plus intent (what shows that they are buying). From an "
        "agreed score on, a lead is qualified.",
    ),
    (
        "attempt",
        "Connection attempt",
        "What counts as trying to reach someone: by which channels and with which outcomes. Only a logged attempt that "
        "counts stops the first-touch clock.",
    ),
)


def load(apps: Apps) -> None:
    """Create what is missing, touch nothing that is there."""
    _load_calendar(apps)
    _load_policy(apps)
    for position, (key, term, text) in enumerate(TERMS, start=1):
        apps.get_model("sla", "GlossaryTerm").objects.get_or_create(
            key=key, defaults={"term": term, "text": text, "position": position * 10}
        )


def _load_calendar(apps: Apps) -> None:
    calendars = apps.get_model("sla", "Calendar").objects
    if calendars.filter(is_default=True).exists():
        return
    calendar = calendars.create(name="Office hours", is_default=True)
    for weekday in range(5):
        calendar.spans.create(weekday=weekday, opens=time(9), closes=time(17))


def _load_policy(apps: Apps) -> None:
    if apps.get_model("sla", "Policy").objects.exists():
        return
    sequence, _ = apps.get_model("sla", "Sequence").objects.get_or_create(
        name="First touch", defaults={"channels": COUNTED_CHANNELS, "outcomes": COUNTED_OUTCOMES}
    )
    policy = apps.get_model("sla", "Policy").objects.create(name="First touch", kind="first_touch", position=100)
    version = policy.versions.create(
        number=1,
        time_kind="working",
        duration_seconds=FIRST_TOUCH_SECONDS,
        warn_seconds=120,
        sequence=sequence,
    )
    for number, (offset, recipients) in enumerate(LADDER, start=1):
        version.levels.create(number=number, offset_seconds=offset, recipients=recipients)
