"""Imports: the list, the upload, one import from its preview to its report, and what can be asked of it."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leads.import_forms import UploadForm
from leads.imports import labels
from leads.imports.encoding import FileError
from leads.imports.mapping import MappingError
from leads.imports.preview import Preview, preview
from leads.imports.report import Echo, harmless
from leads.models import ImportChange, ImportJob, Lead
from leads.services import import_files, imports
from leads.services.imports_undo import touched
from people.editor import REFUSED, form_methods
from people.keyset import page
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

REJECTS_SHOWN = 25
FIRST = 5


@requires(Can.IMPORT_LEADS)
@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    jobs = ImportJob.objects.select_related("uploaded_by")
    return render(request, "leads/imports/list.html", {"page": page(request, jobs, by="pk", descending=True)})


@requires(Can.IMPORT_LEADS)
@form_methods
def import_create(request: HttpRequest) -> HttpResponse:
    """Take in a file; what makes it unreadable is said here, before anything else is asked."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and form.is_valid() and (job := _taken_in(request, form, None)):
        if (known := import_files.known_mapping(job)) is not None:
            ImportJob.objects.filter(pk=job.pk).update(tables=known.tables, mapping_name=known.name)
            messages.success(request, _("The mapping “%(name)s” was made for these columns.") % {"name": known.name})
        return redirect("import-columns", job.pk)
    return render(request, "leads/imports/upload.html", {"form": form}, status=REFUSED if form.is_bound else 200)


@requires(Can.IMPORT_LEADS)
@require_POST
def import_mended(request: HttpRequest, pk: int) -> HttpResponse:
    """Rejected rows that somebody has mended, read by the mapping of the import that rejected them."""
    mends = _job(pk)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid() and (job := _taken_in(request, form, mends)):
        return redirect("import-detail" if job.tables else "import-columns", job.pk)
    return render(request, "leads/imports/upload.html", {"form": form, "mends": mends}, status=REFUSED)


def _taken_in(request: HttpRequest, form: UploadForm, mends: ImportJob | None) -> ImportJob | None:
    upload = form.cleaned_data["file"]
    try:
        return import_files.take_in(upload=upload, by=signed_in(request), now=timezone.now(), mends=mends)
    except FileError as error:
        form.add_error("file", str(error))
        return None


@requires(Can.IMPORT_LEADS)
@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(pk)
    if job.state == ImportJob.State.DRAFT and not job.tables.get("columns") and job.file:
        return redirect("import-columns", job.pk)
    context = _state(request, job) | {"columns": _columns(job)}
    if job.state == ImportJob.State.DRAFT and job.file:
        context |= _previewed(job)
    return render(request, "leads/imports/detail.html", context)


@requires(Can.IMPORT_LEADS)
@require_safe
def import_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The inside of the state of an import, for a page that keeps itself fresh."""
    job = _job(pk)
    etag = _etag(request, job)
    known = get_conditional_response(request, etag=etag)
    if isinstance(known, HttpResponseNotModified):
        return known
    response = render(request, "leads/imports/state.html", _state(request, job))
    response.headers["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


@requires(Can.IMPORT_LEADS)
@require_POST
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(pk)
    if not imports.check(job=job):
        messages.error(request, _("Map its columns first; what is being imported is checked no more."))
    return redirect("import-detail", job.pk)


@requires(Can.IMPORT_LEADS)
@require_POST
def import_start(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(pk)
    if not imports.start(job=job, now=timezone.now()):
        messages.error(request, _("Map its columns first; what was imported is not imported twice."))
    return redirect("import-detail", job.pk)


@requires(Can.IMPORT_LEADS)
@require_POST
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(pk)
    if imports.cancel(job=job, now=timezone.now()):
        messages.success(request, _("It stops after the rows that are being written now."))
    else:
        messages.error(request, _("This import is not running."))
    return redirect("import-detail", job.pk)


@requires(Can.IMPORT_LEADS)
@form_methods
def import_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, saying what would stay; take all back, or by choice only what nobody has touched."""
    job, by = _job(pk), signed_in(request)
    found = list(touched(job).values_list("lead_id", flat=True)) if job.may_be_undone else []
    only = request.POST.get("untouched_only") == "yes"
    refused = request.method == "POST" and job.may_be_undone and bool(found) and not only
    if request.method == "POST" and not refused:
        if not imports.undo(job=job, by=by, now=timezone.now(), untouched_only=only):
            messages.error(request, _("There is nothing to undo."))
        return redirect("import-detail", job.pk)
    if not job.may_be_undone:
        messages.error(request, _("There is nothing to undo."))
        return redirect("import-detail", job.pk)
    known = Lead.objects.visible_to(by).filter(pk__in=found[:FIRST])
    context = {"job": job, "touched": len(found), "first": known, "more": len(found) - len(known)}
    context["free"] = job.changes.standing().count() - len(found)
    return render(request, "leads/imports/undo.html", context, status=REFUSED if refused else 200)


@requires(Can.IMPORT_LEADS)
@never_cache
@require_safe
def import_rejects(_request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rejected rows as CSV, with their lines and reasons, to be mended and uploaded again."""
    job = _job(pk)
    response = StreamingHttpResponse(_rejected(job), content_type="text/csv; charset=utf-8")
    name = slugify(job.file_name.rpartition(".")[0] or job.file_name) or "import"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-rejected.csv"'
    return response


def _rejected(job: ImportJob) -> Iterator[str]:
    """With a byte order mark, without which spreadsheets take UTF-8 for something else."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow([_("Line (Baton)"), _("Reason (Baton)"), *map(harmless, job.headers)])
    rows = job.rejects.filter(is_forecast=_is_forecast(job)).order_by("line")
    for line, reason, cells in rows.values_list("line", "reason", "cells").iterator(chunk_size=2_000):
        yield writer.writerow([line, harmless(reason), *map(harmless, cells)])


def _is_forecast(job: ImportJob) -> bool:
    """A draft shows what its check foretold; everything else what was rejected."""
    return job.state in (ImportJob.State.DRAFT, ImportJob.State.CHECKING)


def _job(pk: int) -> ImportJob:
    return get_object_or_404(ImportJob.objects.select_related("uploaded_by", "undone_by", "mends"), pk=pk)


def _etag(request: HttpRequest, job: ImportJob) -> str:
    user = signed_in(request)
    parts = (user.pk, user.language, user.time_zone, request.GET.urlencode(), job.state, job.rows, job.total,
             job.forecast, job.cancel_asked_at, job.claim is None, job.error)  # fmt: skip
    return f'"{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


def _state(request: HttpRequest, job: ImportJob) -> dict[str, Any]:
    """What the live part of the page shows."""
    rejects = job.rejects.filter(is_forecast=_is_forecast(job))
    counts = job.forecast if _is_forecast(job) else {name: getattr(job, name) for name in COUNTS}
    done = sum(counts.get(name, 0) for name in COUNTS)
    undone = job.changes.exclude(fate=ImportChange.Fate.STANDS).count() if job.state == "undoing" else 0
    of_all = job.changes.count() if job.state == "undoing" else job.total
    return {
        "job": job,
        "counts": counts,
        "done": undone if job.state == "undoing" else done,
        "total": of_all,
        "page": page(request, rejects, by="pk", size=REJECTS_SHOWN) if not job.is_working else None,
        "is_forecast": _is_forecast(job),
        "etag": _etag(request, job),
        "query": request.GET.urlencode(),
        "problem": "",
    }


COUNTS = ("created", "updated", "unchanged", "rejected")


def _columns(job: ImportJob) -> list[tuple[str, str]]:
    told = job.tables.get("columns", [])
    return [(one["header"], labels.label(one["to"], one.get("name", ""))) for one in told]


def _previewed(job: ImportJob) -> dict[str, Any]:
    try:
        shown = preview(job, timezone.now())
    except (FileError, MappingError) as error:
        return {"preview": Preview(), "problem": str(error)}
    except FileNotFoundError:
        return {"preview": Preview(), "problem": _("The file is not there any more.")}
    return {"preview": shown}
