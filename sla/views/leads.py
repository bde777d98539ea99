"""The list of leads: found as one types, narrowed, ordered, in columns of one's own.

Its whole state is its address. By htmx the same address answers with the results alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from leads.frame import frame_of
from leads.models import SavedView
from leads.querysets import SHARERS
from people.keyset import address
from people.permissions import Can, may, requires, signed_in
from sla import columns as showing
from sla.listing import Listing, chosen_of
from sla.listing_html import column_menu, filter_menu, heads_html, own_of, rows_html
from sla.services.bulk import acts_of
from sla.views.acts import htmx_of
from sla.views.saved_views import address_of_view

if TYPE_CHECKING:
    from django.http import HttpResponse

    from leads.frame import Frame
    from leads.models import Lead
    from leads.querysets import LeadQuerySet
    from people.models import User
    from sla.columns import Column
    from sla.listing import Neighbours

RESULTS = "lead-results"


@requires(Can.SEE_LEADS)
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    by_htmx = htmx_of(request).target == RESULTS and not htmx_of(request).history_restore_request
    frame = frame_of(user, with_views=not by_htmx or request.GET.get("view", "").isdigit())
    first = SavedView.objects.filter(pk=frame.default_view).first() if frame.default_view and not request.GET else None
    if first:
        return redirect(address_of_view(first))
    listing = Listing(request.GET, user, timezone.now(), whole=not by_htmx, frame=frame)
    view = next((one for one in frame.views if str(one.pk) == request.GET.get("view")), None)
    context = _results(request, listing, _columns(listing, view, frame))
    context |= _columns_to_choose(listing, view, context["columns"])
    if not by_htmx:
        context |= _around(listing, view, frame)
    response = render(request, "sla/lead_results.html" if by_htmx else "sla/lead_list.html", context)
    if by_htmx:
        response["HX-Push-Url"] = f"{reverse('lead-list')}{address(request, add='')}"
    return response


@requires(Can.SEE_LEADS)
@require_safe
def lead_count(request: HttpRequest) -> HttpResponse:
    """How many leads the list finds: asked for after the page, since counting takes longer than showing fifty."""
    count, is_more = Listing(request.GET, signed_in(request), timezone.now()).count()
    return render(request, "sla/lead_count.html", {"text": counted(count, is_more=is_more), "count": count})


def counted(count: int, *, is_more: bool) -> str:
    text = ngettext("%(n)s lead", "%(n)s leads", count) % {"n": f"{count:,}"}
    return _("more than %(leads)s") % {"leads": text} if is_more else text


def narrowed(request: HttpRequest | QueryDict, user: User) -> LeadQuerySet:
    """The leads that an address of the list finds, ordered as the list; the ticked ones where it names any."""
    data = request.GET if isinstance(request, HttpRequest) else request
    is_chosen = bool(data.getlist("lead") or data.get("all"))
    listing = chosen_of(data, user, timezone.now()) if is_chosen else Listing(data, user, timezone.now())
    return listing.ordered()


def neighbours(lead: Lead, query: str, user: User) -> Neighbours:
    """The leads before and after this one in the list that ``?from=`` tells of."""
    return Listing(QueryDict(query), user, timezone.now()).neighbours(lead.pk)


def _columns(listing: Listing, view: SavedView | None, frame: Frame) -> list[Column]:
    """Those of the view one is in, else those one has chosen, else the usual ones."""
    names = (view.columns if view else []) or frame.columns
    return showing.chosen(names, showing.columns(listing.custom))


def _columns_to_choose(listing: Listing, view: SavedView | None, shown: list[Column]) -> dict[str, Any]:
    """Every column and whether it is shown; none in a view whose columns somebody else has chosen."""
    mine = view is None or not view.columns or _may_change(view, listing.user)
    menu = column_menu(own_of(listing.custom), [column.name for column in shown]) if mine else ""
    return {"column_menu": menu, "view": view}


def _may_change(view: SavedView, user: User) -> bool:
    return view.owner_id == user.pk or (view.is_shared and user.role in SHARERS)


def _results(request: HttpRequest, listing: Listing, columns: list[Column]) -> dict[str, Any]:
    page = listing.page(request, (need for column in columns for need in column.needs))
    user = listing.user
    acts, here = acts_of(user), reverse("lead-list")
    return {
        "listing": listing,
        "page": page,
        "columns": columns,
        "heads": heads_html(listing, columns, before=here),
        "rows": rows_html(
            page.rows,
            columns,
            listing.asking,
            before=here,
            after=f"/?from={listing.origin}",
            ticks=bool(acts),
        ),
        "chips": listing.chips() if listing.is_narrowed else [],
        "acts": acts,
        "export_url": reverse("lead-export") if may(user, Can.EXPORT_LEADS) else "",
        "may_import": may(user, Can.IMPORT_LEADS),
        "count_url": f"{reverse('lead-count')}?{listing.query}",
    }


def _around(listing: Listing, view: SavedView | None, frame: Frame) -> dict[str, Any]:
    """What stands around the results: views, filters, columns."""
    usual = {offer.name for offer in listing.made[:5]}
    form = listing.filter.form
    return {
        "usual_fields": [form[offer.name] for offer in listing.made if offer.name in usual],
        "more_fields": [form[offer.name] for offer in listing.made if offer.name not in usual],
        "filter_menu": filter_menu(own_of(listing.custom), [offer.name for offer in listing.made]),
        "may_create": may(listing.user, Can.CREATE_LEADS),
        "may_share": listing.user.role in SHARERS,
        "views": frame.views,
        "is_changed": view is not None and QueryDict(view.query) != QueryDict(listing.query),
        "default_view": frame.default_view,
        "may_change_view": view is not None and _may_change(view, listing.user),
    }
