"""Mending and taking back a note, by whoever wrote it, for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads.models import Lead, Note
from leads.services.notes import delete_note, edit_note
from people.editor import carried_out, form_methods
from people.permissions import Can, requires, signed_in
from sla.forms.work import NoteForm
from sla.views.acts import REFUSED, back_to

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@requires(Can.WRITE_NOTES)
@form_methods
def note_edit(request: HttpRequest, pk: int) -> HttpResponse:
    note, user = _note(request, pk), signed_in(request)
    form = NoteForm(request.POST if request.method == "POST" else None, initial={"body": note.body})
    if (
        form.is_bound
        and form.is_valid()
        and carried_out(form, lambda: edit_note(note=note, by=user, body=form.cleaned_data["body"], now=timezone.now()))
    ):
        messages.success(request, _("The note was changed."))
        return redirect(back_to(request, note.lead))
    context = {"form": form, "title": _("Change the note"), "back": back_to(request, note.lead)}
    context["next"] = request.POST.get("next") or request.GET.get("next", "")
    return render(request, "sla/refused.html", context, status=REFUSED if form.is_bound else 200)


@requires(Can.WRITE_NOTES)
@require_POST
def note_delete(request: HttpRequest, pk: int) -> HttpResponse:
    note = _note(request, pk)
    try:
        delete_note(note=note, by=signed_in(request), now=timezone.now())
        messages.success(request, _("The note was deleted."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(back_to(request, note.lead))


def _note(request: HttpRequest, pk: int) -> Note:
    """A note on a lead one sees; 403 when somebody else wrote it."""
    user = signed_in(request)
    seen = Note.objects.filter(lead__in=Lead.objects.visible_to(user)).select_related("lead")
    note = get_object_or_404(seen, pk=pk)
    if note.author_id != user.pk:
        raise PermissionDenied
    return note
