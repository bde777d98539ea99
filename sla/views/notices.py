"""Every message Baton wrote: to whom, about which lead, why, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Count, Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.keyset import Page, address, page
from people.permissions import Can, may, requires, signed_in
from sla.forms.work import NoticeFilter
from sla.models import DeliveryTry, Escalation, Notice
from sla.services.escalations import try_again
from sla.views import live

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from people.models import User
    from sla.querysets import NoticeQuerySet

TRIES_SHOWN = 20
LEADS_SHOWN = 5
RETRIED = (Notice.State.PENDING, Notice.State.FAILED)
# What a row changes by; the rest is loaded once one of these has.
VERSION = ("pk", "state", "tries", "next_try_at")


@requires(Can.SEE_NOTICES)
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """``?state=`` shows those in one state."""
    found = _page(request)
    context = _context(request, found) | {"etag": live.etag_of(request, _version(found))}
    return render(request, "sla/notices.html", context)


@requires(Can.SEE_NOTICES)
@require_safe
def notice_list_live(request: HttpRequest) -> HttpResponse:
    """The list alone; what hangs on its rows is loaded only when one of them has changed."""
    found = _page(request)
    etag = live.etag_of(request, _version(found))
    return live.unchanged(request, etag) or live.changed(
        request, "sla/notices_list.html", _context(request, found), etag
    )


@requires(Can.SEE_NOTICES)
@require_safe
def notice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    notice = get_object_or_404(_with_all(Notice.objects.visible_to(user), leads=None, tries=None), pk=pk)
    return render(request, "sla/notice.html", {"notice": notice, "may_retry": _may_retry(user, notice)})


@requires(Can.SEE_SYSTEM)
@require_POST
def notice_retry(request: HttpRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(signed_in(request)), pk=pk)
    if try_again(notice=notice, now=timezone.now()):
        messages.success(request, _("It is sent again within moments."))
    else:
        messages.info(request, _("There is nothing to send again."))
    return redirect("notice-detail", pk)


def _page(request: HttpRequest) -> Page[Notice]:
    chosen = NoticeFilter(request.GET)
    if not chosen.is_valid():
        raise BadRequest(_("There is no such list."))
    notices = Notice.objects.visible_to(signed_in(request)).only(*VERSION)
    if state := chosen.cleaned_data["state"]:
        notices = notices.filter(state=state)
    return page(request, notices, by="pk", descending=True)


def _version(found: Page[Notice]) -> list[Any]:
    return [[getattr(notice, name) for name in VERSION] for notice in found.rows]


def _context(request: HttpRequest, found: Page[Notice]) -> dict[str, Any]:
    user = signed_in(request)
    query = request.GET.urlencode()
    shown = _with_all(Notice.objects.defer("body"), leads=LEADS_SHOWN, tries=TRIES_SHOWN)
    by_id = shown.annotate(abouts=Count("escalations")).in_bulk([notice.pk for notice in found.rows])
    rows = [by_id[notice.pk] for notice in found.rows if notice.pk in by_id]
    return {
        "page": found,
        "rows": [(notice, _may_retry(user, notice)) for notice in rows],
        "states": [(key, label, address(request, state=key)) for key, label in (("", _("All")), *Notice.State.choices)],
        "state": request.GET.get("state", ""),
        "live_url": f"{reverse('notice-list-live')}?{query}",
    }


def _with_all(notices: NoticeQuerySet, *, leads: int | None, tries: int | None) -> NoticeQuerySet:
    """With recipients, what they are about and the tries, at most so many of each (a bundle may tell of thousands)."""
    about = Escalation.objects.select_related("clock__lead", "clock__policy_version__policy").order_by("level_at", "pk")
    return notices.prefetch_related(
        "recipients",
        Prefetch("escalations", queryset=about[:leads], to_attr="about"),
        Prefetch("delivery_tries", queryset=DeliveryTry.objects.all()[:tries], to_attr="tries_made"),
    )


def _may_retry(user: User, notice: Notice) -> bool:
    return notice.state in RETRIED and may(user, Can.SEE_SYSTEM)
