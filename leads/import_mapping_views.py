"""What a file's columns and words mean: chosen by hand, beginning with what was guessed or saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads.import_forms import DELIMITERS, ENCODINGS, ColumnsForm, WordsForm
from leads.imports.encoding import FileError
from leads.imports.mapping import MappingError
from leads.imports.preview import unknown_words
from leads.models import Campaign, ImportJob, ImportMapping, Source
from leads.services import import_files, imports
from people.editor import REFUSED, form_methods
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from leads.imports.sketch import Sketch

SMALL_NUMBER = re.compile(r"[0-9]{1,18}")


@requires(Can.IMPORT_LEADS)
@form_methods
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """``?mapping=`` is a saved mapping to begin with."""
    job = _open_job(pk)
    if job is None:
        messages.error(request, _("This import has been started; its columns cannot be changed any more."))
        return redirect("import-detail", pk)
    if request.method == "POST" and _read_anew(request, job):
        return redirect("import-columns", job.pk)
    try:
        sketch = import_files.sketch_of(job)
    except (FileError, FileNotFoundError) as error:
        return render(request, "leads/imports/unreadable.html", {"job": job, "error": str(error)}, status=REFUSED)
    form = _columns_form(request, job, sketch)
    if form.is_bound and form.is_valid() and _saved(request, job, form):
        return _next_step(job)
    return _columns_page(request, job, form)


def _columns_form(request: HttpRequest, job: ImportJob, sketch: Sketch) -> ColumnsForm:
    chosen = request.GET.get("mapping", "")
    saved = ImportMapping.objects.filter(pk=chosen).first() if SMALL_NUMBER.fullmatch(chosen) else None
    return ColumnsForm(
        request.POST if request.method == "POST" else None,
        sketch=sketch,
        tables=saved.tables if saved else job.tables if job.tables.get("columns") else {},
        is_sheet=bool(job.sheet_file),
        by=signed_in(request),
        initial={"save_as": saved.name if saved else job.mapping_name},
    )


def _columns_page(request: HttpRequest, job: ImportJob, form: ColumnsForm) -> HttpResponse:
    context = {
        "job": job,
        "form": form,
        "sheets": import_files.sheets_of(job),
        "saved": ImportMapping.objects.filter(headers=job.headers).order_by("-saved_at")[:20],
        "sources": Source.objects.filter(is_active=True).values_list("name", flat=True)[:200],
        "campaigns": Campaign.objects.filter(is_active=True).values_list("name", flat=True)[:200],
    }
    return render(request, "leads/imports/columns.html", context, status=REFUSED if form.is_bound else 200)


def _read_anew(request: HttpRequest, job: ImportJob) -> bool:
    """Whether the file is to be read in another encoding or by another delimiter: then its columns are others."""
    told = {name: request.POST.get(name, "") for name in ("encoding", "delimiter")}
    if told["encoding"] not in {"", *ENCODINGS} or told["delimiter"] not in {"", *DELIMITERS}:
        return False  # the form says so at its field
    file = job.tables.get("file", {})
    changed = {name: value for name, value in told.items() if value and value != file.get(name, "")}
    if not changed or job.sheet_file:
        return False
    before = job.tables
    job.tables = {"file": {**{name: file[name] for name in told if name in file}, **changed}}
    try:
        sketch = import_files.sketch_of(job)
    except (FileError, FileNotFoundError, LookupError):
        job.tables = before
        return False
    if changed.keys() == {"delimiter"} and sketch.header == job.headers:
        job.tables = before
        return False
    ImportJob.objects.filter(pk=job.pk, state=ImportJob.State.DRAFT).update(
        tables=job.tables, headers=[header[:250] for header in sketch.header], forecast={}
    )
    messages.success(request, _("The file was read anew. Look at its columns."))
    return True


def _saved(request: HttpRequest, job: ImportJob, form: ColumnsForm) -> bool:
    name = form.cleaned_data["save_as"].strip()
    try:
        imports.save_mapping(job=job, tables=form.to_tables(), name=name, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        form.add_error(None, error)
        return False
    job.refresh_from_db()
    return True


def _next_step(job: ImportJob) -> HttpResponse:
    """To the words nobody knows, if there are any; else to the preview."""
    try:
        unknown = unknown_words(job)
    except (FileError, MappingError):
        unknown = []  # the preview says it
    return redirect("import-words" if unknown else "import-detail", job.pk)


@requires(Can.IMPORT_LEADS)
@form_methods
def import_words(request: HttpRequest, pk: int) -> HttpResponse:
    """What words such as “Contacted” stand for in Baton's own lists."""
    job = _open_job(pk)
    if job is None or not job.tables.get("columns"):
        return redirect("import-detail", pk)
    try:
        found = unknown_words(job)
    except (FileError, MappingError, FileNotFoundError) as error:
        return render(request, "leads/imports/unreadable.html", {"job": job, "error": str(error)}, status=REFUSED)
    form = WordsForm(request.POST if request.method == "POST" else None, found=found)
    if form.is_bound and form.is_valid() and _words_saved(request, job, form):
        return redirect("import-detail", job.pk)
    context = {"job": job, "form": form}
    return render(request, "leads/imports/words.html", context, status=REFUSED if form.is_bound else 200)


def _words_saved(request: HttpRequest, job: ImportJob, form: WordsForm) -> bool:
    try:
        tables: dict[str, Any] = form.apply_to(job.tables)
        imports.save_mapping(job=job, tables=tables, name=job.mapping_name, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@requires(Can.IMPORT_LEADS)
@require_POST
def import_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Read another sheet of the workbook."""
    job = _open_job(pk)
    if job is not None and job.sheet_file:
        try:
            import_files.choose_sheet(job=job, sheet=request.POST.get("sheet", ""))
        except FileError as error:
            messages.error(request, str(error))
    return redirect("import-columns", pk)


def _open_job(pk: int) -> ImportJob | None:
    """The import, while its columns may still be changed: nothing of it was written."""
    job = get_object_or_404(ImportJob, pk=pk)
    is_open = job.state in (ImportJob.State.DRAFT, ImportJob.State.FAILED) and not job.rows
    return job if is_open and job.file else None
