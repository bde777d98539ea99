"""Policies, calendars and queues for pages to show: in words, as a week, in order of turns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from leads.models.facts import Channel, Outcome
from people.models import Role, Team, User
from people.templatetags.baton import duration
from sla.calendars import Span
from sla.models import CalendarSpan, Level, PolicyVersion, RoutingTurn

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from sla.models import Calendar, Policy


def with_terms(policies: QuerySet[Policy]) -> QuerySet[Policy]:
    """The policies with their versions, newest first: three queries, however many there are."""
    versions = PolicyVersion.objects.select_related("sequence").prefetch_related("levels").order_by("-number")
    return policies.prefetch_related(Prefetch("versions", versions))


@dataclass(frozen=True, slots=True)
class Rung:
    when: str
    who: str


@dataclass(frozen=True, slots=True)
class PolicyInWords:
    version: PolicyVersion

    @classmethod
    def of(cls, policy: Policy) -> PolicyInWords | None:
        """The present terms of a policy that was read ``with_terms``."""
        version = next(iter(policy.versions.all()), None)
        return cls(version) if version else None

    @property
    def promise(self) -> str:
        """“within 5 min of working time”."""
        length = exact_length(self.version.duration_seconds)
        if self.version.time_kind == PolicyVersion.TimeKind.WALL:
            return _("within %(length)s of wall time") % {"length": length}
        return _("within %(length)s of working time") % {"length": length}

    @property
    def warning(self) -> str:
        return exact_length(self.version.warn_seconds) if self.version.warn_seconds else ""

    @property
    def ladder(self) -> list[Rung]:
        return [Rung(offset_text(level.offset_seconds), recipients_text(level)) for level in self.version.levels.all()]

    @property
    def channels(self) -> str:
        return _listed([str(Channel(each).label) for each in self.version.sequence.channels])

    @property
    def outcomes(self) -> str:
        return _listed([str(Outcome(each).label) for each in self.version.sequence.outcomes])


def exact_length(seconds: int) -> str:
    """Every unit that is not nothing: a promise of 70 seconds is not one of a minute."""
    hours, rest = divmod(seconds, 3600)
    parts = [each * size for each, size in ((hours, 3600), (rest // 60, 60), (rest % 60, 1)) if each]
    return " ".join(_whole(part) for part in parts) or duration(0)


def _whole(seconds: int) -> str:
    if seconds % 3600 == 0:
        return _("%(n)d h") % {"n": seconds // 3600}
    return duration(seconds)


def offset_text(seconds: int) -> str:
    """When a level fires: “when due”, “10 min after it was due”, “1 min before it is due”."""
    if seconds == 0:
        return _("when it is due")
    if seconds < 0:
        return _("%(length)s before it is due") % {"length": exact_length(-seconds)}
    return _("%(length)s after it was due") % {"length": exact_length(seconds)}


def recipients_text(level: Level) -> str:
    first, *others = [str(each.label) for each in Level.Recipient if each in level.recipients]
    return _listed([first, *(other.lower() for other in others)])


def _listed(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


@dataclass(frozen=True, slots=True)
class Queue:
    """A team and its SDRs in the order of their turns; those who take no leads now stand last and are passed over."""

    team: Team
    available: list[User]
    away: list[User]


def queues() -> list[Queue]:
    """Whose turn it is in every sales team: three queries."""
    turns = {(turn.team_id, turn.user_id): turn.turn for turn in RoutingTurn.objects.all()}
    members: dict[int | None, list[User]] = defaultdict(list)
    for person in User.objects.active().filter(role=Role.SDR, team__isnull=False):
        members[person.team_id].append(person)
    found = []
    for team in Team.objects.sales():
        people = sorted(members[team.pk], key=lambda person: (turns.get((team.pk, person.pk), 0), person.pk))
        found.append(Queue(team, [p for p in people if p.takes_leads], [p for p in people if not p.takes_leads]))
    return found


def week_rows(calendar: Calendar) -> list[tuple[str, str]]:
    """A calendar's week to be read: weekday, hours (“9:00–13:00, 14:00–18:00”), empty where it is closed."""
    hours: dict[int, list[str]] = defaultdict(list)
    for span in calendar.spans.all():
        hours[span.weekday].append(str(Span(span.opens, span.closes)))
    return [(str(day.label), ", ".join(hours[day])) for day in CalendarSpan.Weekday]
