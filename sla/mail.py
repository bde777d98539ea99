"""The text of a message: rendered when it is sent, so that it tells what holds then, in the reader's words and zone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from scoring.facts import in_words
from sla.models import Clock, Escalation, Level, Notice, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_stubs_ext import StrOrPromise

    from people.models import User

TOP_REASONS = 3
MOST_LINES = 50
LONGEST_NAME = 120
LONGEST_SUBJECT = 250
# A message takes this long anyway: what fires at the due time is “due now” until then.
JUST_DUE = timedelta(seconds=15)
# Letters for lines: whatever could end one, or turn the direction of what follows.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\s]+")


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that brought the lead here: its name, its points, the fact."""

    name: str
    points: float
    fact: str


@dataclass(frozen=True, slots=True)
class Line:
    """What is told about one clock. ``late`` is negative before the due time, ``next_at`` empty at the last level."""

    lead: str
    company: str
    title: str
    url: str
    promise: StrOrPromise
    owner: str
    team: str
    reasons: tuple[Reason, ...]
    since: datetime
    due: datetime
    late: timedelta
    level: int
    levels: int
    missed: tuple[int, ...]
    next_at: datetime | None
    next_who: tuple[StrOrPromise, ...]

    @property
    def is_due(self) -> bool:
        return self.late >= timedelta(0)

    @property
    def is_late(self) -> bool:
        """Later than the time a message takes anyway."""
        return self.late >= JUST_DUE

    @property
    def missed_levels(self) -> str:
        """The levels that fired, as a list in words."""
        return ", ".join(map(str, self.missed))

    @property
    def next_people(self) -> str:
        """Whom the next level goes to, in the language of the moment."""
        return ", ".join(map(str, self.next_who))

    @property
    def ahead(self) -> timedelta:
        return -self.late


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


def message_domain() -> str:
    """The right-hand side of a Message-ID: the host people know Baton by."""
    return urlsplit(settings.BATON_BASE_URL).hostname or "localhost"


def is_bundle(notice: Notice) -> bool:
    """Whether the message is one person's list of what was noticed late, rather than one level of one clock."""
    return notice.message_id.startswith("<late.")


def line(escalations: Collection[Escalation], now: datetime) -> Line:
    """What to tell of the levels of one clock, while ``speaking`` to the reader; all it needs is loaded with them."""
    escalation = max(escalations, key=_level)
    clock = escalation.clock
    levels = list(clock.policy_version.levels.all())
    following = next((level for level in levels if level.number == escalation.level + 1), None)
    return Line(
        lead=one_line(clock.lead.display_name),
        company=one_line(clock.lead.company.name) if clock.lead.company else "",
        title=one_line(clock.lead.job_title),
        url=settings.BATON_BASE_URL.rstrip("/") + reverse("lead-detail", args=[clock.lead_id]),
        promise=Policy.Kind(clock.kind).label,
        owner=one_line(clock.owner.name) if clock.owner else "",
        team=one_line(clock.team.name),
        reasons=_reasons(clock),
        since=clock.started_at,
        due=clock.due_at,
        late=now - clock.due_at,
        level=escalation.level,
        levels=len(levels),
        missed=tuple(sorted(each.level for each in escalations)),
        next_at=clock.level_at[escalation.level] if following and escalation.level < len(clock.level_at) else None,
        next_who=_who(following),
    )


def by_clock(escalations: Iterable[Escalation]) -> list[list[Escalation]]:
    """The escalations of each clock together, what was due first on top."""
    ordered = sorted(escalations, key=lambda each: (each.clock.due_at, each.clock_id, each.level))
    return [list(group) for _clock, group in groupby(ordered, key=lambda each: each.clock_id)]


def write(notice: Notice, lines: Sequence[Line], reader: User, *, to_owner: bool, total: int) -> Letter:
    """The letter; to be called while ``speaking`` to the reader. ``lines`` may be the first of ``total`` clocks."""
    kind = "late" if is_bundle(notice) else "notice"
    context: dict[str, Any] = {
        "notice": notice,
        "line": lines[0],
        "lines": lines,
        "more": total - len(lines),
        "total": total,
        "to_owner": to_owner,
        "zone": reader.time_zone,
        "language": reader.language,
    }
    subject = one_line(render_to_string(f"emails/{kind}.subject.txt", context), LONGEST_SUBJECT)
    text = render_to_string(f"emails/{kind}.txt", context).strip() + "\n"
    html = render_to_string(f"emails/{kind}.html", {**context, "subject": subject})
    return Letter(subject, text, html)


@contextmanager
def speaking(reader: User) -> Iterator[None]:
    """Words and times are the reader's meanwhile."""
    with translation.override(reader.language), timezone.override(reader.zone):
        yield


def reader_of(people: Sequence[User], owner: User | None) -> User:
    """In whose words and zone a letter to several is written: the owner's if among them, else the first one's."""
    return owner if owner is not None and owner in people else people[0]


def envelope(notice: Notice, letter: Letter, people: Sequence[User]) -> EmailMultiAlternatives:
    """The message as it goes out: to everybody at once, marked as automatic so that nothing answers it."""
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[user.email for user in people],
        headers={
            "Message-ID": notice.message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "List-Id": f"Baton <notices.{message_domain()}>",
        },
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Text from outside as a part of a line: no break, no control character, not without end."""
    flat = UNPRINTABLE.sub(" ", text).strip()
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def _reasons(clock: Clock) -> tuple[Reason, ...]:
    """What brought the lead here, as it stood at the hand-off: the decisive act, then the rules that gave most."""
    explanation = clock.handoff.explanation
    given = sorted((_reason(each) for each in explanation.get("lines", ())), key=lambda reason: -reason.points)
    best = [reason for reason in given if reason.points > 0]
    if explanation.get("decided"):
        decided = _reason(explanation["decided"])
        best = [decided, *(reason for reason in best if reason.name != decided.name)]
    return tuple(best[:TOP_REASONS])


def _reason(told: Mapping[str, Any]) -> Reason:
    """In the language of the moment, where the snapshot kept the facts and not only their words."""
    fact = in_words(told["facts"]) if told.get("facts") else told.get("fact", "")
    return Reason(one_line(told["name"]), float(told.get("points", 0)), one_line(fact))


def _who(level: Level | None) -> tuple[StrOrPromise, ...]:
    return () if level is None else tuple(Level.Recipient(kind).label for kind in level.recipients)


def _level(escalation: Escalation) -> int:
    return escalation.level
