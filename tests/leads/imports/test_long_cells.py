"""Cells of a hundred thousand letters take no longer to look at than to read."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from leads.imports.encoding import FileError
from leads.imports.report import harmless
from leads.imports.sketch import sketch


@pytest.mark.parametrize(
    "cell", ["@" * 100_000, "@." * 50_000, "a@" + "." * 100_000 + "@", "1," * 50_000, "1.111" * 20_000]
)
def test_a_cell_made_to_take_long(tmp_path: Path, db: None, cell: str) -> None:
    path, started = tmp_path / "leads.csv", time.monotonic()
    path.write_text(f'E-mail,Note\n"{cell}","{cell}"\n' + f'"{cell}"\n' * 3)
    with suppress(FileError):
        sketch(path)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("\n=1+1", "'\n=1+1"),
        ("＝1+1", "'＝1+1"),
        ("＋A1", "'＋A1"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+34 600 000 000", "+34 600 000 000"),
        ("-5", "-5"),
        ("a=b", "a=b"),
    ],
)
def test_what_a_spreadsheet_would_run_is_made_harmless(cell: str, kept: str) -> None:
    assert harmless(cell) == kept
