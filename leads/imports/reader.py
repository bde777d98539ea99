"""A CSV file as records, each with the physical line it begins on."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.imports import encoding
from leads.imports.encoding import Encoding, FileError, repaired
from leads.imports.mapping import fold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from leads.imports.mapping import Mapping

DELIMITERS = (",", ";", "\t", "|")
NAMES = {"\t": "Tab"}
PREAMBLE_LINES = 60
LONGEST_LINE = 1_000_000
_SEP_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
_NOT_DECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of a row, or why it has none."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What was found out about a file before its rows are read."""

    encoding: Encoding
    delimiter: str
    header: list[str]
    header_line: int
    rows: int = 0
    warnings: list[str] = field(default_factory=list)
    repair: bool = False

    by_record: bool = False
    least: int = 0  # cells a row must have: headers that are empty at the end may be left out


def inspect(path: Path, mapping: Mapping) -> Shape:
    """Find the encoding, the delimiter and the header, and read the file through once, keeping nothing.

    Raises FileError for everything that makes the file unreadable as a whole, so that it is said before the first row
    is written: empty, no header, no rows, a mapped column that is missing, an undecodable byte, an unclosed quote.
    """
    found = encoding.find(path, mapping.encoding)
    return surveyed(path, outline(path, found, mapping))


def outline(path: Path, found: Encoding, mapping: Mapping) -> Shape:
    """Where the header is, and whether lines have to be repaired; the rows are not read through."""
    shape, twice = outlined(path, found, mapping)
    if twice and mapping.double_encoded != "keep":
        if mapping.double_encoded != "repair":
            raise FileError(
                _(
                    "The text was encoded twice (such as “JosÃ©” for “José”). Say in the mapping what to do: "
                    "[file] double_encoded = “repair” or “keep”."
                ),
                _first_double_encoded(path, shape),
            )
        return _header(path, found, mapping, repair=True)
    return shape


def outlined(path: Path, found: Encoding, mapping: Mapping) -> tuple[Shape, bool]:
    """Where the header is, and whether the text seems to have been encoded twice."""
    shape = _header(path, found, mapping)
    doubled, accented = _double_encoded(path, shape)
    return shape, bool(doubled and doubled * 2 >= accented)


def records(path: Path, shape: Shape) -> Iterator[Record]:
    """The rows after the header, blank ones left out; damaged ones come with their problem."""
    with path.open(encoding=shape.encoding.name, errors=_errors(shape), newline="") as stream:
        lines = _Lines(_mended(stream, shape.repair), shape)
        for record in lines.records():
            if record.line > shape.header_line and (record.problem or not _is_blank(record.cells)):
                yield _fitted(record, shape)


def _is_blank(cells: list[str]) -> bool:
    return not any(cell and not cell.isspace() for cell in cells)


def _errors(shape: Shape) -> str:
    return "surrogateescape" if shape.encoding.mixed else "strict"


def _mended(lines: Iterable[str], repair: bool) -> Iterator[str]:
    if not repair:
        return iter(lines)
    return (repaired(line) or line for line in lines)


class _Lines(Iterator[str]):
    """The physical lines, and those of the record being read: they tell where a quote opened."""

    def __init__(self, lines: Iterator[str], shape: Shape) -> None:
        self._lines = lines
        self._delimiter = shape.delimiter
        self._current: list[str] = []
        self._by_record = shape.by_record

    def __next__(self) -> str:
        line = next(self._lines)
        self._current.append(line)
        return line

    def records(self) -> Iterator[Record]:
        reader = csv.reader(self, delimiter=self._delimiter, strict=True)
        count = 0
        while True:
            start = reader.line_num + 1
            self._current.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._damaged(start, str(error))
                continue
            count += 1
            yield Record(count if self._by_record else start, cells)

    def _damaged(self, start: int, error: str) -> Record:
        if "unexpected end" in error or "field larger" in error:
            line = start + _last_opening(self._current, self._delimiter)
            raise FileError(_("A quote is opened here and never closed."), line)
        raw = "".join(self._current).rstrip("\r\n")
        return Record(start, [raw], _("A quoted cell goes on after its closing quote."))


def _last_opening(lines: list[str], delimiter: str) -> int:
    """How many lines below the first the quote opens that swallowed the rest."""
    inside, closed, at_start, opened = False, False, True, 0
    for number, line in enumerate(lines):
        for char in line:
            if inside:
                inside, closed = char != '"', char == '"'
            elif char == '"' and closed:  # a doubled quote stands for one, and the cell goes on
                inside, closed = True, False
            elif char == '"' and at_start:
                inside, opened = True, number
            else:
                closed = False
            at_start = not inside and char in delimiter + "\r\n"
    return opened


def _fitted(record: Record, shape: Shape) -> Record:
    """A record with as many cells as the header, or with its problem."""
    if record.problem:
        return record
    cells = unwrapped(record.cells, shape.delimiter) if len(record.cells) == 1 < shape.least else record.cells
    problem = _problem(cells, shape)
    if problem:
        return Record(record.line, cells, problem)
    width = len(shape.header)
    return Record(record.line, cells if len(cells) == width else (cells + [""] * width)[:width])


def _problem(cells: list[str], shape: Shape) -> str:
    if "\x00" in "".join(cells):
        return _("Holds a NUL character.")
    if shape.encoding.mixed and _NOT_DECODED.search("".join(cells)):
        return _("Is not UTF-8, as the rest of the file is.")
    if len(cells) < shape.least or not _is_blank(cells[len(shape.header) :]):
        cells_text = ngettext("%(n)d cell", "%(n)d cells", len(cells)) % {"n": len(cells)}
        text = _("Too short: %(cells)s, the header has %(n)d.") if len(cells) < shape.least else None
        return (text or _("Too long: %(cells)s, the header has %(n)d.")) % {
            "cells": cells_text,
            "n": len(shape.header),
        }
    return ""


def unwrapped(cells: list[str], delimiter: str) -> list[str]:
    """A row that was quoted as a whole (some spreadsheets do that to rows with a comma) as the cells it had."""
    text = cells[0]
    if delimiter not in text:
        return cells
    try:
        inner = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error:
        return cells
    return inner[0] if len(inner) == 1 else cells


def surveyed(path: Path, shape: Shape) -> Shape:
    """Count the rows. An unclosed quote raises here, before anything is imported."""
    rows = sum(1 for _record in records(path, shape))
    if not rows:
        raise FileError(_("There is a header and no row below it."), shape.header_line)
    warnings = []
    if shape.encoding.mixed:
        warnings.append(_("Some lines are not UTF-8; their rows are rejected."))
    return replace(shape, rows=rows, warnings=warnings)


def _double_encoded(path: Path, shape: Shape) -> tuple[int, int]:
    """How many lines look encoded twice, of how many that are not plain ASCII."""
    doubled = accented = 0
    with path.open(encoding=shape.encoding.name, errors=_errors(shape), newline="") as stream:
        for line in stream:
            if not line.isascii():
                accented += 1
                doubled += repaired(line) is not None
    return doubled, accented


def _first_double_encoded(path: Path, shape: Shape) -> int:
    with path.open(encoding=shape.encoding.name, errors=_errors(shape), newline="") as stream:
        return next((number for number, line in enumerate(stream, start=1) if repaired(line) is not None), 1)


def _header(path: Path, found: Encoding, mapping: Mapping, *, repair: bool = False) -> Shape:
    """The delimiter and the line under which most of the mapped columns are found."""
    lines = list(_mended(head(path, found), repair))
    told = mapping.delimiter or hinted_delimiter(lines)
    allowed = (told,) if told else DELIMITERS
    wanted = {fold(column.header) for column in mapping.columns if not column.optional}
    wanted = wanted or {fold(column.header) for column in mapping.columns}
    hits = (_best(lines, delimiter, wanted) for delimiter in allowed)
    hit = max(hits, key=lambda one: (one.score, one.cells))
    if hit.score < len(wanted):
        raise _missing(hit, wanted, mapping, lines)
    least = max((number for number, name in enumerate(hit.header, start=1) if name.strip()), default=0)
    line = hit.record if mapping.by_record else hit.line
    return Shape(found, hit.delimiter, hit.header, line, repair=repair, by_record=mapping.by_record, least=least)


def head(path: Path, found: Encoding) -> list[str]:
    """The first lines, among which the header is."""
    probe = Shape(found, ",", [], 0)
    with path.open(encoding=found.name, errors=_errors(probe), newline="") as stream:
        lines = [stream.readline(LONGEST_LINE) for _line in range(PREAMBLE_LINES)]
    return [line for line in lines if line]


def hinted_delimiter(lines: list[str]) -> str:
    """What a spreadsheet's “sep=;” line says."""
    hint = _SEP_LINE.match(lines[0])
    return hint.group(1) if hint else ""


def refuse_web_page(lines: list[str]) -> None:
    if any(line.lstrip().lower().startswith(("<!doctype", "<html")) for line in lines):
        raise FileError(_("This is a web page, not a CSV file."), 1)


@dataclass(frozen=True, slots=True)
class _Hit:
    delimiter: str
    header: list[str]
    line: int
    score: int
    record: int = 1

    @property
    def cells(self) -> int:
        return len(self.header)


def _best(lines: list[str], delimiter: str, wanted: set[str]) -> _Hit:
    """The line that holds most of the wanted headers, if this is the delimiter."""
    best = _Hit(delimiter, [], 1, -1)
    reader = csv.reader(lines, delimiter=delimiter)
    start = 1
    try:
        for record, cells in enumerate(reader, start=1):
            header = unwrapped(cells, delimiter) if len(cells) == 1 else cells
            score = len(wanted & {fold(cell) for cell in header})
            if score > best.score:
                best = _Hit(delimiter, header, reader.line_num, score, record)
            start = reader.line_num + 1
    except csv.Error as error:
        if best.score <= 0:
            raise FileError(_("This is no CSV file: %(why)s.") % {"why": error}, start) from error
    return best


def _missing(hit: _Hit, wanted: set[str], mapping: Mapping, lines: list[str]) -> FileError:
    """Say which columns are missing, and what was taken for the header."""
    refuse_web_page(lines)
    present = {fold(cell) for cell in hit.header}
    missing = [column.header for column in mapping.columns if fold(column.header) in wanted - present]
    names = ", ".join(f"“{name}”" for name in missing)
    if not hit.score:
        text = _("No line has the mapped columns %(names)s. Is the header missing, or the delimiter not “%(d)s”?")
        return FileError(text % {"names": names, "d": NAMES.get(hit.delimiter, hit.delimiter)}, 1)
    text = _("The mapped columns %(names)s are missing (the delimiter is “%(d)s”).")
    return FileError(text % {"names": names, "d": NAMES.get(hit.delimiter, hit.delimiter)}, hit.line)
