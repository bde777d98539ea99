"""Ideal customer profiles and their criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.editor import Editor, form_methods, locked
from people.history import Told, events, history_of
from people.ordering import move, step_of
from people.permissions import Can, may, requires, signed_in
from scoring.editing import count_icp_matches, delete_criterion, save_criterion, save_icp, use_of
from scoring.forms.conditions import conditions_on_lead
from scoring.forms.profiles import CriterionForm, IcpForm
from scoring.models import Icp, IcpCriterion
from scoring.wording import all_in_words, conditions_text

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from people.history import Change


@requires(Can.SEE_SCORING)
@require_safe
def icp_list(request: HttpRequest) -> HttpResponse:
    icps = Icp.objects.select_related("owner").prefetch_related("criteria")
    may_edit = may(signed_in(request), Can.EDIT_SCORING)
    return render(request, "scoring/icp_list.html", {"icps": icps, "may_edit": may_edit})


@requires(Can.SEE_SCORING)
@require_safe
def icp_detail(request: HttpRequest, pk: int) -> HttpResponse:
    icp = get_object_or_404(Icp.objects.select_related("owner"), pk=pk)
    criteria = list(icp.criteria.all())
    rows = list(zip(criteria, all_in_words([criterion.conditions for criterion in criteria]), strict=True))
    context = {
        "icp": icp,
        "criteria": [row for row in rows if not row[0].excludes],
        "exclusions": [row for row in rows if row[0].excludes],
        "use": use_of(icp),
        "history": _history(icp),
        "may_edit": may(signed_in(request), Can.EDIT_SCORING),
    }
    return render(request, "scoring/icp_detail.html", context)


@requires(Can.SEE_SCORING)
@require_safe
def icp_matches(request: HttpRequest, pk: int) -> HttpResponse:
    """How many leads match: asked for by the page itself, because it looks at every lead."""
    counts = count_icp_matches(get_object_or_404(Icp, pk=pk))
    return render(request, "scoring/matches.html", {"counts": counts})


@requires(Can.EDIT_SCORING)
@form_methods
def icp_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, Icp())


@requires(Can.EDIT_SCORING)
@form_methods
@transaction.atomic
def icp_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(locked(Icp.objects.all(), request), pk=pk))


@requires(Can.EDIT_SCORING)
@require_POST
def icp_move(request: HttpRequest, pk: int) -> HttpResponse:
    move(get_object_or_404(Icp, pk=pk), Icp.objects.all(), step_of(request.POST.get("step")))
    return redirect("icp-list")


@requires(Can.EDIT_SCORING)
@form_methods
def criterion_create(request: HttpRequest, icp: int) -> HttpResponse:
    return _edit_criterion(request, IcpCriterion(icp=get_object_or_404(Icp, pk=icp)))


@requires(Can.EDIT_SCORING)
@form_methods
@transaction.atomic
def criterion_edit(request: HttpRequest, pk: int) -> HttpResponse:
    criteria = IcpCriterion.objects.select_related("icp")
    return _edit_criterion(request, get_object_or_404(locked(criteria, request), pk=pk))


@requires(Can.EDIT_SCORING)
@require_POST
def criterion_delete(request: HttpRequest, pk: int) -> HttpResponse:
    criterion = get_object_or_404(IcpCriterion.objects.select_related("icp"), pk=pk)
    delete_criterion(criterion=criterion, now=timezone.now())
    messages.success(request, _("“%(name)s” is removed.") % {"name": criterion})
    return redirect("icp-detail", pk=criterion.icp_id)


@requires(Can.EDIT_SCORING)
@require_POST
def criterion_move(request: HttpRequest, pk: int) -> HttpResponse:
    criterion = get_object_or_404(IcpCriterion, pk=pk)
    alike = IcpCriterion.objects.filter(icp=criterion.icp_id, excludes=criterion.excludes)
    move(criterion, alike, step_of(request.POST.get("step")))
    return redirect("icp-detail", pk=criterion.icp_id)


def _edit(request: HttpRequest, icp: Icp) -> HttpResponse:
    name = icp.name or _("New profile")
    editor = Editor(request, IcpForm(request.POST if request.method == "POST" else None, instance=icp))
    if editor.carry_out(lambda: save_icp(icp=icp, now=timezone.now())):
        messages.success(request, _("Saved."))
        return redirect("icp-detail", pk=icp.pk)
    history = _history(icp) if icp.pk else []
    return editor.page("scoring/icp_edit.html", icp=icp, name=name, history=history)


def _edit_criterion(request: HttpRequest, criterion: IcpCriterion) -> HttpResponse:
    name = criterion.name or _("New criterion")
    data = request.POST if request.method == "POST" else None
    needed = _("A criterion needs at least one condition.")
    editor = Editor(
        request,
        CriterionForm(data, instance=criterion),
        conditions=conditions_on_lead(data, criterion.conditions, needed=needed),
    )
    if editor.carry_out(lambda: _save_criterion(editor)):
        messages.success(request, _("Saved. Scores change when a scoring model is published."))
        return redirect("icp-detail", pk=criterion.icp_id)
    history = history_of(Told.of(criterion, _SHOWN)) if criterion.pk else []
    return editor.page("scoring/criterion_edit.html", criterion=criterion, name=name, history=history)


def _save_criterion(editor: Editor) -> None:
    conditions = editor["conditions"].stored
    save_criterion(criterion=editor.form.instance, conditions=conditions, now=timezone.now())


_SHOWN = {"conditions": conditions_text}


def _history(icp: Icp) -> list[Change]:
    criteria = events("scoring", "IcpCriterionHistory").filter(icp_id=icp.pk)
    return history_of(Told.of(icp), Told(criteria, _SHOWN))
