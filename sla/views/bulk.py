"""Acts on many leads: what is asked, how far it has come, what was skipped and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.editor import form_methods
from people.keyset import Part, page_of
from people.permissions import Can, may, requires, signed_in
from sla.forms.bulk import form_of
from sla.listing import chosen_of
from sla.models import BulkItem, BulkJob
from sla.services.bulk import NEEDS, UNDOABLE, acts_of, cancel_job, names_of, start_job, undo_job
from sla.views import live

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from people.models import User

REFUSED = 422
BY_ID = (Part(),)
NOBODY = QueryDict()


@requires(Can.CREATE_LEADS)
@form_methods
def bulk_new(request: HttpRequest) -> HttpResponse:
    """``?act=``, and ``lead=`` for each one ticked, or ``all=1&query=`` for all that a list finds."""
    user, now = signed_in(request), timezone.now()
    asked = request.POST if request.method == "POST" else request.GET
    act = _act(asked, user)
    chosen = chosen_of(asked, user, now)
    count = chosen.leads.count()
    form = form_of(act, request.POST if request.method == "POST" and "confirmed" in request.POST else None, count)
    if count and form.is_bound and form.is_valid():
        job = start_job(
            act=act, by=user, leads=chosen.leads.values("pk"), params=form.params(), summary=form.summary(),
            query=asked.get("query", "")[:4_000], now=now,
        )  # fmt: skip
        return redirect("bulk-job", job.pk)
    context = {
        "form": form,
        "act": act,
        "count": count,
        "asked": [(name, one) for name in ("act", "all", "query", "lead") for one in asked.getlist(name)],
        "back": f"{reverse('lead-list')}?{asked.get('query', '')}",
    }
    return render(request, "sla/bulk_new.html", context, status=REFUSED if request.method == "POST" else 200)


@requires(Can.CREATE_LEADS)
@require_safe
def bulk_list(request: HttpRequest) -> HttpResponse:
    """What was done to many leads at once, the newest first."""
    user = signed_in(request)
    page = page_of(request, BulkJob.objects.visible_to(user).select_related("by"), (Part(descending=True),))
    return render(request, "sla/bulk_list.html", {"page": page})


@requires(Can.CREATE_LEADS)
@require_safe
def bulk_job(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    skipped = page_of(request, job.items.filter(state=BulkItem.State.SKIPPED), BY_ID)
    names = names_of([item.lead_id for item in skipped.rows], signed_in(request))
    context = {
        "skipped": [(item, names.get(item.lead_id, "")) for item in skipped.rows],
        "page": skipped,
        "etag": live.etag_of(request, _version(job), query=""),
        "back": f"{reverse('lead-list')}?{job.query}",
    }
    return render(request, "sla/bulk_job.html", context | _progress(job, signed_in(request)))


@requires(Can.CREATE_LEADS)
@require_safe
def bulk_live(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it has come, for the page of the job."""
    job = _job(request, pk)
    etag = live.etag_of(request, _version(job), query="")
    if answer := live.unchanged(request, etag):
        return answer
    return live.changed(request, "sla/bulk_progress.html", _progress(job, signed_in(request)), etag)


@requires(Can.CREATE_LEADS)
@require_POST
def bulk_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    if cancel_job(job=job, now=timezone.now()):
        messages.success(request, _("It was stopped. What was done until now stays done."))
    else:
        messages.info(request, _("It had come to its end already."))
    return redirect("bulk-job", pk)


@requires(Can.CREATE_LEADS)
@require_POST
def bulk_undo(request: HttpRequest, pk: int) -> HttpResponse:
    job, user = _job(request, pk), signed_in(request)
    if not may(user, NEEDS.get(job.act, Can.CREATE_LEADS)):
        raise PermissionDenied
    try:
        undoing = undo_job(job=job, by=user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("bulk-job", pk)
    return redirect("bulk-job", undoing.pk)


def _act(asked: QueryDict, user: User) -> BulkJob.Act:
    act = asked.get("act", "")
    if act not in NEEDS:
        raise BadRequest(_("There is no such act."))
    if act not in acts_of(user):
        raise PermissionDenied
    return BulkJob.Act(act)


def _job(request: HttpRequest, pk: int) -> BulkJob:
    jobs = BulkJob.objects.visible_to(signed_in(request)).select_related("by", "undoes", "undone_by")
    return get_object_or_404(jobs, pk=pk)


def _version(job: BulkJob) -> list[Any]:
    return [job.state, job.done, job.skipped]


def _progress(job: BulkJob, user: User) -> dict[str, Any]:
    undone = hasattr(job, "undone_by")
    may_undo = job.act in UNDOABLE and not job.is_waiting and job.done > 0 and not undone
    return {
        "job": job,
        "looked_at": job.done + job.skipped,
        "may_undo": may_undo and may(user, NEEDS.get(job.act, Can.CREATE_LEADS)),
        "undone_by": job.undone_by if undone else None,
    }
