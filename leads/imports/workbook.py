"""Reads a workbook in a process of its own, which may take so much memory and time and no more.

A few kilobytes can ask for a terabyte: a cell in the last column of the last row, or an archive that says less of
itself than it unpacks to. What reads workbooks then ends its whole process, which must not be that of everybody's
pages. Run by ``leads.imports.sheets``; no Django in it.

    workbook.py WORKBOOK                  its sheets
    workbook.py WORKBOOK SHEET TARGET     the sheet (the first one when the name is empty) as CSV
"""

from __future__ import annotations

import csv
import json
import resource
import sys
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import python_calamine as calamine

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 2_500_000_000
MOST_SECONDS = 300


def main(path: str, sheet: str = "", target: str = "") -> dict[str, Any]:
    """What is told to whoever asked, as JSON."""
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        found = [
            (one.name, one.visible != calamine.SheetVisibleEnum.Visible)
            for one in book.sheets_metadata
            if one.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        found.sort(key=lambda one: one[1])
        names = [name for name, _is_hidden in found]
        if target and names:
            sheet = sheet or names[0]
            if sheet in names:
                write(book.get_sheet_by_name(sheet), target)
        return {"sheets": found, "sheet": sheet}
    except calamine.PasswordError:
        return {"problem": "locked"}
    except (calamine.CalamineError, OSError, ValueError) as error:
        return {"problem": "broken", "why": str(error)}


def write(sheet: calamine.CalamineSheet, target: str) -> None:
    with open(target, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123 - a name, not a path, comes in
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        for row in _rows(sheet):
            writer.writerow([as_shown(cell) for cell in row] or [""])


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


def _bounded() -> None:
    """Where a system knows no such limits, there are none."""
    for what, most in (
        (resource.RLIMIT_AS, MOST_BYTES),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),  # it would hold what people sent
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    _bounded()
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - its way of telling
