"""Shapes rows for the screens: values in, values out, no query and no change of state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leads.models import Lead
from leads.models.facts import Channel
from scoring.facts import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from leads.models import Attempt
    from sla.models import Clock

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


class WorkRow(TypedDict):
    """A row of a work list, its texts and addresses ready to draw (a dictionary, which templates read fastest).

    ``due_at`` is None for a hand-off without a running clock; ``last_attempt`` is one that was made on the lead.
    """

    key: str
    name: str
    url: str
    log_url: str
    company: str
    job_title: str
    phone: str
    email: str
    source: str
    do_not_call: bool
    do_not_email: bool
    reasons: list[Reason]
    more: int
    total: float | None
    trigger: str
    due_at: datetime | None
    warn_seconds: int
    last_attempt: Attempt | None
    last_words: str


def work_rows(found: Iterable[Mapping[str, Any]], tried: Mapping[int, Attempt], came_from: str = "") -> list[WorkRow]:
    """Rows from ``sla.worklist``; ``tried`` has the last attempt by lead, ``came_from`` says to a lead's page where."""
    detail, log = reverse("lead-detail", args=[0]), reverse("attempt-create", args=[0])
    detail += f"?from={came_from}" if came_from else ""
    return [_work_row(one, tried.get(one["lead_id"]), detail, log) for one in found]


def _work_row(one: Mapping[str, Any], tried: Attempt | None, detail: str, log: str) -> WorkRow:
    """``detail`` and ``log`` are the addresses of lead 0: resolving them once is half the work of a page."""
    explanation = one["explanation"]
    lines = _lines(explanation)
    key = str(one["lead_id"])
    decided, due_at = explanation.get("decided"), one.get("due_at")
    return WorkRow(
        key=key,
        name=_name(one),
        url=detail.replace("/0/", f"/{key}/"),
        log_url=log.replace("/0/", f"/{key}/"),
        company=one["company"] or "",
        job_title=one["job_title"],
        phone=one["phone"],
        email=one["email"],
        source=one["source"] or "",
        do_not_call=one["do_not_call"],
        do_not_email=one["do_not_email"] or one["consent"] == Lead.Consent.WITHDRAWN,
        reasons=[_reason(line) for line in lines[:TOP_REASONS]],
        more=max(0, len(lines) - TOP_REASONS),
        total=explanation.get("total"),
        trigger=str(decided["name"]) if decided else "",
        due_at=due_at,
        warn_seconds=int((due_at - one["warn_at"]).total_seconds()) if due_at else 0,
        last_attempt=tried,
        last_words=f"{tried.get_channel_display()}: {tried.get_outcome_display().lower()}" if tried else "",
    )


def _name(one: Mapping[str, Any]) -> str:
    """Like ``Lead.display_name``, which needs the whole lead."""
    return f"{one['first_name']} {one['last_name']}".strip() or one["email"] or str(Lead(pk=one["lead_id"]))


def _lines(explanation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lines of an explanation (see ``sla.models.Handoff``), most points first."""
    return sorted(explanation.get("lines", ()), key=lambda line: (-line["points"], line["name"]))


def _reason(line: Mapping[str, Any], *, stored: bool = True) -> Reason:
    """A line of an explanation; its fact in the reader's language and zone.

    For a tooltip (``stored``) an English reader gets the words as they were kept, which costs nothing and names UTC.
    """
    as_kept = not line.get("facts") or (stored and (get_language() or "en").startswith("en"))
    fact = str(line.get("fact", "")) if as_kept else in_words(line["facts"])
    return Reason(str(line["name"]), float(line["points"]), str(line.get("part", "")), fact)


def warn_seconds(clock: Clock) -> int:
    """How long before it is due a clock is shown as due soon."""
    return int((clock.due_at - clock.warn_at).total_seconds())


@dataclass(frozen=True, slots=True)
class ClockCard:
    """A clock on the lead page: what was promised, what became of it, how many levels ``fired`` (the sweep passed)."""

    clock: Clock
    at: datetime
    policy: str
    fired: int

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
    lines = [_reason(line, stored=False) for line in _lines(explanation)]
    return ScoreCard(
        total=explanation["total"],
        parts=tuple(
            ScorePart(key, label, explanation[key], tuple(line for line in lines if line.part == key))
            for key, label in labels.items()
        ),
        excluded=_reason(explanation["excluded"], stored=False) if explanation.get("excluded") else None,
        decided=_reason(explanation["decided"], stored=False) if explanation.get("decided") else None,
        version=explanation["model"],
        scored_at=datetime.fromisoformat(explanation["scored_at"]),
    )
