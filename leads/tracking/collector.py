"""The address that the tracking snippet sends to: asked by any browser, so it answers shortly and costs little."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from leads.limits import Limit, address_of
from leads.models import EventType, TrackedSite
from leads.tracking.collect import MOST_BYTES, UnreadableError, collect, read

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)
# A page view and a few events a page; an office has one address for all its people.
PER_ADDRESS = Limit("track", number=600, seconds=60)


@csrf_exempt
@require_POST
def track(request: HttpRequest) -> HttpResponse:
    """Keep what a visitor did. Nothing is told but whether it was understood: 204, or why not as a status."""
    now = timezone.now()
    if request.headers.get("DNT") == "1" or request.headers.get("Sec-GPC") == "1":
        return HttpResponse(status=204)
    wait = PER_ADDRESS.wait(address_of(request), now)
    if wait:
        return HttpResponse(status=429, headers={"Retry-After": str(wait)})
    if not 0 < _length(request) <= MOST_BYTES:
        return HttpResponse(status=413)
    try:
        batch = read(request.body)
    except UnreadableError:
        return HttpResponse(status=400)
    site = TrackedSite.objects.filter(key=batch.site_key, is_active=True).first()
    if site is None or request.headers.get("Origin", "").lower() not in site.origins:
        return HttpResponse(status=403)
    allowed = {row.key: row for row in EventType.objects.filter(is_active=True, pk__in=site.event_types.values("pk"))}
    collect(batch=batch, site=site, allowed=allowed, now=now)
    return HttpResponse(status=204)


def _length(request: HttpRequest) -> int:
    """What the request says of itself; a body without a length is none (gunicorn reads no more than it says)."""
    text = str(request.META.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
