"""Editing which team a qualified lead goes to, and seeing whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from people.editor import Editor, form_methods, locked
from people.history import Told, history_of
from people.ordering import last_position, move, step_of
from people.permissions import Can, may, requires, signed_in
from scoring.forms.conditions import conditions_on_lead
from scoring.wording import all_in_words, conditions_text
from sla.forms.routing import RoutingForm
from sla.models import RoutingRule
from sla.presenting import queues
from sla.services.handoffs import hand_over_strays, strays

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.SEE_POLICIES)
@require_safe
def routing_list(request: HttpRequest) -> HttpResponse:
    rules = list(RoutingRule.objects.select_related("stage", "team"))
    rows = zip(rules, all_in_words([rule.conditions for rule in rules]), strict=True)
    context = {
        "rows": list(rows),
        "queues": queues(),
        "may_edit": may(signed_in(request), Can.EDIT_POLICIES),
    }
    return render(request, "sla/routing_list.html", context)


@requires(Can.EDIT_POLICIES)
@require_safe
def routing_strays_alert(request: HttpRequest) -> HttpResponse:
    """How many leads no rule has handed over: asked for by the list itself, because it looks at every lead."""
    return render(request, "sla/routing_strays.html", {"strays": strays().count()})


@requires(Can.EDIT_POLICIES)
@require_POST
def routing_strays(request: HttpRequest) -> HttpResponse:
    count = hand_over_strays(now=timezone.now())
    said = ngettext("%(count)s lead is being handed over.", "%(count)s leads are being handed over.", count)
    messages.success(request, said % {"count": count})
    return redirect("routing-list")


@requires(Can.EDIT_POLICIES)
@form_methods
@transaction.atomic
def routing_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@requires(Can.EDIT_POLICIES)
@form_methods
@transaction.atomic
def routing_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(locked(RoutingRule.objects.all(), request), pk=pk))


@requires(Can.EDIT_POLICIES)
@require_POST
def routing_delete(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(RoutingRule, pk=pk)
    rule.delete()
    messages.success(request, _("“%(name)s” is removed.") % {"name": rule})
    return redirect("routing-list")


@requires(Can.EDIT_POLICIES)
@require_POST
def routing_move(request: HttpRequest, pk: int) -> HttpResponse:
    move(get_object_or_404(RoutingRule, pk=pk), RoutingRule.objects.all(), step_of(request.POST.get("step")))
    return redirect("routing-list")


def _edit(request: HttpRequest, rule: RoutingRule | None) -> HttpResponse:
    name = str(rule or _("New routing rule"))
    data = request.POST if request.method == "POST" else None
    editor = Editor(
        request,
        RoutingForm(data, instance=rule),
        conditions=conditions_on_lead(data, rule.conditions if rule else []),
    )
    if editor.carry_out(lambda: _save(editor)):
        messages.success(request, _("Saved. It concerns leads that are handed over from now on."))
        return redirect("routing-list")
    history = history_of(Told.of(rule, {"conditions": conditions_text})) if rule else []
    return editor.page("sla/routing_edit.html", rule=rule, name=name, history=history)


def _save(editor: Editor) -> None:
    rule: RoutingRule = editor.form.instance
    if rule._state.adding:
        rule.position = last_position(RoutingRule.objects.all())
    rule.conditions = editor["conditions"].stored
    rule.save()
