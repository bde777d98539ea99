"""The story of a lead: everything that happened to it, from all the tables that say so, newest first, in pages.

One query asks every source for the moments of its newest rows before a position and merges them into a page; only the
sources that have something on it are then read. So the number of queries is that of the sources at most, whatever the
length of the story.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import F, IntegerField, Prefetch, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy

from leads.changes import Change, before, by_whom, differences_of, metadata, people_of
from leads.models import Attempt, Event, Lead, Merge, Note, StageChange
from leads.services.identity import lineage
from people.models import User
from sla import timeline_items as tell
from sla.models import Clock, Escalation, Handoff, Level, Notice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from sla.timeline_items import Item

PAGE = 30
WORDS = 8
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
Place = tuple[int, int]  # the number of a source, and the id of a row


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose story it is. Of the leads that were merged into this one the history keeps the old ``numbers``."""

    lead: Lead
    numbers: list[int]


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
class Wish:
    """What of the story the reader wants to see: a group, one person's doing, or what holds some words."""

    group: str = ""
    person: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A table that tells a part: its rows of a lead, when each happened, and how to put them into words."""

    group: str
    rows: Callable[[Subject], QuerySet[Any]]
    at: str
    tell: Tell
    pk: str = "pk"
    person: str = ""
    words: tuple[str, ...] = ()

    def answers(self, wish: Wish) -> bool:
        """Whether this source has anything to say to what the reader wants to see."""
        known = (not wish.person or self.person) and (not wish.words or self.words)
        return bool(known) and wish.group in ("", self.group)

    def newest(self, of: Subject, number: int, wish: Wish, after: Position | None) -> QuerySet[Any, Any]:
        """Where its newest rows stand, at most a page and one more: the moment, the source's number, the row's id."""
        rows = self.rows(of)
        if wish.person:
            rows = rows.filter(**{self.person: wish.person})
        for word in wish.words.split()[:WORDS]:
            rows = rows.filter(reduce(or_, (Q(**{f"{name}__icontains": word}) for name in self.words)))
        if after is not None:
            rows = rows.filter(self._older(number, after))
        newest = rows.order_by(f"-{self.at}", f"-{self.pk}")[: PAGE + 1]
        return newest.values_list(F(self.at), Value(number, IntegerField()), F(self.pk))

    def read(self, of: Subject, ids: list[int]) -> dict[int, Any]:
        """Rows with all that is told of them."""
        return {row.pk: row for row in self.rows(of).filter(**{f"{self.pk}__in": ids}).order_by()}

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


def story(lead: Lead, *, wish: Wish, after: Position | None = None) -> Story:
    """The page of a lead's story after a position, as far as the reader wishes to see it."""
    of = Subject(lead, lineage(lead.pk))
    asked = [source.newest(of, n, wish, after) for n, source in enumerate(SOURCES) if source.answers(wish)]
    if not asked:
        return Story([], "")
    found = sorted(_merged(asked), key=lambda one: (one[0], -one[1], one[2]), reverse=True)
    shown = found[:PAGE]
    last = str(Position(*shown[-1])) if len(found) > PAGE else ""
    return Story(_told(of, [(number, pk) for _at, number, pk in shown]), last)


def _merged(asked: list[QuerySet[Any, Any]]) -> list[tuple[datetime, int, int]]:
    """All of them in one query, and not in nine."""
    return list(asked[0].union(*asked[1:], all=True) if len(asked) > 1 else asked[0])


def tellers(lead: Lead) -> list[tuple[int, str]]:
    """The people of whom the story tells, by id and name: who wrote, tried or moved something."""
    rows = (
        Note.objects.filter(lead=lead).order_by().values("author"),
        Attempt.objects.filter(lead=lead).order_by().values("user"),
        StageChange.objects.filter(lead=lead, by__isnull=False).order_by().values("by"),
    )
    people = User.objects.filter(pk__in=rows[0].union(*rows[1:])).order_by("name", "pk")
    return [(pk, name or email) for pk, name, email in people.values_list("pk", "name", "email")]


def _told(of: Subject, shown: list[Place]) -> list[Item]:
    """The rows in words: each source tells its own together."""
    ids: dict[int, list[int]] = defaultdict(list)
    for number, pk in shown:
        ids[number].append(pk)
    items: dict[Place, Item] = {}
    for number, own in ids.items():
        rows = SOURCES[number].read(of, own)
        kept = [rows[pk] for pk in own if pk in rows]  # a note may have been deleted a moment ago
        told = _changes(of, kept) if SOURCES[number].group == "changes" else SOURCES[number].tell(kept)
        items |= {(number, row.pk): item for row, item in zip(kept, told, strict=True)}
    return [items[place] for place in shown if place in items and items[place].says_something]


def _changes(of: Subject, rows: list[Any]) -> list[Item]:
    """Each row is a lead *before* a change; what it became stands in its next newer row, or in the lead."""
    pairs = list(zip(rows, _became(of, rows), strict=True))
    people = people_of(rows)
    told = [
        Change(old.pgh_created_at, by_whom(old, people), metadata(old).get("reason", ""), differences)
        for (old, _new), differences in zip(pairs, differences_of(Lead, pairs), strict=True)
    ]
    owned = any(one.name == "owner" for change in told for one in change.differences)
    return tell.changes(told, _why_owners(of.lead) if owned else [])


def _became(of: Subject, rows: list[Any]) -> list[Any]:
    """The next newer row of the same lead for each of these rows; of the newest, the lead as it is now.

    Those of a lead that was merged into this one have a chain of their own, which ends as the merge found it.
    """
    chains = defaultdict(list)
    oldest = min(row.pgh_id for row in rows)
    known = _before(of).filter(pgh_id__gte=oldest).order_by("pgh_id").values_list("pgh_obj_id", "pgh_id")
    for obj, pgh_id in known:
        chains[obj].append(pgh_id)
    following = {old: new for chain in chains.values() for old, new in pairwise(chain)}
    at_hand = {row.pgh_id: row for row in rows}
    wanted = {following[row.pgh_id] for row in rows if row.pgh_id in following} - at_hand.keys()
    if wanted:
        at_hand |= {row.pgh_id: row for row in _before(of).filter(pgh_id__in=wanted)}
    return [_next_of(row, following, at_hand, of.lead) for row in rows]


def _next_of(row: Any, following: Mapping[int, int], at_hand: Mapping[int, Any], lead: Lead) -> Any:
    if row.pgh_id in following:
        return at_hand[following[row.pgh_id]]
    return lead if row.pgh_obj_id == lead.pk else _as_merged(row)


def _as_merged(row: Any) -> Any:
    """What the newest row of a lead that is gone became; the row itself, and so nothing to tell, where nobody knows."""
    merge = Merge.objects.standing().filter(loser_number=row.pgh_obj_id).first()
    if merge is None:
        return row
    fields = [field for field in Lead._meta.concrete_fields if field.column in merge.loser]
    return Lead(**{field.attname: field.to_python(merge.loser[field.column]) for field in fields})


def _why_owners(lead: Lead) -> list[tell.WhyOwner]:
    """What its hand-offs say of their owners."""
    rows = Handoff.objects.filter(lead=lead, owner__isnull=False).select_related("owner")
    return [
        tell.WhyOwner(row.owner.name, row.assigned_at, row.assigned_at == row.opened_at, row.why)
        for row in rows
        if row.owner is not None and row.assigned_at is not None
    ]


def _before(of: Subject) -> QuerySet[Any]:
    """The history of the lead and of those that were merged into it: their rows keep their own numbers."""
    return before(of.lead, numbers=of.numbers).order_by()


def _merges(of: Subject) -> QuerySet[Any]:
    """Into this lead; and, once undone, of this lead into another."""
    theirs = Q(winner=of.lead) | Q(loser_number=of.lead.pk, undone_at__isnull=False)
    return Merge.objects.filter(theirs).select_related("by", "undone_by").defer(*UNTOLD)


def _escalations(of: Subject) -> QuerySet[Any]:
    levels = Prefetch("clock__policy_version__levels", queryset=Level.objects.order_by("number"))
    recipients = Prefetch("recipients", queryset=User.objects.only("name", "email"))
    notices = Prefetch("notices", queryset=Notice.objects.prefetch_related(recipients).defer("body"))
    return (
        Escalation.objects.filter(clock__lead=of.lead)
        .select_related("clock__policy_version__policy")
        .prefetch_related(levels, notices)
    )


# The order decides between things of the same moment: an attempt comes after (above) the stop of the clock it caused.
SOURCES: tuple[Source, ...] = (
    Source(
        "notes",
        lambda of: Note.objects.filter(lead=of.lead).select_related("author"),
        "created_at",
        tell.notes,
        person="author",
        words=("body",),
    ),
    Source(
        "promises",
        lambda of: Clock.objects.filter(lead=of.lead, stopped_at__isnull=False).select_related(
            "policy_version__policy"
        ),
        "stopped_at",
        tell.clock_stops,
        person="owner",
    ),
    Source(
        "attempts",
        lambda of: Attempt.objects.filter(lead=of.lead).select_related("user"),
        "occurred_at",
        tell.attempts,
        person="user",
        words=("note",),
    ),
    Source("promises", _escalations, "recorded_at", tell.escalations, person="clock__owner"),
    Source(
        "stages",
        lambda of: Handoff.objects.filter(lead=of.lead).select_related("owner", "team"),
        "opened_at",
        tell.handoffs,
        person="owner",
        words=("team__name", "owner__name", "routing__rule"),
    ),
    Source(
        "stages",
        lambda of: StageChange.objects.filter(lead=of.lead).select_related("from_stage", "to_stage", "by"),
        "changed_at",
        tell.stages,
        person="by",
        words=("to_stage__name", "detail"),
    ),
    Source(
        "behaviour",
        lambda of: (
            Event.objects.filter(lead=of.lead).select_related("event_type").alias(told=Cast("properties", TextField()))
        ),
        "occurred_at",
        tell.events,
        words=("event_type__name", "told"),
    ),
    Source("changes", _before, "pgh_created_at", lambda _rows: [], pk="pgh_id", person="pgh_context__metadata__user"),
    Source("stages", _merges, "at", tell.merges, person="by"),
)
