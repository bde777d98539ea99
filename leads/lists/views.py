"""The pages of the configured lists: one set of views for all of them, as ``catalogue`` describes each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from leads.lists.catalogue import BY_SLUG, LISTS
from leads.lists.forms import FORMS, MergeForm, MovesForm
from leads.lists.moves import PRESETS, matrix, preset
from leads.lists.usage import counts, naming, uses, work_of
from leads.models import ForbiddenMove, LeadStatus, LifecycleStage
from leads.services.lists import (
    delete_value,
    forbid_moves,
    merge_named,
    restore,
    retire,
    why_kept,
    why_not_deleted,
)
from people.editor import Editor, carried_out, form_methods, locked
from people.history import Change, Told, events, history_of
from people.models import User
from people.ordering import move, step_of
from people.permissions import Can, requires

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from leads.lists.catalogue import ConfiguredList

SHOWN = 300
SHOWN_CHANGES = 50


@requires(Can.CONFIGURE)
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """All lists, each with how many of its values are offered."""
    in_use, not_in_use = Count("pk", filter=Q(is_active=True)), Count("pk", filter=Q(is_active=False))
    found = [{"list": each, **each.rows.aggregate(active=in_use, retired=not_in_use)} for each in LISTS]
    return render(request, "lists/lists.html", {"lists": found, "forbidden": ForbiddenMove.objects.count()})


@requires(Can.CONFIGURE)
@require_safe
def list_detail(request: HttpRequest, what: str) -> HttpResponse:
    """The values of one list with how many leads have each; ``?q=`` narrows a long one."""
    of = _list(what)
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    rows = of.rows.filter(name__icontains=text) if text else of.rows
    rows = rows.filter(merged_into__isnull=True).order_by("-is_active", "name") if of.is_mergeable else rows
    found, used = list(rows[: SHOWN + 1]), counts(of)
    context = {
        "list": of,
        "rows": [(row, used.get(row.pk, 0), of.kept.get(getattr(row, "key", ""))) for row in found[:SHOWN]],
        "leads_url": f"{reverse('lead-list')}?{of.filter}=" if of.filter else "",
        "q": text,
        "searchable": of.is_mergeable and (found or text),
        "cut": len(found) > SHOWN,
        "shown": SHOWN,
        "work": work_of(of),
    }
    return render(request, "lists/list.html", context)


@requires(Can.CONFIGURE)
@form_methods
@transaction.atomic
def list_create(request: HttpRequest, what: str) -> HttpResponse:
    return _edit(request, _list(what), None)


@requires(Can.CONFIGURE)
@form_methods
@transaction.atomic
def list_edit(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    of = _list(what)
    return _edit(request, of, get_object_or_404(locked(of.rows, request), pk=pk))


@requires(Can.CONFIGURE)
@require_POST
def list_move(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Up or down among those that are in use."""
    of, row = _row(what, pk)
    if not of.is_keyed:
        raise Http404
    move(row, of.rows, step_of(request.POST.get("step")))
    return redirect("list-detail", what)


@requires(Can.CONFIGURE)
@require_POST
def list_switch(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Retire what is in use, bring back what is retired."""
    _of, row = _row(what, pk)
    if row.is_active:
        _act(request, lambda: retire(row=row), _("“%(name)s” is retired.") % {"name": row})
    else:
        _act(request, lambda: restore(row=row, now=timezone.now()), _("“%(name)s” is in use again.") % {"name": row})
    return redirect("list-detail", what)


@requires(Can.CONFIGURE)
@require_POST
def list_delete(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    _of, row = _row(what, pk)
    if _act(request, lambda: delete_value(row=row), _("“%(name)s” is deleted.") % {"name": row}):
        return redirect("list-detail", what)
    return redirect("list-edit", what, pk)


@requires(Can.CONFIGURE)
@form_methods
def list_merge(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Count a source or campaign for another one."""
    of, row = _row(what, pk)
    if not of.is_mergeable or row.merged_into_id is not None:
        raise Http404
    form = MergeForm(request.POST if request.method == "POST" else None, row=row)
    used, left = counts(of).get(pk, 0), [0]
    if form.is_valid() and carried_out(
        form, lambda: left.append(merge_named(row=row, into=form.cleaned_data["into"], now=timezone.now()))
    ):
        done = ngettext("%(n)d lead now counts for “%(into)s”.", "%(n)d leads now count for “%(into)s”.", used)
        said = _("%(n)d leads are being moved to “%(into)s”.") if left[-1] else done
        messages.success(request, said % {"n": used, "into": form.cleaned_data["into"]})
        return redirect("list-detail", what)
    context = {"list": of, "row": row, "form": form, "used": used, "rules": naming(*of.term(row))}
    return render(request, "lists/merge.html", context, status=422 if form.is_bound else 200)


@requires(Can.CONFIGURE)
@form_methods
def stage_moves(request: HttpRequest) -> HttpResponse:
    """Which moves between stages are allowed. ``?preset=`` ticks the boxes; nothing is kept until it is saved."""
    stages = list(LifecycleStage.objects.filter(is_active=True))
    form = MovesForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        forbidden, among = form.pairs()
        changed = forbid_moves(forbidden=forbidden, among=among, now=timezone.now())
        said = ngettext("Saved: %(n)d move changed.", "Saved: %(n)d moves changed.", changed)
        messages.success(request, said % {"n": changed})
        return redirect("stage-moves")
    chosen = preset(request.GET.get("preset", ""), stages)
    saved = set(ForbiddenMove.objects.values_list("from_stage", "to_stage"))
    context = {
        "form": form,
        "stages": stages,
        "lines": matrix(stages, saved if chosen is None else chosen),
        "presets": [(name, label) for name, (label, _allows) in PRESETS.items()],
        "is_preset": chosen is not None,
        "history": _history_of_moves(),
    }
    return render(request, "lists/moves.html", context, status=422 if form.is_bound else 200)


def _history_of_moves() -> list[Change]:
    rows = events("leads", "ForbiddenMoveHistory").select_related("pgh_context", "from_stage", "to_stage")
    newest = list(rows.order_by("-pgh_id")[:SHOWN_CHANGES])
    authors = {row.pgh_context.metadata.get("user") for row in newest if row.pgh_context}
    names = dict(User.objects.filter(pk__in=authors - {None}).values_list("pk", "name"))
    return [
        Change(
            at=row.pgh_created_at,
            who=names.get(row.pgh_context.metadata.get("user"), "") if row.pgh_context else "",
            kind=row.pgh_label,
            thing=_("Ban on “%(from)s” → “%(to)s”") % {"from": row.from_stage, "to": row.to_stage},
            fields=(),
        )
        for row in newest
    ]


def _edit(request: HttpRequest, of: ConfiguredList, row: Any | None) -> HttpResponse:
    now, name = timezone.now(), str(row or of.new)
    data = request.POST if request.method == "POST" else None
    form = FORMS[of.model](data, instance=row)
    editor = Editor(request, form, **form.rows(data))
    if editor.carry_out(lambda: form.write(editor.rows, now)):
        messages.success(request, _("“%(name)s” is saved.") % {"name": form.instance})
        return redirect("list-detail", of.slug)
    if row is not None:
        row.refresh_from_db()
    return editor.page("lists/edit.html", list=of, value=row, name=name, **(_about(of, row) if row else {}))


def _about(of: ConfiguredList, row: Any) -> dict[str, Any]:
    """What a page says of a value that is there already."""
    found = uses(row)
    return {
        "used": counts(of).get(row.pk, 0),
        "uses": [use for use in found if not use.of_leads],
        "why_kept": why_kept(row),
        "why_not_deleted": why_not_deleted(row, found),
        "also_written": row.also_written.all() if of.is_mergeable else (),
        "history": history_of(*_told(row)),
    }


def _told(row: Any) -> list[Told]:
    told = [Told.of(row)]
    if isinstance(row, LeadStatus):
        told.append(Told(events("leads", "StatusReasonHistory").filter(status=row.pk)))
    return told


def _list(what: str) -> ConfiguredList:
    if what not in BY_SLUG:
        raise Http404
    return BY_SLUG[what]


def _row(what: str, pk: int) -> tuple[ConfiguredList, Any]:
    of = _list(what)
    return of, get_object_or_404(of.rows, pk=pk)


def _act(request: HttpRequest, act: Callable[[], None], said: str) -> bool:
    """Do it and say so, or say why not."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    messages.success(request, said)
    return True
