"""The words both teams share, each beside the rule the program applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.editor import Editor, form_methods, locked
from people.history import Told, history_of
from people.permissions import Can, may, requires, signed_in
from sla.forms.glossary import TermForm
from sla.glossary import entries
from sla.models import GlossaryTerm

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.SIGN_IN)
@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    may_edit = may(signed_in(request), Can.EDIT_GLOSSARY)
    return render(request, "sla/glossary.html", {"entries": entries(), "may_edit": may_edit})


@requires(Can.EDIT_GLOSSARY)
@form_methods
@transaction.atomic
def glossary_edit(request: HttpRequest, pk: int) -> HttpResponse:
    term = get_object_or_404(locked(GlossaryTerm.objects.all(), request), pk=pk)
    name = term.term
    data = request.POST if request.method == "POST" else None
    editor = Editor(request, TermForm(data, instance=term))
    if editor.carry_out(editor.form.save):
        messages.success(request, _("Saved."))
        return redirect("glossary")
    return editor.page("sla/glossary_edit.html", term=term, name=name, history=history_of(Told.of(term)))
