"""Webhooks, for administrators: where messages go, and what became of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leads.access_forms import DeliveryFilter, WebhookForm
from leads.models import WebhookDelivery, WebhookEndpoint
from leads.services.webhook_delivery import send_again
from leads.services.webhook_endpoints import (
    create_endpoint,
    delete_endpoint,
    ping,
    roll_secret,
    switch_endpoint,
    update_endpoint,
)
from leads.services.webhooks import in_order
from people.editor import Editor, form_methods, locked
from people.history import Told, history_of
from people.keyset import address, page
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.MANAGE_API)
@require_safe
def webhook_list(request: HttpRequest) -> HttpResponse:
    """Each address with how it fares."""
    mine = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"))
    endpoints = WebhookEndpoint.objects.annotate(
        waits=Exists(mine.filter(state__in=["pending", "sending"])), failed=Exists(mine.filter(state="failed"))
    )
    return render(request, "leads/webhook_list.html", {"endpoints": endpoints})


@requires(Can.MANAGE_API)
@never_cache
@form_methods
def webhook_create(request: HttpRequest) -> HttpResponse:
    """The answer shows the signing secret, this once."""
    editor = Editor(request, WebhookForm(_posted(request)))
    made: list[WebhookEndpoint] = []
    if editor.carry_out(lambda: made.append(_create(request, editor.form.cleaned_data))):
        return _secret(request, made[0], made[0].secret)
    return editor.page("leads/webhook_edit.html")


@requires(Can.MANAGE_API)
@form_methods
@transaction.atomic
def webhook_edit(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = get_object_or_404(locked(WebhookEndpoint.objects.all(), request), pk=pk)
    name = str(endpoint)
    editor = Editor(request, WebhookForm(_posted(request), instance=endpoint))
    if editor.carry_out(lambda: update_endpoint(endpoint=endpoint, **editor.form.cleaned_data)):
        messages.success(request, _("Saved."))
        return redirect("webhook-detail", pk)
    return editor.page("leads/webhook_edit.html", endpoint=endpoint, name=name, history=history_of(Told.of(endpoint)))


@requires(Can.MANAGE_API)
@require_safe
def webhook_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The log of one address; ``?state=`` shows the messages in one state."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    chosen = DeliveryFilter(request.GET)
    if not chosen.is_valid():
        raise BadRequest(_("There is no such list."))
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("lead").defer("payload")
    if chosen.chosen:
        rows = rows.filter(state=chosen.chosen)
    states = (("", _("All")), *WebhookDelivery.State.choices)
    context = {
        "endpoint": endpoint,
        "page": page(request, rows, by="pk", descending=True),
        "states": [(key, label, address(request, state=key)) for key, label in states],
        "state": chosen.chosen,
    }
    return render(request, "leads/webhook_detail.html", context)


@requires(Can.MANAGE_API)
@require_POST
def webhook_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch on or off, as the posted ``on`` says."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    switch_endpoint(endpoint=endpoint, on=request.POST.get("on") == "1", now=timezone.now())
    return redirect("webhook-detail", pk)


@requires(Can.MANAGE_API)
@require_POST
def webhook_delete(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    delete_endpoint(endpoint=endpoint)
    messages.success(request, _("%(webhook)s was deleted, with its log.") % {"webhook": endpoint})
    return redirect("webhook-list")


@requires(Can.MANAGE_API)
@never_cache
@require_POST
def webhook_roll(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret, shown this once."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    return _secret(request, endpoint, roll_secret(endpoint=endpoint, now=timezone.now()), rolled=True)


@requires(Can.MANAGE_API)
@require_POST
def webhook_ping(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    try:
        delivery = ping(endpoint=endpoint, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        messages.warning(request, error.messages[0])
        return redirect("webhook-detail", pk)
    messages.success(request, _("A ping is on its way. Load this page again to see what was answered."))
    return redirect("webhook-delivery", delivery.pk)


@requires(Can.MANAGE_API)
@require_safe
def webhook_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: what it says, each try, what was answered."""
    delivery = get_object_or_404(WebhookDelivery.objects.select_related("endpoint", "lead"), pk=pk)
    context = {
        "delivery": delivery,
        "tries": delivery.tried.all()[:50],
        "payload": json.dumps(in_order(delivery.payload), indent=2, ensure_ascii=False) if delivery.payload else "",
    }
    return render(request, "leads/webhook_delivery.html", context)


@requires(Can.MANAGE_API)
@require_POST
def webhook_delivery_again(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(WebhookDelivery, pk=pk)
    if send_again(delivery=delivery, now=timezone.now()):
        messages.success(request, _("It is sent again within moments."))
    else:
        messages.info(request, _("There is nothing to send again."))
    return redirect("webhook-delivery", pk)


def _create(request: HttpRequest, given: dict[str, Any]) -> WebhookEndpoint:
    return create_endpoint(by=signed_in(request), now=timezone.now(), **given)


def _secret(request: HttpRequest, endpoint: WebhookEndpoint, secret: str, *, rolled: bool = False) -> HttpResponse:
    context = {"endpoint": endpoint, "secret": secret, "rolled": rolled}
    return render(request, "leads/webhook_secret.html", context)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None
