"""Editing what is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from people.editor import Editor, form_methods, locked
from people.history import Told, history_of
from people.ordering import move, step_of
from people.permissions import Can, may, requires, signed_in
from scoring.forms.conditions import conditions_on_lead
from scoring.wording import all_in_words, conditions_text
from sla.defaults import LADDER
from sla.forms.policies import LevelForm, Levels, PolicyForm, policy_terms
from sla.models import Policy
from sla.presenting import PolicyInWords, with_terms
from sla.services.policies import current_version, running_clocks, save_policy, switch_policy

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.SEE_POLICIES)
@require_safe
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every promise in the order in which they are tried, each in words."""
    running = Count("versions__clocks", filter=Q(versions__clocks__state="running"))
    policies = list(with_terms(Policy.objects.annotate(running=running)).order_by("position", "pk"))
    words = all_in_words([policy.conditions for policy in policies])
    rows = [(policy, PolicyInWords.of(policy), when) for policy, when in zip(policies, words, strict=True)]
    context = {"rows": rows, "may_edit": may(signed_in(request), Can.EDIT_POLICIES)}
    return render(request, "sla/policy_list.html", context)


@requires(Can.EDIT_POLICIES)
@form_methods
@transaction.atomic
def policy_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@requires(Can.EDIT_POLICIES)
@form_methods
@transaction.atomic
def policy_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(locked(Policy.objects.all(), request), pk=pk))


@requires(Can.EDIT_POLICIES)
@require_POST
def policy_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch on or off, as the posted ``on`` says."""
    policy = get_object_or_404(Policy, pk=pk)
    on = request.POST.get("on") == "1"
    switch_policy(policy=policy, on=on, by=signed_in(request), now=timezone.now())
    if on:
        messages.success(request, _("“%(name)s” is on: it starts clocks from now on.") % {"name": policy})
    else:
        messages.success(request, _("“%(name)s” is off: it starts no clock and sends nothing.") % {"name": policy})
    return redirect("policy-list")


@requires(Can.EDIT_POLICIES)
@require_POST
def policy_move(request: HttpRequest, pk: int) -> HttpResponse:
    move(get_object_or_404(Policy, pk=pk), Policy.objects.all(), step_of(request.POST.get("step")))
    return redirect("policy-list")


def _edit(request: HttpRequest, policy: Policy | None) -> HttpResponse:
    version = current_version(policy) if policy else None
    data = request.POST if request.method == "POST" else None
    editor = Editor(
        request,
        PolicyForm(data, instance=policy, initial=PolicyForm.initial_of(version)),
        levels=Levels(data, prefix="levels", initial=_levels(version)),
        conditions=conditions_on_lead(data, policy.conditions if policy else []),
    )
    if editor.carry_out(lambda: _save(editor, policy, request)):
        return redirect("policy-list")
    return editor.page("sla/policy_edit.html", policy=policy, version=version, **_around(policy))


def _save(editor: Editor, policy: Policy | None, request: HttpRequest) -> None:
    form, levels, conditions = editor.form, editor["levels"], editor["conditions"]
    terms = policy_terms(form, levels, conditions.stored)
    saved = save_policy(policy=policy, terms=terms, by=signed_in(request), now=timezone.now())
    running = running_clocks(saved).count()
    kept = ngettext(
        "%(number)d running clock keeps the terms it was started under.",
        "%(number)d running clocks keep the terms they were started under.",
        running,
    ) % {"number": running}
    messages.success(request, f"{_('Saved.')} {kept if running else ''}".strip())


def _levels(version: Any) -> list[dict[str, Any]]:
    if version is None:
        return [{"seconds": offset, "side": "after", "recipients": heard} for offset, heard in LADDER]
    return [LevelForm.initial_of(level) for level in version.levels.all()]


def _around(policy: Policy | None) -> dict[str, Any]:
    """What the page tells beside the form: clocks that run, earlier versions, who changed what."""
    if policy is None:
        return {}
    versions = policy.versions.select_related("created_by", "sequence").prefetch_related("levels")
    events = Told.of(policy, {"conditions": conditions_text})
    return {
        "running": running_clocks(policy).count(),
        "versions": [(each, PolicyInWords(each)) for each in versions.order_by("-number")],
        "history": history_of(events),
    }
