"""The story of a lead: everything that happened to it, from all the tables that say so, newest first, in pages.

Each source answers with its newest rows before a position; merging those gives the page. So the number of queries is
that of the sources, whatever the length of the story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy

from leads.models import Attempt, Event, Lead, Merge, Note, StageChange
from leads.services.identity import lineage
from people.models import User
from sla import timeline_items as tell
from sla.models import Clock, Escalation, Handoff, Level, Notice

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from sla.timeline_items import Item

PAGE = 50
GROUPS = {
    "behaviour": gettext_lazy("Behaviour"),
    "attempts": gettext_lazy("Attempts"),
    "notes": gettext_lazy("Notes"),
    "stages": gettext_lazy("Stages and hand-offs"),
    "promises": gettext_lazy("Clocks and messages"),
    "changes": gettext_lazy("Changes"),
}

# What only the undo of a merge needs.
UNTOLD = ("loser", "winner_before", "winner_after", "moved", "dropped", "made", "promises")

Tell = Callable[[list[Any]], list["Item"]]


@dataclass(frozen=True, slots=True)
class Position:
    """The last item of a page: what comes later in the story is older, or of a later source, or has a lower id."""

    at: datetime
    source: int
    pk: int

    @classmethod
    def read(cls, text: str) -> Position:
        """From ``str(position)``; ValueError when it is none."""
        at, source, pk = text.split("~")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not 0 <= int(pk) < 2**63:
            raise ValueError(text)
        return cls(moment, int(source), int(pk))

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.source}~{self.pk}"


@dataclass(frozen=True, slots=True)
class Source:
    """A table that tells a part: its rows of a lead, when each happened, and how to put them into words."""

    group: str
    rows: Callable[[Lead], QuerySet[Any]]
    at: str
    tell: Tell
    pk: str = "pk"

    def newest(self, lead: Lead, number: int, after: Position | None) -> list[Any]:
        """At most a page and one more."""
        rows = self.rows(lead)
        if after is not None:
            rows = rows.filter(self._older(number, after))
        return list(rows.order_by(f"-{self.at}", f"-{self.pk}")[: PAGE + 1])

    def _older(self, number: int, after: Position) -> Q:
        if number != after.source:
            return Q(**{f"{self.at}__{'lte' if number > after.source else 'lt'}": after.at})
        same_moment = Q(**{f"{self.pk}__lt": after.pk}) | Q(**{f"{self.at}__lt": after.at})
        return Q(**{f"{self.at}__lte": after.at}) & same_moment


@dataclass(frozen=True, slots=True)
class Story:
    """A page of it; ``next`` is the position to go on from, or empty at the beginning of everything."""

    items: list[Item]
    next: str


def story(lead: Lead, *, group: str = "", after: Position | None = None) -> Story:
    """The page of a lead's story after a position, of one group or (empty) of all."""
    found: list[tuple[tuple[datetime, int, int], int, Any]] = []
    for number, source in enumerate(SOURCES):
        if group in ("", source.group):
            rows = source.newest(lead, number, after)
            found += [((getattr(row, source.at), -number, row.pk), number, row) for row in rows]
    found.sort(key=lambda entry: entry[0], reverse=True)
    shown = found[:PAGE]
    if not shown:
        return Story([], "")
    (at, _number, pk), number, _row = shown[-1]
    return Story(_told(lead, shown), str(Position(at, number, pk)) if len(found) > PAGE else "")


def _told(lead: Lead, shown: Iterable[tuple[Any, int, Any]]) -> list[Item]:
    """The rows in words: each source tells its own together, since a change is told by comparing it with the next."""
    rows: dict[int, list[Any]] = {}
    for _key, number, row in shown:
        rows.setdefault(number, []).append(row)
    items: dict[tuple[int, int], Item] = {}
    for number, own in rows.items():
        told = _changes(lead, own) if SOURCES[number].group == "changes" else SOURCES[number].tell(own)
        items |= {(number, row.pk): item for row, item in zip(own, told, strict=True)}
    ordered = (items[number, row.pk] for _key, number, row in shown)
    return [item for item in ordered if item.says_something]


def _changes(lead: Lead, rows: list[Any]) -> list[Item]:
    """Each row is a lead *before* a change; what it became stands in the next newer row of the same lead.

    The newest row of this lead became the lead as it is; that of one merged into it, the lead as the merge found it.
    """
    people = {row.pgh_context.metadata.get("user") for row in rows if row.pgh_context}
    names = dict(User.objects.filter(pk__in=people - {None}).values_list("pk", "name"))
    items: dict[int, Item] = {}
    for number in {row.pgh_obj_id for row in rows}:
        chain = [row for row in rows if row.pgh_obj_id == number]
        newer = _before(lead).filter(pgh_obj=number, pgh_id__gt=chain[0].pgh_id).order_by("pgh_id").first()
        told = tell.changes(chain, became=newer or _end(lead, number), names=names)
        items |= {row.pgh_id: item for row, item in zip(chain, told, strict=True)}
    return [items[row.pgh_id] for row in rows]


def _end(lead: Lead, number: int) -> Lead:
    """What the last change of a chain led to."""
    merge = Merge.objects.standing().filter(loser_number=number).first() if number != lead.pk else None
    if merge is None:
        return lead
    fields = [field for field in Lead._meta.concrete_fields if field.column in merge.loser]
    return Lead(**{field.attname: field.to_python(merge.loser[field.column]) for field in fields})


def _before(lead: Lead) -> QuerySet[Any]:
    """The history of the lead and of those that were merged into it: their rows keep their own numbers."""
    history: type[Model] = apps.get_model("leads", "LeadBefore")
    related = ("pgh_context", "company", "source", "campaign", "lead_type", "status", "owner")
    return history._default_manager.filter(pgh_obj__in=lineage(lead.pk)).select_related(*related)


def _merges(lead: Lead) -> QuerySet[Any]:
    """Into this lead; and, once undone, of this lead into another."""
    theirs = Q(winner=lead) | Q(loser_number=lead.pk, undone_at__isnull=False)
    return Merge.objects.filter(theirs).select_related("by", "undone_by").defer(*UNTOLD)


def _escalations(lead: Lead) -> QuerySet[Any]:
    levels = Prefetch("clock__policy_version__levels", queryset=Level.objects.order_by("number"))
    notices = Prefetch("notices", queryset=Notice.objects.prefetch_related("recipients").defer("body"))
    return (
        Escalation.objects.filter(clock__lead=lead)
        .select_related("clock__policy_version__policy")
        .prefetch_related(levels, notices)
    )


# The order decides between things of the same moment: an attempt comes after (above) the stop of the clock it caused.
SOURCES: tuple[Source, ...] = (
    Source("notes", lambda lead: Note.objects.filter(lead=lead).select_related("author"), "created_at", tell.notes),
    Source(
        "promises",
        lambda lead: Clock.objects.filter(lead=lead, stopped_at__isnull=False).select_related("policy_version__policy"),
        "stopped_at",
        tell.clock_stops,
    ),
    Source(
        "attempts", lambda lead: Attempt.objects.filter(lead=lead).select_related("user"), "occurred_at", tell.attempts
    ),
    Source("promises", _escalations, "recorded_at", tell.escalations),
    Source(
        "stages",
        lambda lead: Handoff.objects.filter(lead=lead).select_related("owner", "team"),
        "opened_at",
        tell.handoffs,
    ),
    Source(
        "stages",
        lambda lead: StageChange.objects.filter(lead=lead).select_related("from_stage", "to_stage", "by"),
        "changed_at",
        tell.stages,
    ),
    Source(
        "behaviour",
        lambda lead: Event.objects.filter(lead=lead).select_related("event_type"),
        "occurred_at",
        tell.events,
    ),
    Source("changes", _before, "pgh_created_at", lambda _rows: [], pk="pgh_id"),
    Source("stages", _merges, "at", tell.merges),
)
