"""Shapes rows for the screens: values in, values out, no query and no change of state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from leads.models.facts import Channel
from scoring.facts import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from leads.models import Attempt, Lead
    from sla.models import Clock, Handoff

TOP_REASONS = 3
CHANNEL_ICONS: dict[str, str] = {
    Channel.CALL: "phone",
    Channel.EMAIL: "mail",
    Channel.VIDEO: "video",
    Channel.SOCIAL: "message-circle",
    Channel.MEETING: "users",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A line of a score's explanation."""

    name: str
    points: float
    part: str
    fact: str

    @property
    def is_negative(self) -> bool:
        return self.points < 0


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A lead in somebody's inbox: with a running clock, or in work without one."""

    lead: Lead
    handoff: Handoff
    clock: Clock | None
    last_attempt: Attempt | None
    reasons: tuple[Reason, ...]
    more: int
    total: float | None

    @property
    def trigger(self) -> str:
        """The decisive act that moved the lead, where there was one."""
        decided = self.handoff.explanation.get("decided")
        return str(decided["name"]) if decided else ""

    @property
    def warn_seconds(self) -> int:
        return warn_seconds(self.clock) if self.clock else 0

    @property
    def fired(self) -> int:
        """How many levels of the running clock have fired."""
        return self.clock.next_level - 1 if self.clock else 0

    @property
    def can_call(self) -> bool:
        return not self.lead.do_not_call

    @property
    def can_email(self) -> bool:
        return not self.lead.do_not_email


def work_row(*, lead: Lead, handoff: Handoff, clock: Clock | None, tried: Mapping[int, Attempt]) -> WorkRow:
    """A row of the inbox; ``tried`` has the last attempt by lead."""
    lines = _lines(handoff.explanation)
    top = tuple(_reason(line) for line in lines[:TOP_REASONS])
    total = handoff.explanation.get("total")
    return WorkRow(lead, handoff, clock, tried.get(lead.pk), top, len(lines) - len(top), total)


def _lines(explanation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lines of an explanation (see ``sla.models.Handoff``), most points first."""
    return sorted(explanation.get("lines", ()), key=lambda line: (-line["points"], line["name"]))


def _reason(line: Mapping[str, Any]) -> Reason:
    """In the reader's language, where the snapshot kept the facts and not only their words."""
    fact = in_words(line["facts"]) if line.get("facts") else str(line.get("fact", ""))
    return Reason(str(line["name"]), float(line["points"]), str(line.get("part", "")), fact)


def warn_seconds(clock: Clock) -> int:
    """How long before it is due a clock is shown as due soon."""
    return int((clock.due_at - clock.warn_at).total_seconds())


@dataclass(frozen=True, slots=True)
class ClockCard:
    """A clock on the lead page: what was promised, what became of it, which levels fired."""

    clock: Clock
    at: datetime

    @property
    def state(self) -> str:
        """A word that ``partials/clock.html`` knows."""
        if self.clock.state == self.clock.State.RUNNING:
            return "running"
        if self.clock.state == self.clock.State.CANCELLED:
            return "withdrawn"
        return "missed" if self.clock.is_breached(self.at) else "kept"

    @property
    def label(self) -> str:
        return {"missed": _("Answered late"), "kept": _("Kept"), "withdrawn": _("Cancelled")}.get(self.state, "")

    @property
    def warn_seconds(self) -> int:
        return warn_seconds(self.clock)

    @property
    def taken(self) -> timedelta:
        return self.clock.wall_time(self.at)

    @property
    def levels(self) -> int:
        return len(self.clock.level_at)

    @property
    def fired(self) -> int:
        """How many levels have fired: those that the sweep has passed."""
        return len(self.clock.escalations.all())


@dataclass(frozen=True, slots=True)
class ScorePart:
    """Fit, engagement or intent: its points, and the lines that add up to them."""

    key: str
    label: str
    points: float
    lines: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """A score taken apart (domain rule 13); ``excluded`` is why it moves no stage, ``decided`` the decisive act."""

    total: float
    parts: tuple[ScorePart, ...]
    excluded: Reason | None
    decided: Reason | None
    version: int
    scored_at: datetime


def score_card(explanation: Mapping[str, Any]) -> ScoreCard:
    """From an explanation in the shape that a hand-off keeps (``scoring.services.explain``)."""
    labels = {"fit": _("Fit"), "engagement": _("Engagement"), "intent": _("Intent")}
    lines = [_reason(line) for line in _lines(explanation)]
    return ScoreCard(
        total=explanation["total"],
        parts=tuple(
            ScorePart(key, label, explanation[key], tuple(line for line in lines if line.part == key))
            for key, label in labels.items()
        ),
        excluded=_reason(explanation["excluded"]) if explanation.get("excluded") else None,
        decided=_reason(explanation["decided"]) if explanation.get("decided") else None,
        version=explanation["model"],
        scored_at=datetime.fromisoformat(explanation["scored_at"]),
    )
