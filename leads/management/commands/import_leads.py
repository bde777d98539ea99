"""``manage.py import_leads FILE --mapping MAPPING``: import leads from a CSV file (docs/import.md)."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from leads.imports import mapping, sheets
from leads.imports.encoding import FileError
from leads.imports.mapping import MappingError
from leads.imports.report import JsonOutput, RejectsFile, Report, TextOutput
from leads.imports.run import BATCH, Order, run

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from leads.imports.reader import Shape
    from leads.imports.report import Listener
    from leads.imports.rows import Reject

UNREADABLE = 2
STOPPED = 1


class Progress:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def begin(self, shape: Shape) -> None:
        self._bar = tqdm(total=shape.rows, unit=_(" rows"), file=sys.stderr, disable=not sys.stderr.isatty())

    def reject(self, reject: Reject) -> None:
        """The output says it."""

    def advance(self, rows: int) -> None:
        if self._bar is not None:
            self._bar.update(rows)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class Command(BaseCommand):
    help = (
        "Import leads from a CSV file or workbook by a TOML mapping (docs/import.md). Exit status: 0 when every row is "
        "in or listed with its line and reason, 1 when the database stopped it, 2 when file or mapping cannot be used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file or workbook")
        parser.add_argument("--mapping", type=Path, required=True, help="TOML: what the columns mean")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows per transaction (default {BATCH})")
        parser.add_argument("--rejects", type=Path, help="write the rejected rows to this CSV file as well")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError(_("--batch must be at least 1."), returncode=UNREADABLE)
        output = JsonOutput(self.stdout) if options["json"] else TextOutput(self.stdout)  # type: ignore[arg-type]  # OutputWrapper has the write() that is used
        report = Report()
        error: dict[str, Any] | None = None
        try:
            self._import(options, output, report)
        except MappingError as problem:
            error = {"message": str(problem), "line": None, "status": UNREADABLE}
        except FileError as problem:
            error = {"message": str(problem), "line": problem.line, "status": UNREADABLE}
        except DatabaseError as problem:
            error = {"message": _stopped(problem, report), "line": report.line, "status": STOPPED}
        output.end(report, error)
        if error is not None:
            raise CommandError(error["message"], returncode=error["status"])

    def _import(self, options: dict[str, Any], output: JsonOutput | TextOutput, report: Report) -> None:
        with ExitStack() as stack:
            progress = Progress()
            stack.callback(progress.close)
            listeners: list[Listener] = [output, progress]
            if options["rejects"]:
                try:
                    stream = options["rejects"].open("w", encoding="utf-8", newline="")
                except OSError as problem:
                    raise FileError(
                        _("The rejects file cannot be written: %(why)s.") % {"why": problem.strerror}
                    ) from problem
                listeners.append(RejectsFile(stack.enter_context(stream)))
            told = mapping.load(options["mapping"])
            path = options["file"]
            if path.is_file() and sheets.is_workbook(path):
                folder = Path(stack.enter_context(TemporaryDirectory()))
                sheets.to_csv(path, told.sheet, folder / "sheet.csv")
                path, told = folder / "sheet.csv", mapping.of_sheet(told)
            order = Order(path, told, timezone.now(), name=options["file"].name, batch=options["batch"])
            run(order, listeners=listeners, report=report)


def _stopped(problem: DatabaseError, report: Report) -> str:
    return _(
        "The database stopped the import after line %(line)d: %(why)s. What was imported stays; run it again to go on."
    ) % {"line": report.line, "why": " ".join(str(problem).split())}
