"""The file of an import: taken in, looked at, and deleted when its time is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from leads.imports import sheets, sketch
from leads.imports.encoding import FileError
from leads.imports.files import local
from leads.imports.mapping import fold
from leads.imports.report import keepable
from leads.models import ImportJob, ImportMapping
from leads.text import tidy

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile

    from people.models import User

MEGABYTE = 1_000_000
State = ImportJob.State


def take_in(*, upload: UploadedFile[bytes], by: User, now: datetime, mends: ImportJob | None = None) -> ImportJob:
    """Keep the file, look at it, and guess what its columns mean. Raises FileError: the sentence to show.

    A file that mends another one's rejected rows is read by that one's mapping.
    """
    limit = settings.BATON_IMPORT_MEGABYTES
    if (upload.size or 0) > limit * MEGABYTE:
        text = _("This file is larger than %(limit)d MB. Split it, or have it imported by “manage.py import_leads”.")
        raise FileError(text % {"limit": limit})
    name = keepable(tidy(PurePath(upload.name or "").name))[:250] or _("Without a name")
    job = ImportJob(file_name=name, size=upload.size or 0, uploaded_by=by, uploaded_at=now, mends=mends)
    job.file.save(f"{uuid4()}", File(upload), save=False)
    try:
        _look(job, sheet="")
    except BaseException:
        _delete(job)
        raise
    if mends is not None:
        job.tables, job.mapping_name = _for_mended(job, mends.tables), mends.mapping_name
    job.save(force_insert=True)
    return job


def choose_sheet(*, job: ImportJob, sheet: str) -> None:
    """Read another sheet of the workbook. Raises FileError, and then the one before stays."""
    old = job.sheet_file.name
    _look(job, sheet=sheet)
    with transaction.atomic():
        drafts = ImportJob.objects.filter(pk=job.pk, state=State.DRAFT)
        changed = drafts.update(
            sheet=job.sheet, sheet_file=job.sheet_file.name, headers=job.headers, tables={}, forecast={}
        )
    job.sheet_file.storage.delete(str(old if changed else job.sheet_file.name))


def sheets_of(job: ImportJob) -> list[sheets.Sheet]:
    """The sheets to choose from; none for a file that is no workbook."""
    if not job.sheet_file or not job.file:
        return []
    with local(job.file) as path:
        return sheets.sheets(path)


def _look(job: ImportJob, *, sheet: str) -> None:
    with local(job.file) as path:
        if sheets.is_workbook(path):
            _unfold(job, path, sheet)
            with local(job.sheet_file) as csv_path:
                found = sketch.sketch(csv_path, by_record=True)
        else:
            found = sketch.sketch(path)
    job.headers = [header[:250] for header in found.header]


def _unfold(job: ImportJob, path: Path, sheet: str) -> None:
    with TemporaryDirectory() as folder:
        target = Path(folder) / "sheet.csv"
        job.sheet = sheets.to_csv(path, sheet, target)
        with target.open("rb") as stream:
            job.sheet_file.save(f"{uuid4()}", File(stream), save=False)


def sketch_of(job: ImportJob) -> sketch.Sketch:
    """What is seen of the file before its columns are mapped. Raises FileError."""
    if not job.file:
        raise FileError(_("The file is not there any more."))
    declared = job.tables.get("file", {})
    with local(job.sheet_file or job.file) as path:
        return sketch.sketch(
            path,
            by_record=bool(job.sheet_file),
            encoding=str(declared.get("encoding", "")),
            delimiter=str(declared.get("delimiter", "")),
            thorough=False,
        )


def known_mapping(job: ImportJob) -> ImportMapping | None:
    """The mapping that was saved last for exactly these headers."""
    return ImportMapping.objects.filter(headers=job.headers).order_by("-saved_at", "-pk").first()


def _for_mended(job: ImportJob, tables: dict[str, Any]) -> dict[str, Any]:
    """The mapping for a file of mended rows: a CSV file of ours, whatever the first one was."""
    there = {fold(header) for header in job.headers}
    columns = [column for column in tables.get("columns", []) if fold(column["header"]) in there]
    kept = {name: table for name, table in tables.items() if name != "file"}
    return kept | {"columns": columns} if columns else {}


def delete_old(*, now: datetime) -> int:
    """Delete the files of imports that were uploaded long ago; what was imported stays. Returns how many."""
    before = now - timedelta(days=settings.BATON_IMPORT_KEEP_DAYS)
    old = ImportJob.objects.filter(uploaded_at__lt=before).exclude(file="").exclude(state__in=ImportJob.WORKING)
    count = 0
    for job in old.iterator():
        if ImportJob.objects.filter(pk=job.pk).exclude(state__in=ImportJob.WORKING).update(file="", sheet_file=""):
            _delete(job)
            count += 1
    return count


def _delete(job: ImportJob) -> None:
    for file in (job.file, job.sheet_file):
        if file:
            file.storage.delete(str(file.name))
