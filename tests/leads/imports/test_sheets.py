"""Workbooks as people send them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from leads.imports import sheets
from leads.models import Lead
from tests.leads.importing import Importer
from tests.leads.imports.browser import Visit, counts


def book(fill: Callable[[Any, Any], None]) -> bytes:
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file)
    fill(workbook, workbook.add_worksheet("Leads"))
    workbook.close()
    return file.getvalue()


def fair(workbook: Any, sheet: Any) -> None:
    day, moment = workbook.add_format({"num_format": "dd/mm/yyyy"}), workbook.add_format({"num_format": "hh:mm"})
    sheet.merge_range(0, 0, 0, 5, "Trade fair 2026")
    sheet.write_row(2, 0, ["E-mail", "First name", "Phone", "Created", "Company", "Employees"])
    sheet.write_row(3, 0, ["a@x.example", "Ann"])
    sheet.write_number(3, 2, 34600000001)
    sheet.write_datetime(3, 3, datetime(2026, 3, 1, 14, 30), moment)  # noqa: DTZ001 - a sheet has no zones
    sheet.write_formula(3, 5, "=5*5", None, 25)
    sheet.write_row(5, 0, ["b@x.example", "Bo"])
    sheet.write_datetime(5, 3, datetime(2026, 4, 2), day)  # noqa: DTZ001 - as above
    sheet.merge_range(3, 4, 5, 4, "Acme")
    sheet.write_row(6, 0, ["nobody", "two\nlines"])
    sheet.write_row(7, 0, ["nobody either"])


def test_dates_formulas_numbers_and_merged_cells(visit: Visit) -> None:
    job = visit.run(visit.mapped(visit.uploaded(book(fair), "fair.xlsx"), {"time_zone": "UTC"}))

    assert counts(job) == (2, 0, 0, 2)
    ann, bo = Lead.objects.order_by("pk").select_related("company")
    assert (ann.phone, ann.captured_at.isoformat()) == ("34600000001", "2026-03-01T14:30:00+00:00")
    assert bo.captured_at.date() == date(2026, 4, 2)
    assert ann.company is not None
    assert ann.company == bo.company
    assert (ann.company.name, ann.company.employees) == ("Acme", 25)
    assert list(job.rejects.values_list("line", flat=True)) == [7, 8], "the rows of the sheet, not of the text"


def test_the_sheet_is_chosen(visit: Visit) -> None:
    def fill(workbook: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["Nothing", "here"])
        sheet.write_row(1, 0, ["x", "y"])
        other = workbook.add_worksheet("People")
        other.write_row(0, 0, ["E-mail"])
        other.write_row(1, 0, ["a@x.example"])

    job = visit.uploaded(book(fill), "two.xlsx")
    page = visit.client.get(f"/leads/imports/{job.pk}/columns/").content.decode()
    assert "People" in page
    assert visit.act(job, "sheet", sheet="No such").status_code == 302
    visit.act(job, "sheet", sheet="People")

    job.refresh_from_db()
    assert (job.sheet, job.headers) == ("People", ["E-mail"])
    assert counts(visit.run(visit.mapped(job))) == (1, 0, 0, 0)


def test_the_command_reads_workbooks_too(importer: Importer) -> None:
    outcome = importer(importer.file(book(fair), "fair.xlsx"), '[columns]\n"E-mail" = "email"\n')

    assert outcome.counts == (2, 0, 0, 2)
    assert set(outcome.rejects) == {7, 8}


def encrypted() -> bytes:
    """What Excel saves with a password: an OLE file with a stream “EncryptedPackage”."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


def archive(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, text)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (encrypted(), "password"),
        (archive(notes="text"), "cannot be read"),
        (b"PK\x03\x04 cut off", "cannot be read"),
        (b"%PDF-1.7 report", "a PDF file"),
        (b'["E-mail","Name"]\n["a@x.example","Ann"]\n', "JSON"),
        (b"<!DOCTYPE html>\n<html><body>E-mail</body></html>", "web page"),
        (book(lambda _book, _sheet: None), "empty"),
        (b"1,2,3\n4,5,6\n", "looks like a header"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(visit: Visit, settings: Any, content: bytes, words: str) -> None:
    response = visit.upload(content, "list.xlsx")

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not list(Path(settings.MEDIA_ROOT).glob("imports/*")), "nothing of it is kept"


def test_a_cell_at_the_end_of_the_world_takes_nobody_down(visit: Visit) -> None:
    def far(_workbook: Any, sheet: Any) -> None:
        sheet.write(0, 0, "E-mail")
        sheet.write(1_048_575, 16_383, "x")

    response = visit.upload(book(far), "far.xlsx")
    assert response.status_code == 422
    assert "too large to be read" in response.content.decode()


def test_a_workbook_that_takes_too_long_is_given_up(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SECONDS", 0.001)
    assert "too large to be read" in visit.upload(book(fair), "fair.xlsx").content.decode()


def test_what_unpacks_to_too_much_is_refused(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LARGEST_UNPACKED", 1_000)
    assert "too large" in visit.upload(book(fair), "fair.xlsx").content.decode()


def test_a_file_that_is_too_large_is_refused(visit: Visit, settings: Any) -> None:
    settings.BATON_IMPORT_MEGABYTES = 0
    assert "larger than 0 MB" in visit.upload("E-mail\na@x.example\n").content.decode()
