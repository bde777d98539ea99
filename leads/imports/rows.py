"""One record → one row of values, or the reasons why it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.imports import values
from leads.imports.encoding import FileError
from leads.imports.mapping import COMPANY_TEXTS, LEAD_TEXTS, Column, MappingError, fold
from leads.imports.report import as_it_was
from leads.imports.values import BadValueError
from leads.models import CustomField
from leads.models.facts import Channel, Outcome
from leads.services.custom import clean_value
from leads.services.errors import FUTURE_SECONDS
from leads.text import normalise_domain, split_name

if TYPE_CHECKING:
    from datetime import datetime

    from leads.imports.lookups import Lookups
    from leads.imports.mapping import Mapping
    from leads.imports.reader import Record, Shape

SOURCE_LENGTH = 200
NOTE_LENGTH = 5_000
ATTEMPT = {"channel": "attempt.channel", "outcome": "attempt.outcome", "when": "attempt.at"}
EXTERNAL_ID_LENGTH = 200
CUSTOM_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not imported: its line, why, and its cells as they were."""

    line: int
    reason: str
    cells: list[str]
    repeats: bool = False  # it would be fine, but for another row or another lead


@dataclass(slots=True)
class Row:
    """A row to import. ``values`` has only what the file says: an empty cell says nothing."""

    line: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)


Read = Callable[[str], Any]
Put = Callable[[Row, Any], None]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A mapped column, worked out once for all rows: where it is, how it is read, where its value goes."""

    index: int
    column: Column
    read: Read
    put: Put
    has_words: bool


class RowParser:
    """Reads records by a mapping whose columns were found in the header."""

    def __init__(self, mapping: Mapping, shape: Shape, lookups: Lookups, now: datetime) -> None:
        self._lookups = lookups
        self._now = now
        self._mended = mapping.mended
        self._reason_for_all = mapping.constants.get("status_reason", "")
        self._status_for_all = lookups.lists["status"].get(fold(mapping.constants.get("status", "")), 0)
        self._of_all_attempts = {name for name in mapping.constants if name.startswith("attempt.")}
        self._cells = [
            _Cell(index, column, self._reader(column), _putter(column), bool(column.empty or column.values))
            for column in mapping.columns
            if (index := _position(column, shape)) is not None
        ]

    def parse(self, record: Record) -> Row | Reject:
        """All that is wrong with a row is said at once."""
        if record.problem:
            return Reject(record.line, record.problem, record.cells)
        row = Row(record.line, [as_it_was(cell) for cell in record.cells] if self._mended else record.cells)
        reasons = [reason for cell in self._cells if (reason := _take(row, cell))]
        reasons += [] if reasons else self._wrong(row)
        return Reject(row.line, " ".join(reasons), row.cells) if reasons else row

    @property
    def columns(self) -> list[Column]:
        """Those of the mapping that the file has."""
        return [cell.column for cell in self._cells]

    def cells(self, record: Record) -> list[tuple[Column, Any, str]]:
        """For showing: each mapped column with its value (nothing for a cell that says nothing) and its error."""
        told = []
        for cell in self._cells:
            row = Row(record.line, [as_it_was(one) for one in record.cells] if self._mended else record.cells)
            error = _take(row, cell) if cell.index < len(row.cells) else ""
            found = row.values | row.company | row.custom
            value = " ".join(filter(None, found.values())) if len(found) > 1 else next(iter(found.values()), None)
            told.append((cell.column, value, error))
        return told

    def constants(self, mapping: Mapping) -> dict[str, Any]:
        """What new leads get where their row says nothing, in the form of ``Row.values`` (``custom`` among them)."""
        row = Row(0, [])
        for name, text in mapping.constants.items():
            column = Column(header=name, to=name, yes=frozenset({"true", "yes"}), no=frozenset({"false", "no"}))
            try:
                _putter(column)(row, self._reader(column)(text))
            except BadValueError as error:
                raise MappingError(f"constants.{name}: {error}") from error
        if row.values.get("status") in self._lookups.need_reason and not self._reason_for_all:
            raise MappingError(_("constants: this status needs a “status_reason”."))
        return row.values | {"custom": row.custom}

    def _wrong(self, row: Row) -> list[str]:
        """What only the row as a whole can tell."""
        given = row.values
        reasons = []
        if "email" not in given and "external_id" not in given:
            reasons.append(_("Has neither an e-mail address nor a number to know it by."))
        reasoned = given.get("status_reason") or self._reason_for_all
        if given.get("status") in self._lookups.need_reason and not reasoned:
            reasons.append(_("Its status needs a reason: map “status_reason”, or set it among the constants."))
        offered = self._lookups.reasons.get(given.get("status", self._status_for_all))
        if reasoned and offered and reasoned.lower() not in offered:
            reasons.append(_("Its status does not offer the reason “%(reason)s”.") % {"reason": reasoned})
        reasons += self._wrong_attempt(given)
        times = ("captured_at", "consent_at", "attempt.at")
        ahead = [name for name in times if name in given and self._is_ahead(given[name])]
        return reasons + [_("“%(field)s” is in the future.") % {"field": name} for name in ahead]

    def _wrong_attempt(self, given: dict[str, Any]) -> list[str]:
        """A row that says something of an attempt must say all that makes one."""
        if not any(name.startswith("attempt.") for name in given):
            return []
        known = {*given, *self._of_all_attempts}
        words = {"channel": _("its channel"), "outcome": _("its outcome"), "when": _("when it was made")}
        missing = [words[part] for part, name in ATTEMPT.items() if name not in known]
        return [_("Its attempt lacks %(what)s.") % {"what": ", ".join(missing)}] if missing else []

    def _is_ahead(self, at: datetime) -> bool:
        return (at - self._now).total_seconds() > FUTURE_SECONDS

    def _reader(self, column: Column) -> Read:
        """How the cells of this column are read."""
        to = column.to
        if column.custom_key:
            return self._custom_reader(column)
        if to in LEAD_TEXTS:
            return lambda cell: values.text(cell, LEAD_TEXTS[to])
        if to in COMPANY_TEXTS:
            domain = to == "company.domain"
            return lambda cell: values.text(normalise_domain(cell) if domain else cell, COMPANY_TEXTS[to])
        if to in self._lookups.lists or to == "attempt.by":
            return lambda cell: self._lookups.find(to, cell)
        return _simple_reader(column)

    def _custom_reader(self, column: Column) -> Read:
        known = self._lookups.custom[column.custom_key]
        prepare: dict[str, Read] = {
            CustomField.Kind.NUMBER: lambda cell: values.number(cell, column),
            CustomField.Kind.MONEY: lambda cell: values.money(cell, column),
            CustomField.Kind.DATE: lambda cell: values.day(cell, column),
            CustomField.Kind.YES_NO: lambda cell: values.yes_no(cell, column),
        }
        read = prepare.get(known.kind, _long_text)

        def checked(cell: str) -> Any:
            try:
                return clean_value(known, read(cell))
            except ValidationError as error:
                raise BadValueError(" ".join(error.messages)) from error

        return checked


def _take(row: Row, cell: _Cell) -> str:
    """Read one cell into the row; the reason when it cannot be. An empty one says nothing."""
    text, column = row.cells[cell.index], cell.column
    word = fold(text) if cell.has_words else ""
    if not text or text.isspace() or (word and word in column.empty):
        return _("“%(column)s” is empty.") % {"column": column.header} if column.required else ""
    try:
        value = cell.read(column.values.get(word, text) if word else text)
    except BadValueError as error:
        return f"{column.header}: {error}"
    if value != "":
        cell.put(row, value)
    return ""


def _putter(column: Column) -> Put:
    """Where the values of this column go."""
    to, key = column.to, column.custom_key
    if key:
        return lambda row, value: row.custom.__setitem__(key, value)
    if to == "full_name":
        return lambda row, value: row.values.update(first_name=value[0], last_name=value[1])
    if to.startswith("company."):
        name = to.removeprefix("company.")
        return lambda row, value: row.company.__setitem__(name, value)
    return lambda row, value: row.values.__setitem__(to, value)


def _long_text(cell: str) -> str:
    return values.text(cell, CUSTOM_LENGTH)


def _simple_reader(column: Column) -> Read:
    readers: dict[str, Read] = {
        "full_name": _name,
        "email": values.email,
        "external_id": lambda cell: values.text(cell, EXTERNAL_ID_LENGTH),
        "source": lambda cell: values.text(cell, SOURCE_LENGTH),
        "campaign": lambda cell: values.text(cell, SOURCE_LENGTH),
        "journey_step": values.journey_step,
        "consent": lambda cell: values.consent(cell, column),
        "consent_at": lambda cell: values.moment(cell, column),
        "captured_at": lambda cell: values.moment(cell, column),
        "do_not_email": lambda cell: values.yes_no(cell, column),
        "do_not_call": lambda cell: values.yes_no(cell, column),
        "attempt.channel": lambda cell: values.choice(cell, Channel),
        "attempt.outcome": lambda cell: values.choice(cell, Outcome),
        "attempt.at": lambda cell: values.moment(cell, column),
        "attempt.note": lambda cell: values.text(cell, NOTE_LENGTH),
        "company.employees": lambda cell: values.whole(cell, column),
        "company.annual_revenue": lambda cell: values.money(cell, column),
    }
    return readers[column.to]


def _name(cell: str) -> tuple[str, str]:
    first, last = split_name(cell)
    return values.text(first, LEAD_TEXTS["first_name"]), values.text(last, LEAD_TEXTS["last_name"])


def _position(column: Column, shape: Shape) -> int | None:
    """Where the column is in the file; None for an optional one that is not there."""
    places = [index for index, name in enumerate(shape.header) if fold(name) == fold(column.header)]
    if len(places) > 1 and not column.occurrence:
        raise FileError(
            _("There are %(n)d columns “%(name)s”; say which one is meant: occurrence = 1 or 2.")
            % {"n": len(places), "name": column.header},
            shape.header_line,
        )
    wanted = max(column.occurrence, 1)
    if wanted <= len(places):
        return places[wanted - 1]
    if column.optional:
        return None
    raise FileError(_("There is no column “%(name)s”.") % {"name": column.header}, shape.header_line)
