"""Buyer personas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.editor import Editor, form_methods, locked
from people.history import Told, history_of
from people.ordering import move, step_of
from people.permissions import Can, may, requires, signed_in
from scoring.conditions import in_words
from scoring.editing import count_matches, save_persona, use_of
from scoring.forms.conditions import conditions_on_lead
from scoring.forms.profiles import PersonaForm
from scoring.models import Persona
from scoring.wording import conditions_text

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from people.history import Change


@requires(Can.SEE_SCORING)
@require_safe
def persona_list(request: HttpRequest) -> HttpResponse:
    may_edit = may(signed_in(request), Can.EDIT_SCORING)
    return render(request, "scoring/persona_list.html", {"personas": Persona.objects.all(), "may_edit": may_edit})


@requires(Can.SEE_SCORING)
@require_safe
def persona_detail(request: HttpRequest, pk: int) -> HttpResponse:
    persona = get_object_or_404(Persona, pk=pk)
    context = {
        "persona": persona,
        "traits": [(label, text) for label, text in _traits(persona) if text],
        "when": in_words(persona.conditions),
        "use": use_of(persona),
        "history": _history(persona),
        "may_edit": may(signed_in(request), Can.EDIT_SCORING),
    }
    return render(request, "scoring/persona_detail.html", context)


@requires(Can.SEE_SCORING)
@require_safe
def persona_matches(request: HttpRequest, pk: int) -> HttpResponse:
    """How many leads match: asked for by the page itself, because it looks at every lead."""
    count = count_matches(get_object_or_404(Persona, pk=pk).conditions)
    return render(request, "scoring/matches.html", {"counts": None if count is None else (count, 0)})


@requires(Can.EDIT_SCORING)
@form_methods
def persona_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, Persona())


@requires(Can.EDIT_SCORING)
@form_methods
@transaction.atomic
def persona_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(locked(Persona.objects.all(), request), pk=pk))


@requires(Can.EDIT_SCORING)
@require_POST
def persona_move(request: HttpRequest, pk: int) -> HttpResponse:
    move(get_object_or_404(Persona, pk=pk), Persona.objects.all(), step_of(request.POST.get("step")))
    return redirect("persona-list")


def _edit(request: HttpRequest, persona: Persona) -> HttpResponse:
    name = persona.name or _("New persona")
    data = request.POST if request.method == "POST" else None
    needed = _("A persona needs at least one condition to match leads by.")
    editor = Editor(
        request,
        PersonaForm(data, instance=persona),
        conditions=conditions_on_lead(data, persona.conditions, needed=needed),
    )
    if editor.carry_out(lambda: _save(editor)):
        messages.success(request, _("Saved. Scores change when a scoring model is published."))
        return redirect("persona-detail", pk=persona.pk)
    history = _history(persona) if persona.pk else []
    return editor.page("scoring/persona_edit.html", persona=persona, name=name, history=history)


def _save(editor: Editor) -> None:
    conditions = editor["conditions"].stored
    save_persona(persona=editor.form.instance, conditions=conditions, now=timezone.now())


def _traits(persona: Persona) -> list[tuple[str, str]]:
    return [
        (_("Demographics"), persona.demographics),
        (_("Behaviour"), persona.behaviour),
        (_("Interests"), persona.interests),
        (_("Needs"), persona.needs),
        (_("Pain points"), persona.pain_points),
    ]


def _history(persona: Persona) -> list[Change]:
    return history_of(Told.of(persona, {"conditions": conditions_text}))
