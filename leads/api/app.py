"""The API put together: how bodies are read, what it consists of, its OpenAPI document and the page that shows it."""

from __future__ import annotations

import json
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, NoReturn

from django.http import HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.parser import Parser

from leads.api import errors, events, leads

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

PREFIX = "api/v1/"
DESCRIPTION = """Leads and what they do, for other programs.

Send an API key as `Authorization: Bearer bt_…` or as `X-Api-Key`. Whatever is refused is answered with
`{"errors": [{"field": "…", "message": "…"}]}`. Writes take an `Idempotency-Key`."""


class JsonParser(Parser):
    """JSON and nothing else, and only what JSON allows."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            raise errors.Refused(415, _("Send JSON, with Content-Type: application/json."))
        try:
            return json.loads(request.body.decode("utf-8-sig"), parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise errors.Refused(400, _("This is no JSON: %(error)s") % {"error": str(error)[:200]}) from error


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def build() -> NinjaAPI:
    """Without ninja's own pages: ours obey the content security policy, and their names stand in our table."""
    made = NinjaAPI(
        title="Baton", version="1.0", description=DESCRIPTION, parser=JsonParser(), openapi_url=None, docs_url=None
    )
    errors.register(made)
    made.add_router("", leads.router)
    made.add_router("", events.router)
    return made


api = build()


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; it changes with the program only."""
    return api.get_openapi_schema(path_prefix=PREFIX)


@require_safe
def openapi(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    return JsonResponse(document())


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "leads/api_docs.html")


def nothing_here(request: HttpRequest, rest: str = "") -> JsonResponse:  # noqa: ARG001 - Django's signature
    return errors.plain(404, _("There is no such address."))


nothing_here.csrf_exempt = True  # type: ignore[attr-defined]  # it changes nothing; a program has no token


def in_shape(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Say in the API's own shape, too, that an address does not take a method; and let nothing keep an answer.

    What stands between may not know that ``X-Api-Key`` tells who asks.
    """

    @wraps(view)
    def shaped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            message = _("This address does not take %(method)s.") % {"method": request.method}
            response = errors.answer(405, [{"field": "", "message": message}], {"Allow": response["Allow"]})
        patch_cache_control(response, private=True, no_store=True)
        return response

    return shaped
