"""Rows of a lead's story put into words: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from leads.models import CompanyMerge, Lead
from sla.presenters import CHANNEL_ICONS

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from leads.models import Attempt, Event, Merge, Note, StageChange
    from sla.models import Clock, Escalation, Handoff

# Stage moves are told by their own history, which also knows why.
CHANGED_FIELDS = (
    "owner",
    "status",
    "status_reason",
    "first_name",
    "last_name",
    "email",
    "phone",
    "job_title",
    "company",
    "country",
    "city",
    "language",
    "source",
    "campaign",
    "lead_type",
    "journey_step",
    "bant_budget",
    "bant_authority",
    "bant_need",
    "bant_timeline",
    "consent",
    "do_not_email",
    "do_not_call",
)


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

    @property
    def says_something(self) -> bool:
        """A row kept for a field that is told elsewhere has nothing of its own to say."""
        return bool(self.title)


def notes(rows: Sequence[Note]) -> list[Item]:
    return [Item(row.created_at, "note", _("Note"), who=str(row.author), text=row.body) for row in rows]


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


def changes(rows: Sequence[Any], *, became: Any, names: Mapping[int, str]) -> list[Item]:
    """Rows newest first, each the lead before a change; ``became`` is what the newest of them turned into."""
    items = []
    for row in rows:
        lines = tuple(_differences(row, became))
        by = row.pgh_context.metadata.get("user") if row.pgh_context else None
        title = _("Changed") if lines else ""
        items.append(Item(row.pgh_created_at, "pencil", title, who=names.get(by or 0, ""), lines=lines))
        became = row
    return items


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
    lines = tuple(filter(None, (row.routing.get("rule", ""), row.why)))
    return Item(row.opened_at, "arrow-forward-up", title, lines=lines)


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


def _differences(before: Any, after: Any) -> list[str]:
    lines = []
    for name in CHANGED_FIELDS:
        field = Lead._meta.get_field(name)
        old, new = getattr(before, field.attname), getattr(after, field.attname)  # type: ignore[union-attr]  # no reverse relation is in the list
        if old != new:
            label = capfirst(str(field.verbose_name))  # type: ignore[union-attr]  # as above
            lines.append(f"{label}: {_shown(before, name)} → {_shown(after, name)}")
    return lines


def _shown(row: Any, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None and name == "company" and row.company_id:
        return _merged_company(row.company_id)
    return str(dict(getattr(Lead._meta.get_field(name), "flatchoices", ())).get(value, value) or "–")


def _merged_company(company_id: int) -> str:
    """What a company was called that was merged into another since."""
    merge = CompanyMerge.objects.filter(loser_number=company_id).order_by("-pk").only("loser_name").first()
    return merge.loser_name if merge is not None else "–"


def _properties(properties: Mapping[str, Any]) -> tuple[str, ...]:
    told = "; ".join(f"{key}: {value}" for key, value in list(properties.items())[:6])
    return (told[:300],) if told else ()
