"""Rows of a lead's story put into words: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from leads.changes import NOTHING
from sla.presenters import CHANNEL_ICONS

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from leads.changes import Change, Difference
    from leads.models import Attempt, Event, Merge, Note, StageChange
    from sla.models import Clock, Escalation, Handoff

# Stage moves are told by their own history, which also knows why.
TOLD_ELSEWHERE = {"stage"}
SAME_TIME = 60  # seconds


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened: ``lines`` below the title, ``text`` as somebody wrote it, ``tone`` good, bad or none."""

    at: datetime
    icon: str
    title: str
    who: str = ""
    lines: tuple[str, ...] = ()
    text: str = ""
    tone: str = ""
    taken: timedelta | None = None
    undo_url: str = ""
    note: Note | None = None

    @property
    def says_something(self) -> bool:
        """A row kept for a field that is told elsewhere has nothing of its own to say."""
        return bool(self.title)


def notes(rows: Sequence[Note]) -> list[Item]:
    return [
        Item(
            row.created_at,
            "note",
            _("Note, edited") if row.edited_at else _("Note"),
            who=str(row.author),
            text=row.body,
            note=row,
        )
        for row in rows
    ]


def attempts(rows: Sequence[Attempt]) -> list[Item]:
    return [
        Item(
            row.occurred_at,
            CHANNEL_ICONS.get(row.channel, "phone"),
            f"{row.get_channel_display()}: {row.get_outcome_display().lower()}",
            who=str(row.user),
            text=row.note,
            tone="good" if row.outcome == "connected" else "",
        )
        for row in rows
    ]


def events(rows: Sequence[Event]) -> list[Item]:
    return [Item(row.occurred_at, "flame", str(row.event_type), lines=_properties(row.properties)) for row in rows]


def stages(rows: Sequence[StageChange]) -> list[Item]:
    return [_stage(row) for row in rows]


def handoffs(rows: Sequence[Handoff]) -> list[Item]:
    return [_handoff(row) for row in rows]


def clock_stops(rows: Sequence[Clock]) -> list[Item]:
    return [_clock_stop(row) for row in rows]


def escalations(rows: Sequence[Escalation]) -> list[Item]:
    return [_escalation(row) for row in rows]


def merges(rows: Sequence[Merge]) -> list[Item]:
    return [_merge(row) for row in rows]


def changes(rows: Sequence[Change], why_owner: Sequence[WhyOwner]) -> list[Item]:
    """An item each; a new owner is a thing of its own, with what else was changed at the same time below it."""
    return [_change(row, why_owner) for row in rows]


def _change(row: Change, why_owner: Sequence[WhyOwner]) -> Item:
    told = {one.name: one for one in row.differences if one.name not in TOLD_ELSEWHERE}
    owner = told.pop("owner", None)
    why = _why(owner.after, row.at, why_owner) if owner is not None else None
    lines = [f"{one.label}: {one.before} → {one.after}" for one in told.values()]
    if owner is None or (owner.before == NOTHING and why is not None and why.at_once):
        # What a hand-off that finds an owner says itself.
        return Item(row.at, "pencil", _("Changed") if lines else "", who=row.who, lines=_lines(row.why, *lines))
    nobody = _("nobody")
    names = {side: nobody if name == NOTHING else name for side, name in _sides(owner)}
    reason = row.why or (why.why if why is not None else "")
    title = _("Owner: %(before)s → %(after)s") % names
    return Item(row.at, "arrows-exchange", title, who=row.who, lines=_lines(capfirst(reason), *lines))


def _sides(owner: Difference) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("before", owner.before), ("after", owner.after)


def _why(owner: str, at: datetime, why_owner: Sequence[WhyOwner]) -> WhyOwner | None:
    return next((each for each in why_owner if each.tells(owner, at)), None)


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(filter(None, lines))


@dataclass(frozen=True, slots=True)
class WhyOwner:
    """What a hand-off says of its owner: who got it, when (``at_once`` when it was opened), and why."""

    owner: str
    at: datetime
    at_once: bool
    why: str

    def tells(self, owner: str, at: datetime) -> bool:
        """Whether this is why somebody became the owner then; both were written in one transaction."""
        return self.owner == owner and abs((at - self.at).total_seconds()) < SAME_TIME


def _merge(row: Merge) -> Item:
    """Told on the winner's page, and after an undo on the loser's as well."""
    lines = [_("No. %(number)d, merged into no. %(winner)d") % {"number": row.loser_number, "winner": row.winner_id}]
    if row.undone_at is not None:
        when = date_format(localtime(row.undone_at), "j M Y, H:i")
        lines.append(_("Undone by %(who)s, %(when)s") % {"who": row.undone_by or "–", "when": when})
    return Item(
        row.at,
        "git-merge",
        _("Merged with %(lead)s") % {"lead": row.loser_name or _("a lead that was erased")},
        who=str(row.by or ""),
        lines=tuple(lines),
        undo_url="" if row.undone_at or not row.loser_name else reverse("merge-undo", args=[row.pk]),
    )


def _stage(row: StageChange) -> Item:
    title = _("Stage: %(stage)s") % {"stage": row.to_stage}
    if row.from_stage is not None:
        title = _("Stage: %(before)s → %(after)s") % {"before": row.from_stage, "after": row.to_stage}
    why = ": ".join(filter(None, (row.get_reason_display(), row.detail)))
    return Item(
        row.changed_at, "stairs-up", title, who=str(row.by or ""), lines=tuple(filter(None, (why, row.version)))
    )


def _handoff(row: Handoff) -> Item:
    owner = row.owner or _("nobody yet")
    title = _("Handed off to %(owner)s, %(team)s") % {"owner": owner, "team": row.team}
    lines = (row.routing.get("rule", ""), row.why, _score(row.explanation))
    return Item(row.opened_at, "arrow-forward-up", title, lines=tuple(filter(None, lines)))


def _score(explanation: Mapping[str, Any]) -> str:
    """The score as it stood at a hand-off; nothing when no scoring model was published."""
    if "total" not in explanation:
        return ""
    numbers = {part: floatformat(explanation.get(part, 0), "-2") for part in ("total", "fit", "engagement", "intent")}
    return _("Score %(total)s: fit %(fit)s, engagement %(engagement)s, intent %(intent)s") % numbers


def _clock_stop(row: Clock) -> Item:
    policy = row.policy_version.policy.name
    if row.state == row.State.CANCELLED:
        return Item(_stopped(row), "player-stop", _("Clock cancelled: %(policy)s") % {"policy": policy})
    late = row.is_breached(_stopped(row))
    title = _("Clock stopped late: %(policy)s") if late else _("Promise kept: %(policy)s")
    return Item(
        _stopped(row),
        "clock-check",
        title % {"policy": policy},
        tone="bad" if late else "good",
        taken=row.wall_time(_stopped(row)),
    )


def _stopped(row: Clock) -> datetime:
    return row.stopped_at or row.due_at


def _escalation(row: Escalation) -> Item:
    lines = [
        f"{', '.join(str(person) for person in notice.recipients.all())} – {notice.get_state_display().lower()}"
        for notice in row.notices.all()
    ]
    if not lines:
        lines = [row.error or str(row.get_state_display())]
    title = _("Level %(level)d of “%(policy)s” fired: %(who)s") % {
        "level": row.level,
        "policy": row.clock.policy_version.policy,
        "who": _recipients(row),
    }
    return Item(row.recorded_at, "bell", title, lines=tuple(lines), tone="bad")


def _recipients(row: Escalation) -> str:
    levels = {level.number: level for level in row.clock.policy_version.levels.all()}
    level = levels.get(row.level)
    if level is None:
        return "–"
    labels = dict(level.Recipient.choices)
    return ", ".join(str(labels.get(who, who)).lower() for who in level.recipients)


def _properties(properties: Mapping[str, Any]) -> tuple[str, ...]:
    told = "; ".join(f"{key}: {value}" for key, value in list(properties.items())[:6])
    return (told[:300],) if told else ()
