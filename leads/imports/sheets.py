"""Workbooks (XLSX, XLS, ODS): a sheet as the person who sent it sees it, written down as CSV for the reader."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from leads.imports import workbook
from leads.imports.encoding import FileError

if TYPE_CHECKING:
    from pathlib import Path

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A workbook is held in memory while it is turned into CSV; beyond this it should have been saved as CSV.
LARGEST_UNPACKED = 300_000_000
SECONDS = 600
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
    return _sheets(_asked(path))


def to_csv(path: Path, sheet: str, target: Path) -> str:
    """Write the sheet (the first one when none is named) as CSV, a record per row; returns its name."""
    told = _asked(path, sheet, str(target))
    names = [one.name for one in _sheets(told)]
    name = str(told["sheet"])
    if name not in names:
        listed = ", ".join(f"“{one}”" for one in names)
        raise FileError(_("There is no sheet “%(name)s”; there are %(names)s.") % {"name": name, "names": listed})
    return name


def _sheets(told: dict[str, Any]) -> list[Sheet]:
    if not told["sheets"]:
        raise FileError(_("There is no sheet with cells in this workbook."))
    return [Sheet(name, is_hidden) for name, is_hidden in told["sheets"]]


def _asked(path: Path, *more: str) -> dict[str, Any]:
    """What the process that reads workbooks tells of this one. Raises FileError, also when it went down over it."""
    _refuse_huge(path)
    command = [sys.executable, "-I", workbook.__file__, str(path), *more]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)  # noqa: S603 - our own program; the names are arguments, and no shell reads them
        told: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise _huge() from error
    if told.get("problem") == "locked" or (told.get("problem") and _is_encrypted(path)):
        raise FileError(_("This workbook is protected by a password. Save it without one, and upload it again."))
    if told.get("problem"):
        raise FileError(_("This workbook cannot be read: %(why)s.") % {"why": str(told["why"]).rstrip(".")})
    return told


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
        raise _huge()


def _huge() -> FileError:
    return FileError(_("This workbook is too large to be read. Save the sheet as CSV, and upload that."))
