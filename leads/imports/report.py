"""What is said about an import: a summary, every rejected row, and a file of them to mend."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from leads.imports.reader import Shape
    from leads.imports.rows import Reject
    from leads.imports.staging import Written

# A spreadsheet runs a cell that begins so; a number, a phone and a plain dash do no harm.
_FORMULA = re.compile(r"^[=@\t\r\n＝＠]|^[+\-＋－](?![\d\s().\-/]*$)")


class Listener(Protocol):
    """Hears of every rejected row when it is rejected: an import may have more than fit in memory."""

    def begin(self, shape: Shape) -> None: ...
    def reject(self, reject: Reject) -> None: ...
    def advance(self, rows: int) -> None: ...


@dataclass(slots=True)
class Report:
    """The summary. ``rows`` is the sum of the four below it; ``line`` the last line that is done."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    repeated: int = 0  # of the rejected: what repeats another line or contradicts a known lead
    total: int = 0
    seconds: float = 0.0
    line: int = 0
    encoding: str = ""
    delimiter: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + self.rejected

    def add(self, written: Written) -> None:
        self.created += written.created
        self.updated += written.updated
        self.unchanged += written.unchanged
        self.rejected += len(written.rejects)
        self.repeated += sum(reject.repeats for reject in written.rejects)
        self.line = written.line

    def as_json(self) -> dict[str, Any]:
        names = ("rows", "created", "updated", "unchanged", "rejected")
        return {
            **{name: getattr(self, name) for name in names},
            "seconds": round(self.seconds, 3),
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "warnings": self.warnings,
        }

    def as_text(self) -> str:
        return _(
            "%(rows)d rows: %(created)d created, %(updated)d updated, %(unchanged)d unchanged, "
            "%(rejected)d rejected, in %(seconds).1f s."
        ) % (self.as_json() | {"seconds": self.seconds})


class RejectsFile:
    """The rejected rows as CSV: line, reason, and the cells as they were (formulas made harmless)."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream)

    def begin(self, shape: Shape) -> None:
        self._writer.writerow(["line", "reason", *map(harmless, shape.header)])

    def reject(self, reject: Reject) -> None:
        self._writer.writerow([reject.line, harmless(reject.reason), *map(harmless, reject.cells)])

    def advance(self, rows: int) -> None:
        """Shows no progress."""


class Echo:
    """Stands in for a file: a csv.writer hands its lines on as they are written."""

    def write(self, line: str) -> str:
        return line


def harmless(cell: str) -> str:
    """A cell no spreadsheet takes for a formula, without the characters that could not be decoded."""
    safe = keepable(cell)
    return f"'{safe}" if _FORMULA.match(safe) else safe


def keepable(text: str) -> str:
    """What PostgreSQL can keep: a NUL is shown as its sign, a byte that could not be decoded as a question mark."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "␀")


def as_it_was(cell: str) -> str:
    """A cell before ``harmless`` put an apostrophe in front of it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


class TextOutput:
    """A line per rejected row, as it comes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, shape: Shape) -> None:
        for warning in shape.warnings:
            self._stream.write(_("Note: %(warning)s") % {"warning": warning} + "\n")

    def reject(self, reject: Reject) -> None:
        self._stream.write(_("line %(line)d: %(reason)s") % {"line": reject.line, "reason": reject.reason} + "\n")

    def advance(self, rows: int) -> None:
        """The progress bar does."""

    def end(self, report: Report, error: dict[str, Any] | None) -> None:
        if error is None or report.rows:
            self._stream.write(report.as_text() + "\n")


class JsonOutput:
    """One JSON object, its list of rejects written as they come."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._first = True
        stream.write('{"rejects": [')

    def begin(self, shape: Shape) -> None:
        """The warnings are part of the summary."""

    def reject(self, reject: Reject) -> None:
        self._stream.write("" if self._first else ", ")
        self._stream.write(json.dumps({"line": reject.line, "reason": reject.reason}, ensure_ascii=False))
        self._first = False

    def advance(self, rows: int) -> None:
        """Shows no progress."""

    def end(self, report: Report, error: dict[str, Any] | None) -> None:
        summary = report.as_json() | ({"error": error} if error else {})
        self._stream.write("], " + json.dumps(summary, ensure_ascii=False)[1:] + "\n")
