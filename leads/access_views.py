"""API keys, for administrators: given out once, narrowed, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leads.access_forms import ApiKeyForm
from leads.models import ApiKey
from leads.services.api_keys import change_key, issue_key, revoke_key
from people.editor import Editor, form_methods, locked
from people.history import Told, history_of
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.MANAGE_API)
@require_safe
def api_key_list(request: HttpRequest) -> HttpResponse:
    """Those that open something first."""
    keys = ApiKey.objects.select_related("created_by").order_by(F("revoked_at").desc(nulls_first=True), "name", "pk")
    return render(request, "leads/api_key_list.html", {"keys": keys})


@requires(Can.MANAGE_API)
@never_cache
@form_methods
def api_key_create(request: HttpRequest) -> HttpResponse:
    """The answer shows the secret, this once: it is kept nowhere, not even until the next request."""
    editor = Editor(request, ApiKeyForm(_posted(request)))
    made: list[tuple[ApiKey, str]] = []
    if editor.carry_out(lambda: made.append(_issue(request, editor.form.cleaned_data))):
        key, secret = made[0]
        context = {"key": key, "secret": secret, "base": settings.BATON_BASE_URL.rstrip("/") + "/api/v1"}
        return render(request, "leads/api_key_secret.html", context)
    return editor.page("leads/api_key_edit.html")


@requires(Can.MANAGE_API)
@form_methods
@transaction.atomic
def api_key_edit(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(locked(ApiKey.objects.all(), request), pk=pk)
    name = str(key)
    editor = Editor(request, ApiKeyForm(_posted(request), instance=key))
    if editor.carry_out(lambda: change_key(key=key, **editor.form.cleaned_data)):
        messages.success(request, _("Saved."))
        return redirect("api-key-list")
    return editor.page("leads/api_key_edit.html", key=key, name=name, history=history_of(Told.of(key)))


@requires(Can.MANAGE_API)
@require_POST
def api_key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk)
    if revoke_key(key=key, now=timezone.now()):
        messages.success(request, _("%(key)s opens nothing any more.") % {"key": key})
    return redirect("api-key-list")


def _issue(request: HttpRequest, given: dict[str, Any]) -> tuple[ApiKey, str]:
    return issue_key(by=signed_in(request), now=timezone.now(), **given)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None
