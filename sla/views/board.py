"""The SLA board: what is late and what soon will be, by team and rep, and giving it to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest
from django.db.models import F
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.keyset import address, page
from people.permissions import Can, may, requires, signed_in
from sla.forms.work import BoardFilter, ReassignForm
from sla.models import Clock
from sla.presenters import work_rows
from sla.standings import board_of
from sla.views import live
from sla.worklist import clock_rows

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from people.models import User
    from sla.querysets import ClockQuerySet
    from sla.standings import Board


# Of more teams than these, only the chosen one shows its people: an executive's board would be pages long.
TEAMS_UNFOLDED = 4


@requires(Can.SEE_BOARD)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """``?state=``, ``?team=`` and ``?owner=`` (an id, or ``none``) choose what is listed."""
    user, now = signed_in(request), timezone.now()
    standing = board_of(user, now)
    context = _context(request, standing, now) | {
        "etag": live.etag_of(request, standing.version),
        "reassign_form": ReassignForm() if may(user, Can.REASSIGN) else None,
    }
    return render(request, "sla/board.html", context)


@requires(Can.SEE_BOARD)
@require_safe
def board_live(request: HttpRequest) -> HttpResponse:
    """The board's inside; the grouped query alone while nothing has changed."""
    now = timezone.now()
    standing = board_of(signed_in(request), now)
    etag = live.etag_of(request, standing.version)
    if answer := live.unchanged(request, etag):
        return answer
    return live.changed(request, "sla/board_list.html", _context(request, standing, now), etag)


def _context(request: HttpRequest, standing: Board, now: datetime) -> dict[str, Any]:
    user = signed_in(request)
    chosen = BoardFilter(request.GET)
    if not chosen.is_valid():
        raise BadRequest(_("There is no such list."))
    listed = clock_rows(_clocks(user, chosen.cleaned_data, now), owner_name=F("owner__name"), team_name=F("team__name"))
    clocks = page(request, listed, by="due_at")
    query = request.GET.urlencode()
    return {
        "board": standing,
        "folded": len(standing.teams) > TEAMS_UNFOLDED,
        "page": clocks,
        "rows": list(zip(clocks.rows, work_rows(clocks.rows, {}), strict=True)),
        "may_reassign": may(user, Can.REASSIGN),
        "chosen": chosen.cleaned_data,
        "state": chosen.cleaned_data["state"],
        "tabs": _tabs(request, standing),
        "everybody": address(request, team="", owner=""),
        "here": f"{reverse('board')}?{query}",
        "live_url": f"{reverse('board-live')}?{query}",
    }


def _tabs(request: HttpRequest, standing: Board) -> list[tuple[str, str, int, str]]:
    total = standing.total
    return [
        (key, label, count, address(request, state=key))
        for key, label, count in (
            ("breached", _("Late"), total.breached),
            ("soon", _("Due soon"), total.soon),
            ("waiting", _("All waiting"), total.waiting),
        )
    ]


def _clocks(user: User, chosen: dict[str, Any], now: datetime) -> ClockQuerySet:
    clocks = Clock.objects.visible_to(user)
    state, owner = chosen["state"], chosen["owner"]
    if state == "soon":
        clocks = clocks.due_soon(now)
    else:
        clocks = clocks.running() if state == "waiting" else clocks.breached(now)
    if chosen["team"] is not None:
        clocks = clocks.filter(team=chosen["team"])
    if owner == "none":
        return clocks.filter(owner__isnull=True)
    return clocks.filter(owner=owner) if owner is not None else clocks
