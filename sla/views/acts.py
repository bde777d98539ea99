"""What people do to a lead from the inbox, the board and its own page: log an attempt, write a note, reassign.

Each works by htmx and as a plain form. ``next`` says where a plain form came from; only addresses of ours are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget

from leads.models import Lead
from leads.models.facts import Channel
from leads.services.notes import add_note
from people.editor import form_methods
from people.permissions import Can, requires, signed_in
from sla.forms.work import AttemptForm, BulkReassignForm, NoteForm, ReassignForm
from sla.models import Clock, Handoff
from sla.neighbours import INBOX
from sla.presenters import work_rows
from sla.services.attempts import log_attempt
from sla.services.handoffs import reassign, reassign_all
from sla.worklist import clock_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django_htmx.middleware import HtmxDetails

    from leads.models import Attempt

REFUSED = 422


@requires(Can.LOG_ATTEMPTS)
@form_methods
def attempt_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The outcomes of a channel (``?channel=call``) to choose from; a press on one logs the attempt."""
    lead = _workable(request, pk)
    if request.method != "POST":
        channel = request.GET.get("channel", Channel.CALL)
        known = channel if channel in Channel.values else Channel.CALL
        return _attempt_panel(request, lead, AttemptForm(initial={"channel": known}))
    form = AttemptForm(request.POST)
    if not form.is_valid():
        return _attempt_panel(request, lead, form, status=REFUSED)
    now = timezone.now()
    attempt, stopped = log_attempt(lead=lead, user=signed_in(request), occurred_at=now, now=now, **form.cleaned_data)
    running = list(clock_rows(Clock.objects.running().filter(lead=lead))[:1])
    _say_logged(request, attempt, stopped, still_running=bool(running))
    if not htmx_of(request):
        return redirect(back_to(request, lead))
    return _logged_row(request, attempt, stopped, running)


@requires(Can.WRITE_NOTES)
@require_POST
def note_create(request: HttpRequest, pk: int) -> HttpResponse:
    lead = get_object_or_404(Lead.objects.living().visible_to(signed_in(request)), pk=pk)
    form = NoteForm(request.POST)
    if not form.is_valid() or not _saved(
        form, add_note, lead=lead, author=signed_in(request), now=timezone.now(), body=form.cleaned_data["body"]
    ):
        return _refused(request, form, title=_("Add a note"), lead=lead)
    messages.success(request, _("The note is kept."))
    return redirect(back_to(request, lead))


@requires(Can.REASSIGN)
@require_POST
def handoff_reassign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one hand-off to another SDR."""
    user = signed_in(request)
    handoff = get_object_or_404(Handoff.objects.visible_to(user).select_related("lead"), pk=pk)
    form = ReassignForm(request.POST)
    if not form.is_valid() or not _saved(
        form, reassign, handoff=handoff, to=form.cleaned_data["to"], by=user, now=timezone.now()
    ):
        return _refused(request, form, title=_("Reassign"), lead=handoff.lead)
    messages.success(request, _("%(lead)s now belongs to %(name)s.") % _who(handoff.lead, form))
    return redirect(back_to(request, handoff.lead))


@requires(Can.REASSIGN)
@require_POST
def handoffs_reassign(request: HttpRequest) -> HttpResponse:
    """Give several hand-offs to another SDR: all of them or none."""
    user = signed_in(request)
    form = BulkReassignForm(request.POST, allowed=Handoff.objects.visible_to(user).open())
    if not form.is_valid() or not _saved(form, reassign_all, **form.cleaned_data, by=user, now=timezone.now()):
        return _refused(request, form, title=_("Reassign"))
    count = len(form.cleaned_data["handoffs"])
    messages.success(
        request,
        ngettext("%(n)d lead now belongs to %(name)s.", "%(n)d leads now belong to %(name)s.", count)
        % {"n": count, "name": form.cleaned_data["to"]},
    )
    return redirect(back_to(request))


def htmx_of(request: HttpRequest) -> HtmxDetails:
    """What django-htmx's middleware has found out about the request."""
    return cast("HtmxDetails", request.htmx)  # type: ignore[attr-defined]  # set by the middleware


def _workable(request: HttpRequest, pk: int) -> Lead:
    """A lead one may act on: 404 for what one may not see, 403 for what one may only see."""
    user = signed_in(request)
    lead = get_object_or_404(Lead.objects.visible_to(user).select_related("company"), pk=pk)
    if not Lead.objects.workable_by(user).filter(pk=pk).exists():
        raise PermissionDenied
    return lead


def _attempt_panel(request: HttpRequest, lead: Lead, form: AttemptForm, status: int = 200) -> HttpResponse:
    """In a row of the inbox (``inline``), in the lead page's card, or a page of its own without htmx."""
    htmx = htmx_of(request)
    inline = htmx.target in {f"log-{lead.pk}", f"lead-{lead.pk}"}
    context = {
        "lead": lead,
        "form": form,
        "channel": Channel(form.chosen) if form.chosen in Channel.values else Channel.CALL,
        "next": request.POST.get("next") or _came_from(request),
        "inline": inline,
    }
    template = "sla/attempt_panel.html" if htmx else "sla/attempt.html"
    response = render(request, template, context, status=status)
    return retarget(reswap(response, "innerHTML"), f"#log-{lead.pk}") if inline and status == REFUSED else response


def _say_logged(request: HttpRequest, attempt: Attempt, stopped: list[Clock], *, still_running: bool) -> None:
    what = {
        "lead": attempt.lead,
        "channel": attempt.get_channel_display(),
        "outcome": attempt.get_outcome_display().lower(),
    }
    if stopped and stopped[0].is_breached(attempt.occurred_at):
        messages.warning(request, _("%(lead)s: %(channel)s, %(outcome)s. The clock has stopped, late.") % what)
    elif stopped:
        messages.success(request, _("%(lead)s: %(channel)s, %(outcome)s. The promise was kept.") % what)
    elif still_running:
        messages.warning(
            request,
            _("%(lead)s: %(channel)s, %(outcome)s. This does not count as a first touch, so the clock runs on.") % what,
        )
    else:
        messages.success(request, _("%(lead)s: %(channel)s, %(outcome)s. Logged.") % what)


def _logged_row(
    request: HttpRequest, attempt: Attempt, stopped: list[Clock], running: list[dict[str, Any]]
) -> HttpResponse:
    """The row of the inbox as it is now; the living list moves it to its new place a moment later."""
    lead = attempt.lead
    context = {
        "rows": work_rows(running, {lead.pk: attempt}, INBOX),
        "lead": lead,
        "attempt": attempt,
        "stopped": stopped,
        "taken": stopped[0].wall_time(attempt.occurred_at) if stopped else None,
    }
    return render(request, "sla/inbox_logged.html", context)


def _saved(form: Form, service: Callable[..., object], /, **values: Any) -> bool:
    """Call the service; what it refuses is said in the form."""
    try:
        service(**values)
    except ValidationError as error:
        form.add_error(None, error if not hasattr(error, "error_dict") else ValidationError(error.messages))
        return False
    return True


def _refused(request: HttpRequest, form: Form, *, title: str, lead: Lead | None = None) -> HttpResponse:
    context = {"form": form, "title": title, "back": back_to(request, lead), "next": request.POST.get("next", "")}
    return render(request, "sla/refused.html", context, status=REFUSED)


def _who(lead: Lead, form: Form) -> dict[str, Any]:
    return {"lead": lead, "name": form.cleaned_data["to"]}


def _came_from(request: HttpRequest) -> str:
    """The page with the link that led here; ``back_to`` checks that it is ours."""
    return htmx_of(request).current_url_abs_path or request.headers.get("Referer", "")


def back_to(request: HttpRequest, lead: Lead | None = None) -> str:
    """Where the form came from, when that is an address of ours."""
    given = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure())
    # A word alone is an address too, but ``redirect`` takes it for the name of a view.
    if ours and given.startswith(("/", "http")) and "/" in given:
        return given
    return reverse("lead-detail", args=[lead.pk]) if lead else reverse("board")
