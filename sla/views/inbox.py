"""An SDR's inbox: what is due first, and why it is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.keyset import Page, address, page
from people.models import Role
from people.permissions import Can, requires, signed_in
from sla.models import Clock, Handoff
from sla.neighbours import INBOX
from sla.presenters import work_rows
from sla.views import live
from sla.worklist import InboxState, clock_rows, handoff_rows, inbox_state, last_attempts

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from people.models import User
    from sla.presenters import WorkRow

IN_WORK_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Inbox:
    """What the template shows: ``due`` with running clocks, ``in_work`` without."""

    due: list[WorkRow]
    in_work: list[WorkRow]
    page: Page[Any]


@requires(Can.WORK_INBOX)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The page. ``?show=work`` lists everything in work instead of what is due."""
    state = inbox_state(signed_in(request))
    return render(request, "sla/inbox.html", _context(request, state) | {"etag": live.etag_of(request, state.version)})


@requires(Can.WORK_INBOX)
@require_safe
def inbox_live(request: HttpRequest) -> HttpResponse:
    """The list alone; one small query while nothing has changed."""
    state = inbox_state(signed_in(request))
    etag = live.etag_of(request, state.version)
    return live.unchanged(request, etag) or live.changed(request, "sla/inbox_list.html", _context(request, state), etag)


@requires(Can.WORK_INBOX)
@require_POST
def availability(request: HttpRequest) -> HttpResponse:
    """“I take new leads”, switched on or off for oneself."""
    user = signed_in(request)
    user.takes_leads = request.POST.get("takes_leads") == "on"
    user.save(update_fields=["takes_leads"])
    if user.takes_leads:
        messages.success(request, _("You take new leads again."))
    else:
        messages.info(request, _("New leads go to your colleagues. Clocks that run already run on."))
    return redirect("inbox")


def _context(request: HttpRequest, state: InboxState) -> dict[str, Any]:
    user = signed_in(request)
    show_work = request.GET.get("show") == "work"
    query = request.GET.urlencode()
    return {
        "inbox": _in_work(request, user) if show_work else _due(request, user),
        "state": state,
        "show_work": show_work,
        "takes_turns": user.role == Role.SDR,
        "all_in_work": address(request, show="work"),
        "live_url": f"{reverse('inbox-live')}?{query}",
    }


def _due(request: HttpRequest, user: User) -> Inbox:
    """Running clocks; below the last of them, the newest of what is in work."""
    clocks = page(request, clock_rows(Clock.objects.for_inbox(user)), by="due_at")
    handoffs = [] if clocks.next_url else _newest_in_work(user)
    tried = last_attempts([one["lead_id"] for one in (*clocks.rows, *handoffs)])
    return Inbox(work_rows(clocks.rows, tried, INBOX), work_rows(handoffs, tried, INBOX), clocks)


def _newest_in_work(user: User) -> list[dict[str, Any]]:
    rows = handoff_rows(Handoff.objects.in_work_of(user))
    return list(rows.order_by("-opened_at", "-pk")[:IN_WORK_SHOWN])


def _in_work(request: HttpRequest, user: User) -> Inbox:
    handoffs = page(request, handoff_rows(Handoff.objects.in_work_of(user)), by="opened_at", descending=True)
    tried = last_attempts([one["lead_id"] for one in handoffs.rows])
    return Inbox([], work_rows(handoffs.rows, tried, INBOX), handoffs)
