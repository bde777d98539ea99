"""The first rows of a file as they will be, and the words in it that nothing is known of."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.imports import encoding, labels, lookups, reader
from leads.imports.files import local
from leads.imports.mapping import fold
from leads.imports.rows import Reject, RowParser
from leads.models import CustomField, LeadStatus, LeadType, LifecycleStage
from leads.models.facts import Channel, Outcome
from leads.models.lead import Lead
from leads.services.imports import mapping_of
from people.models import User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from leads.imports.mapping import Column
    from leads.imports.reader import Shape
    from leads.models import ImportJob

ROWS = 8
WORDS_ROWS = 50_000
MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as it will be: ``at`` is a moment, which the page shows in the reader's zone."""

    text: str = ""
    at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class ShownRow:
    line: int
    cells: list[Shown]
    problems: str


@dataclass(frozen=True, slots=True)
class Preview:
    headers: list[tuple[str, str]] = field(default_factory=list)
    rows: list[ShownRow] = field(default_factory=list)


@contextmanager
def _opened(job: ImportJob) -> Iterator[tuple[Path, Shape]]:
    """The file with its shape, as the mapping has it, but not read through. Raises FileError or MappingError."""
    told = mapping_of(job)
    with local(job.sheet_file or job.file) as path:
        yield path, reader.outline(path, encoding.find(path, told.encoding), told)


def preview(job: ImportJob, now: datetime) -> Preview:
    """Read the first rows by the mapping. Raises FileError or MappingError."""
    told = mapping_of(job)
    with _opened(job) as (path, shape):
        with transaction.atomic():  # fields that the mapping makes are made by the import
            parser = RowParser(told, shape, lookups.load(told), now)
            parser.constants(told)
            transaction.set_rollback(True)
        records = list(islice(reader.records(path, shape), ROWS))
    names = _Names()
    rows = []
    for record in records:
        cells = [] if record.problem else parser.cells(record)
        parsed = parser.parse(record)
        of_row = isinstance(parsed, Reject) and not any(error for _column, _value, error in cells)
        shown = [names.shown(column, value, error) for column, value, error in cells]
        rows.append(ShownRow(record.line, shown, parsed.reason if of_row and isinstance(parsed, Reject) else ""))
    return Preview([(column.header, labels.label(column.to, column.name)) for column in parser.columns], rows)


class _Names:
    """Ids in words."""

    def __init__(self) -> None:
        models = {"lead_type": LeadType, "status": LeadStatus, "stage": LifecycleStage}
        self._names: dict[str, dict[int, str]] = {
            name: dict(model._default_manager.values_list("pk", "name")) for name, model in models.items()
        }
        people = dict(User.objects.active().values_list("pk", "name"))
        self._names |= {"owner": people, "attempt.by": people}

    def shown(self, column: Column, value: Any, error: str) -> Shown:
        if error:
            return Shown(error=error.removeprefix(f"{column.header}: "))
        if isinstance(value, datetime):
            return Shown(at=value)
        if column.to in self._names:
            return Shown(self._names[column.to].get(value, ""))
        if isinstance(value, bool):
            return Shown(_("Yes") if value else _("No"))
        return Shown(value.isoformat() if isinstance(value, date) else "" if value is None else str(value))


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one column that its list does not have, how often each was met, and what they may stand for."""

    column: Column
    label: str
    words: dict[str, int]
    choices: list[tuple[str, str]]


def unknown_words(job: ImportJob) -> list[Words]:
    """Of the first fifty thousand rows. Raises FileError or MappingError."""
    told = mapping_of(job)
    known = _known(told.columns)
    met: dict[int, dict[str, int]] = defaultdict(dict)
    with _opened(job) as (path, shape):
        places = [(n, at) for n, one in enumerate(told.columns) if one.to in known and (at := _at(one, shape)) >= 0]
        for record in islice(reader.records(path, shape) if places else (), WORDS_ROWS):
            for n, at in places:
                word = record.cells[at].strip() if at < len(record.cells) and not record.problem else ""
                if word and _is_unknown(word, told.columns[n], known):
                    met[n][word] = met[n].get(word, 0) + 1
    return [_words(told.columns[n], words) for n, words in sorted(met.items())]


def _at(column: Column, shape: Shape) -> int:
    places = [at for at, header in enumerate(shape.header) if fold(header) == fold(column.header)]
    wanted = max(column.occurrence, 1) - 1
    return places[wanted] if wanted < len(places) else -1


def _known(columns: tuple[Column, ...]) -> dict[str, frozenset[str]]:
    known = lookups.known_values()
    people = frozenset(fold(email) for email in User.objects.active().values_list("email", flat=True))
    known |= {"owner": people, "attempt.by": people}
    fields = CustomField.objects.filter(kind="choice", key__in=[one.custom_key for one in columns])
    return known | {f"custom.{one.key}": frozenset(map(fold, one.choices)) for one in fields}


def _is_unknown(word: str, column: Column, known: dict[str, frozenset[str]]) -> bool:
    folded = fold(word)
    meant = fold(column.values.get(folded, word))
    return folded not in column.empty and meant not in known[column.to]


def _words(column: Column, met: dict[str, int]) -> Words:
    most = dict(sorted(met.items(), key=lambda one: -one[1])[:MOST_WORDS])
    return Words(column, labels.label(column.to, column.name), most, _choices(column))


def _choices(column: Column) -> list[tuple[str, str]]:
    lists = {"lead_type": LeadType, "status": LeadStatus, "stage": LifecycleStage}
    if column.to in lists:
        return list(lists[column.to]._default_manager.filter(is_active=True).values_list("key", "name"))
    if column.to in {"owner", "attempt.by"}:
        return list(User.objects.active().order_by("name").values_list("email", "name"))
    enums = {"attempt.channel": Channel, "attempt.outcome": Outcome, "journey_step": Lead.JourneyStep}
    if column.to in enums:
        return [(key, str(name)) for key, name in enums[column.to].choices]
    own = CustomField.objects.filter(key=column.custom_key).first()
    return [(one, one) for one in own.choices] if own else []
