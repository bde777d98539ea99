"""Show each reader times in their own zone and words in their own language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone, translation

from people.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class ReaderZoneMiddleware:
    """Activate the signed-in person's time zone and language for the request, and put both back afterwards."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        reader = request.user  # kept: after a sign-out the request's user is nobody
        if not isinstance(reader, User):
            return self.get_response(request)
        with timezone.override(reader.zone), translation.override(reader.language):
            request.LANGUAGE_CODE = reader.language
            response = self.get_response(request)
            response.headers["Content-Language"] = reader.language
            return response
