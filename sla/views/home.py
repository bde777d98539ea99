"""The first page: each role starts where its day does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from people.models import Role
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

STARTS = {
    Role.SDR: "inbox",
    Role.AE: "inbox",
    Role.MANAGER: "board",
    Role.EXECUTIVE: "board",
    Role.MARKETER: "scoring-model",
    Role.ADMINISTRATOR: "person-list",
}


@requires(Can.SIGN_IN)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return redirect(STARTS[Role(signed_in(request).role)])
