"""One record → one row of values, or the reasons why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.imports import values
from leads.imports.encoding import FileError
from leads.imports.mapping import COMPANY_TEXTS, LEAD_TEXTS, Column, MappingError, fold
from leads.imports.values import BadValueError
from leads.models import CustomField
from leads.services.custom import clean_value
from leads.services.errors import FUTURE_SECONDS
from leads.text import normalise_domain, split_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from leads.imports.lookups import Lookups
    from leads.imports.mapping import Mapping
    from leads.imports.reader import Record, Shape

SOURCE_LENGTH = 200
EXTERNAL_ID_LENGTH = 200
CUSTOM_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not imported: its line, why, and its cells as they were."""

    line: int
    reason: str
    cells: list[str]


@dataclass(slots=True)
class Row:
    """A row to import. ``values`` has only what the file says: an empty cell says nothing."""

    line: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)


class RowParser:
    """Reads records by a mapping whose columns were found in the header."""

    def __init__(self, mapping: Mapping, shape: Shape, lookups: Lookups, now: datetime) -> None:
        self._lookups = lookups
        self._now = now
        self._columns = [
            (index, column, self._reader(column))
            for column in mapping.columns
            if (index := _position(column, shape)) is not None
        ]

    def parse(self, record: Record) -> Row | Reject:
        """All that is wrong with a row is said at once."""
        if record.problem:
            return Reject(record.line, record.problem, record.cells)
        row = Row(record.line, record.cells)
        reasons = [reason for one in self._columns if (reason := self._take(row, *one))]
        reasons += [] if reasons else self._wrong(row)
        return Reject(row.line, " ".join(reasons), row.cells) if reasons else row

    def constants(self, mapping: Mapping) -> dict[str, Any]:
        """What new leads get where their row says nothing, in the form of ``Row.values`` (``custom`` among them)."""
        row = Row(0, [])
        for name, text in mapping.constants.items():
            column = Column(header=name, to=name, yes=frozenset({"true", "yes"}), no=frozenset({"false", "no"}))
            try:
                self._put(row, column, self._reader(column)(text))
            except BadValueError as error:
                raise MappingError(f"constants.{name}: {error}") from error
        return row.values | {"custom": row.custom}

    def _take(self, row: Row, index: int, column: Column, read: Callable[[str], Any]) -> str:
        """Read one cell into the row; the reason when it cannot be."""
        cell = row.cells[index]
        word = fold(cell) if column.empty or column.values else ""
        if not cell.strip() or (word and word in column.empty):
            return _("“%(column)s” is empty.") % {"column": column.header} if column.required else ""
        try:
            self._put(row, column, read(column.values.get(word, cell)))
        except BadValueError as error:
            return f"{column.header}: {error}"
        return ""

    def _put(self, row: Row, column: Column, value: Any) -> None:
        if value == "":
            return
        if column.custom_key:
            row.custom[column.custom_key] = value
        elif column.to == "full_name":
            row.values["first_name"], row.values["last_name"] = value
        elif column.to.startswith("company."):
            row.company[column.to.removeprefix("company.")] = value
        else:
            row.values[column.to] = value

    def _wrong(self, row: Row) -> list[str]:
        """What only the row as a whole can tell."""
        given = row.values
        reasons = []
        if "email" not in given and "external_id" not in given:
            reasons.append(_("Has neither an e-mail address nor a number to know it by."))
        if given.get("status") in self._lookups.need_reason and not given.get("status_reason"):
            reasons.append(_("Its status needs a reason: map or set “status_reason”."))
        ahead = [name for name in ("captured_at", "consent_at") if name in given and self._is_ahead(given[name])]
        return reasons + [_("“%(field)s” is in the future.") % {"field": name} for name in ahead]

    def _is_ahead(self, at: datetime) -> bool:
        return (at - self._now).total_seconds() > FUTURE_SECONDS

    def _reader(self, column: Column) -> Callable[[str], Any]:
        """How the cells of this column are read."""
        to = column.to
        if column.custom_key:
            return self._custom_reader(column)
        if to in LEAD_TEXTS:
            return lambda cell: values.text(cell, LEAD_TEXTS[to])
        if to in COMPANY_TEXTS:
            domain = to == "company.domain"
            return lambda cell: values.text(normalise_domain(cell) if domain else cell, COMPANY_TEXTS[to])
        if to in self._lookups.lists:
            return lambda cell: self._lookups.find(to, cell)
        return _simple_reader(column)

    def _custom_reader(self, column: Column) -> Callable[[str], Any]:
        known = self._lookups.custom[column.custom_key]
        prepare: dict[str, Callable[[str], Any]] = {
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


def _long_text(cell: str) -> str:
    return values.text(cell, CUSTOM_LENGTH)


def _simple_reader(column: Column) -> Callable[[str], Any]:
    readers: dict[str, Callable[[str], Any]] = {
        "full_name": _name,
        "email": values.email,
        "external_id": lambda cell: values.text(cell, EXTERNAL_ID_LENGTH),
        "source": lambda cell: values.text(cell, SOURCE_LENGTH),
        "journey_step": values.journey_step,
        "consent": lambda cell: values.consent(cell, column),
        "consent_at": lambda cell: values.moment(cell, column),
        "captured_at": lambda cell: values.moment(cell, column),
        "do_not_email": lambda cell: values.yes_no(cell, column),
        "do_not_call": lambda cell: values.yes_no(cell, column),
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
