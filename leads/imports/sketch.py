"""What can be seen of a file before anybody says what its columns mean: its header, and some of its cells."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from leads.imports import encoding as encodings
from leads.imports import guess, reader
from leads.imports.encoding import Encoding, FileError
from leads.imports.mapping import Column, Mapping
from leads.imports.report import keepable

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_ROWS = 2_000
# Files up to here are read through at once, so that what is wrong is said at the upload; larger ones in the background.
READ_AT_ONCE = 20_000_000
# What a cell means shows in its beginning; patterns take long over a hundred thousand letters.
LONGEST_CELL = 1_000
_VALUE = re.compile(r"[\d\s.,:/+()$€£%-]+|[^@]+@[^@.]+\.[^@]+|https?://.*", re.IGNORECASE)


@dataclass(slots=True)
class Sketch:
    """``rows`` are sampled from the beginning; ``problems`` counts those among them that cannot be read."""

    encoding: str
    delimiter: str
    header: list[str]
    header_line: int
    rows: list[list[str]] = field(default_factory=list)
    encoded_twice: bool = False
    is_mixed: bool = False

    def column(self, index: int) -> list[str]:
        """The beginnings of a column's cells that say something."""
        return [cell for row in self.rows if index < len(row) and (cell := row[index][:LONGEST_CELL]).strip()]


def sketch(
    path: Path, *, by_record: bool = False, encoding: str = "", delimiter: str = "", thorough: bool = True
) -> Sketch:
    """Look at a file; thoroughly (to its end) when it is new. Raises FileError for what is no list of leads."""
    found = encodings.find(path, "utf-8" if by_record else encoding)
    lines = reader.head(path, found)
    _refuse_other_text(lines)
    told = delimiter or ("," if by_record else reader.hinted_delimiter(lines))
    hit = _header(lines, (told,) if told else reader.DELIMITERS)
    # Any column finds the header again: the reader looks for the line that has most of them.
    columns = tuple(Column(header, "", occurrence=1) for header in hit.header if header.strip())
    mapping = Mapping(columns, {}, delimiter=hit.delimiter, encoding=found.name, by_record=by_record)
    return _sampled(path, found, mapping, hit, thorough=thorough)


def _sampled(path: Path, found: Encoding, mapping: Mapping, hit: _Header, *, thorough: bool) -> Sketch:
    shape, twice = reader.outlined(path, found, mapping)
    rows = list(islice(reader.records(path, shape), SAMPLE_ROWS))
    if not rows or (thorough and path.stat().st_size <= READ_AT_ONCE):
        reader.surveyed(path, shape)  # says what makes the file unreadable further down
    good = [row.cells for row in rows if not row.problem]
    return Sketch(
        found.name, hit.delimiter, [keepable(name) for name in hit.header], shape.header_line, good, twice, found.mixed
    )


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: str
    header: list[str]
    score: tuple[int, int, int]


def _header(lines: list[str], delimiters: tuple[str, ...]) -> _Header:
    """The line that has most headers known by name; else the first of those with most cells that are no values."""
    best = _Header("", [], (0, 0, 0))
    for delimiter in delimiters:
        for number, cells in enumerate(_records(lines, delimiter)):
            header = reader.unwrapped(cells, delimiter) if len(cells) == 1 else cells
            names = [cell for cell in header if cell.strip()]
            values = sum(bool(_VALUE.fullmatch(cell.strip()[:LONGEST_CELL])) for cell in names)
            if not names or values * 3 > len(names):
                continue
            known = sum(bool(guess.target_of(name)) for name in names)
            one = _Header(delimiter, [cell.strip() for cell in header], (known, len(names), -number))
            best = max(best, one, key=lambda it: it.score)
    if not best.header:
        raise FileError(_("No line looks like a header: the names of the columns belong above the rows."), 1)
    return best


def _records(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _refuse_other_text(lines: list[str]) -> None:
    reader.refuse_web_page(lines)
    first = next((line.strip() for line in lines if line.strip()), "")
    if first[:1] in "[{":
        try:
            json.loads(first)
        except ValueError:
            return
        raise FileError(_("This is JSON, not a CSV file."), 1)
