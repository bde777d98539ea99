"""Workbooks (XLSX, XLS, ODS): a sheet as the person who sent it sees it, written down as CSV for the reader."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import python_calamine as calamine
from django.utils.translation import gettext as _

from leads.imports.encoding import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A workbook is held in memory while it is turned into CSV; beyond this it should have been saved as CSV.
LARGEST_UNPACKED = 300_000_000
FOREIGN = {
    b"%PDF": "PDF",
    b"\x1f\x8b": "gzip",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"SQLite format 3": "SQLite",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    is_hidden: bool


def is_workbook(path: Path) -> bool:
    """By its first bytes, whatever its name says. Raises FileError for what is neither a workbook nor text."""
    with path.open("rb") as stream:
        start = stream.read(16)
    for mark, name in FOREIGN.items():
        if start.startswith(mark):
            raise FileError(_("This is a %(kind)s file, neither a CSV file nor a workbook.") % {"kind": name})
    return start.startswith((ZIP, OLE))


def sheets(path: Path) -> list[Sheet]:
    """The sheets with cells, the hidden ones last."""
    with _opened(path) as book:
        found = [
            Sheet(one.name, one.visible != calamine.SheetVisibleEnum.Visible)
            for one in book.sheets_metadata
            if one.typ == calamine.SheetTypeEnum.WorkSheet
        ]
    if not found:
        raise FileError(_("There is no sheet with cells in this workbook."))
    return sorted(found, key=lambda sheet: sheet.is_hidden)


def to_csv(path: Path, sheet: str, target: Path) -> str:
    """Write the sheet (the first one when none is named) as CSV, a record per row; returns its name."""
    names = [one.name for one in sheets(path)]
    name = sheet or names[0]
    if name not in names:
        listed = ", ".join(f"“{one}”" for one in names)
        raise FileError(_("There is no sheet “%(name)s”; there are %(names)s.") % {"name": name, "names": listed})
    with _opened(path) as book, target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        try:
            found = book.get_sheet_by_name(name)
            for row in _rows(found):
                writer.writerow([as_shown(cell) for cell in row] or [""])
        except calamine.CalamineError as error:
            raise _broken(error) from error
    return name


def _opened(path: Path) -> calamine.CalamineWorkbook:
    _refuse_huge(path)
    try:
        return calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise _locked() from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        if _is_encrypted(path):
            raise _locked() from error
        raise _broken(error) from error


def _locked() -> FileError:
    return FileError(_("This workbook is protected by a password. Save it without one, and upload it again."))


def _broken(error: Exception) -> FileError:
    return FileError(_("This workbook cannot be read: %(why)s.") % {"why": str(error).rstrip(".")})


def _is_encrypted(path: Path) -> bool:
    """An encrypted XLSX is an OLE file with a stream of this name."""
    with path.open("rb") as stream:
        start = stream.read(64_000)
        return start.startswith(OLE) and "EncryptedPackage".encode("utf-16-le") in start + stream.read(1_000_000)


def _refuse_huge(path: Path) -> None:
    """What a small archive unpacks to, before anything unpacks it."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(one.file_size for one in archive.infolist())
    if unpacked > LARGEST_UNPACKED:
        raise FileError(_("This workbook is too large to be read. Save the sheet as CSV, and upload that."))


def _rows(sheet: calamine.CalamineSheet) -> Iterator[list[Any]]:
    """Rows from the first on; a cell merged over several rows says the same in each that says something itself."""
    down = {}
    for (top, left), (bottom, _right) in sheet.merged_cell_ranges or ():
        if bottom > top:
            down.update({(row, left): (top, left) for row in range(top + 1, bottom + 1)})
    held: dict[tuple[int, int], Any] = {}
    tops = set(down.values())
    for number, row in enumerate(sheet.iter_rows()):
        if down and any(row):
            row = [held.get(down.get((number, at), (-1, -1)), cell) for at, cell in enumerate(row)]
            held |= {(number, at): cell for at, cell in enumerate(row) if (number, at) in tops}
        yield row


def as_shown(cell: Any) -> str:
    """A cell as text: whole numbers without a point (phone numbers), dates as ISO 8601, which every mapping reads."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) or cell else str(cell if cell == 0 else "")


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(repr(value)), "f") if value == value and abs(value) != float("inf") else ""
