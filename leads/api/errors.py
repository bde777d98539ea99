"""One shape for everything that is refused: ``{"errors": [{"field": "…", "message": "…"}]}``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.exceptions import ValidationError as Refusal
from django.db import IntegrityError, OperationalError
from django.http import Http404, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja.errors import HttpError, ValidationError
from psycopg.errors import DeadlockDetected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI

Errors = list[dict[str, str]]
# Where ninja puts the part of the request a value stands in; a caller knows their own field only.
PLACES = {"body", "query", "path", "header"}
# What services call a field, and where it stands in a body.
NAMES = {
    "company_domain": "company.domain",
    "company_name": "company.name",
    "consent_at": "consent.at",
    "consent_source": "consent.source",
    "external_ids": "external_id",
    "employees": "company.employees",
    "annual_revenue": "company.annual_revenue",
    "industry": "company.industry",
    "region": "company.region",
    "technologies": "company.technologies",
} | {f"bant_{name}": f"bant.{name}" for name in ("budget", "authority", "need", "timeline")}


class Refused(Exception):  # noqa: N818 - it says what happened, as Http404 does
    """Stop with this status and these errors; one without a field is about the whole request."""

    def __init__(self, status: int, message: str, *, field: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.errors: Errors = [{"field": field, "message": message}]
        self.headers = dict(headers or {})


def answer(status: int, errors: Errors, headers: Mapping[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"errors": errors}, status=status, headers=dict(headers or {}))


def plain(status: int, message: str) -> JsonResponse:
    return answer(status, [{"field": "", "message": message}])


def of_refusal(error: Refusal) -> Errors:
    """What a service refused, at the fields of the body."""
    if not hasattr(error, "error_dict"):
        return [{"field": "", "message": message} for message in error.messages]
    return [
        {"field": "" if name == "__all__" else NAMES.get(name, name), "message": str(message)}
        for name, messages in error.message_dict.items()
        for message in messages
    ]


def of_schema(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> Errors:
    """What does not fit the schema; ``skip`` leaves out the first steps of each path."""
    return [{"field": _field(error["loc"][skip:]), "message": _message(error)} for error in errors]


def _field(path: Iterable[Any]) -> str:
    text = ".".join(str(step) for step in path)
    return text.encode("utf-8", "replace").decode()[:200]


def _message(error: Mapping[str, Any]) -> str:
    known = {"missing": _("This is required."), "extra_forbidden": _("There is no such field.")}
    message: str = known.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    return message.encode("utf-8", "replace").decode()


def register(api: NinjaAPI) -> None:
    """Answer whatever can go wrong in that shape."""
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(ValidationError, _not_the_schema)
    api.add_exception_handler(Refusal, lambda _request, error: answer(422, of_refusal(error)))  # type: ignore[arg-type]  # ninja types a handler's error as class or instance
    api.add_exception_handler(OperationalError, _crossed)
    for kind, status, message in (
        (Http404, 404, gettext_noop("There is no such thing.")),
        (BadRequest, 400, gettext_noop("The address is malformed.")),
        (RequestDataTooBig, 413, gettext_noop("The body is too large.")),
        (UnreadablePostError, 400, gettext_noop("The body broke off.")),
        (
            IntegrityError,
            409,
            gettext_noop("Somebody changed something that this needs at the same moment. Try again."),
        ),
    ):
        api.add_exception_handler(kind, partial(_known, status=status, message=message))


def _crossed(_request: HttpRequest, error: Any) -> HttpResponse:
    """Two waited for each other and the database let the other one go on; anything else is an error of ours."""
    if not isinstance(error.__cause__, DeadlockDetected):
        raise error
    return plain(409, _("Somebody changed the same at the same moment. Try again."))


def _known(_request: HttpRequest, _error: Any, *, status: int, message: str) -> HttpResponse:
    return plain(status, _(message))


def _refused(_request: HttpRequest, error: Any) -> HttpResponse:
    return answer(error.status, error.errors, error.headers)


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    """Ninja's own words for a body that cannot be read hide the reason behind them."""
    if isinstance(error.__cause__, Refused):
        return _refused(request, error.__cause__)
    if error.status_code == 401:
        refusal = Refused(401, _("A valid API key is needed."), headers={"WWW-Authenticate": "Bearer"})
        return _refused(request, refusal)
    return plain(error.status_code, str(error))


def _not_the_schema(_request: HttpRequest, error: Any) -> HttpResponse:
    # A body is named by its parameter after its place; query and path values are not.
    errors: Errors = []
    for one in error.errors:
        place, *path = one["loc"]
        skip = 2 if place == "body" else 1
        errors += of_schema([{**one, "loc": (place, *path)}], skip=skip)
    return answer(422, errors)
