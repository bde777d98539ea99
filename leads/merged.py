"""The address of a lead that was merged leads to its winner, for as long as it is merged."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import redirect

from leads.models import Lead, Merge
from people.permissions import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


def follows_merges(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Below ``requires``, on a view that takes a lead's ``pk`` and answers 404 where there is no such lead.

    Goes on (302, since a merge can be undone) to the same page of the winner, when this person may see that one.
    """

    @wraps(view)
    def followed(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, pk, **kwargs)
        except Http404:
            if request.method not in ("GET", "HEAD"):
                raise  # what was sent would be lost on the way
            seen = Lead.objects.visible_to(signed_in(request)).order_by().values("pk")
            merge = Merge.objects.standing().filter(loser_number=pk, winner__in=seen).only("winner_id").first()
            match = request.resolver_match
            if merge is None or match is None or match.url_name is None:
                raise
            return redirect(match.url_name, pk=merge.winner_id)

    return followed
