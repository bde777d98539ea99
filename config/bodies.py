"""Bodies larger than anything of ours are refused before anything reads them.

Django writes an upload to the disk however large it is, for whoever sends it, and before a view asks who that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from people.permissions import Can, may

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

TOO_LARGE = 413
# Their own view says at its field that a file is too large, to whoever may send one.
TAKE_FILES = frozenset({"import-create", "import-mended"})


class BodiesMiddleware:
    """Stands before whatever looks into a body, which the check against forged requests does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if length_of(request) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or _may_send_files(request):
            return None
        return HttpResponse(_("This is too much at once."), status=TOO_LARGE, content_type="text/plain; charset=utf-8")


def length_of(request: HttpRequest) -> int:
    """What the request says of itself; the server reads no more than that, and nothing where it says nothing."""
    text = str(request.META.get("CONTENT_LENGTH") or "")
    return int(text[:20]) if text.isascii() and text.isdigit() else 0


def _may_send_files(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None or match.url_name not in TAKE_FILES:
        # The API refuses it in its own shape, and takes no files.
        return request.content_type == "application/json"
    return request.user.is_authenticated and may(request.user, Can.IMPORT_LEADS)
