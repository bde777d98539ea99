"""Where a marketer builds forms and reads what was sent by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from leads.capture.answers import AnswerForm
from leads.capture.editing import copy_form, delete_form, save_form, switch_form
from leads.capture.editing_forms import BuilderForm, question_rows
from leads.capture.questions import custom_fields, to_ask, usual_label
from leads.capture.words import words
from leads.models import CaptureField, CaptureForm, Submission
from people.editor import Editor, form_methods, locked
from people.history import Told, events, history_of
from people.keyset import page
from people.permissions import Can, requires, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

FRAME_HEIGHT = 640
SHOWN_FIELDS = ("title", "intro", "button_label", "language", "consent_mode", "consent_text")


@requires(Can.EDIT_FORMS)
@require_safe
def capture_list(request: HttpRequest) -> HttpResponse:
    sent = Submission.objects.filter(form=OuterRef("pk")).order_by()
    counted = CaptureForm.objects.annotate(
        sent=Coalesce(Subquery(sent.values("form").annotate(number=Count("pk")).values("number")), 0),
        last=Subquery(sent.order_by("-pk").values("submitted_at")[:1]),
    )
    return render(request, "leads/capture/list.html", {"forms": counted.order_by("-is_active", "name")})


@requires(Can.EDIT_FORMS)
@require_safe
def capture_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A form: where it is, what it asks, who sent it."""
    together = CaptureForm.objects.select_related("source", "campaign", "lead_type", "event_type", "created_by")
    form = get_object_or_404(together, pk=pk)
    sent = form.submissions.select_related("lead")
    questions = list(form.questions.all())
    custom = custom_fields(questions)
    context = {
        "form": form,
        "questions": [(one, one.label or usual_label(one.what, form.language, custom)) for one in questions],
        "page": page(request, sent, by="pk", descending=True),
        "number": sent.count(),
        **addresses(form),
    }
    return render(request, "leads/capture/detail.html", context)


@requires(Can.EDIT_FORMS)
@form_methods
def capture_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, CaptureForm())


@requires(Can.EDIT_FORMS)
@form_methods
@transaction.atomic
def capture_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(locked(CaptureForm.objects.all(), request), pk=pk))


@requires(Can.EDIT_FORMS)
@xframe_options_sameorigin
@require_safe
def capture_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The form as a visitor whom nobody knows sees it, also while it is off; nothing can be sent from here.

    ``?framed=1`` is the form by itself, which the page around it shows at two widths.
    """
    form = get_object_or_404(CaptureForm, pk=pk)
    if "framed" not in request.GET:
        return render(request, "leads/capture/preview.html", {"form": form})
    return _shown(request, form, list(form.questions.all()))


@requires(Can.EDIT_FORMS)
@xframe_options_sameorigin
@require_POST
def capture_try(request: HttpRequest) -> HttpResponse:
    """What stands in the editor as a visitor would see it, saved or not, as far as it makes sense."""
    form = CaptureForm()
    for name in SHOWN_FIELDS:
        setattr(form, name, request.POST.get(name, ""))
    at_once = request.POST.get("ask_at_once", "")
    form.ask_at_once = int(at_once) if at_once.isascii() and at_once.isdigit() and len(at_once) < 3 else 0
    return _shown(request, form, question_rows(request.POST, form).as_questions())


def _shown(request: HttpRequest, form: CaptureForm, questions: list[CaptureField]) -> HttpResponse:
    language = form.language if form.language in CaptureForm.Language.values else CaptureForm.Language.ENGLISH
    with translation.override(language):
        asked = to_ask(form, questions, None)
        answers = AnswerForm(None, form=form, questions=asked, consent_text=form.consent_text)
        context = {"form": form, "answers": answers, "words": words(language), "is_preview": True}
        response = render(request, "leads/hosted/form.html", context)
    response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]  # what django-csp's own decorator sets
    return response


@requires(Can.EDIT_FORMS)
@require_POST
def capture_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch on or off, as the posted ``on`` says."""
    form, on = get_object_or_404(CaptureForm, pk=pk), request.POST.get("on") == "1"
    switch_form(form=form, on=on, now=timezone.now())
    said = _("“%(name)s” is open.") if on else _("“%(name)s” is closed: its address says so.")
    messages.success(request, said % {"name": form})
    return redirect("capture-detail", pk=form.pk)


@requires(Can.EDIT_FORMS)
@require_POST
def capture_copy(request: HttpRequest, pk: int) -> HttpResponse:
    copy = copy_form(form=get_object_or_404(CaptureForm, pk=pk), by=signed_in(request), now=timezone.now())
    messages.success(request, _("This is the copy. It is closed until you open it."))
    return redirect("capture-edit", pk=copy.pk)


@requires(Can.EDIT_FORMS)
@require_POST
def capture_delete(request: HttpRequest, pk: int) -> HttpResponse:
    form = get_object_or_404(CaptureForm, pk=pk)
    try:
        delete_form(form=form)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("capture-detail", pk=pk)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": form})
    return redirect("capture-list")


def addresses(form: CaptureForm) -> dict[str, str]:
    """The public address, and what another site puts into its page to show the form."""
    link = settings.BATON_BASE_URL + reverse("hosted-form", args=[form.key])
    framed = settings.BATON_BASE_URL + reverse("hosted-form-embed", args=[form.key])
    script = f"{settings.BATON_BASE_URL}/{settings.STATIC_URL.lstrip('/')}js/embed.js"
    title = form.title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return {
        "link": link,
        "snippet": f'<iframe src="{framed}" title="{title}" width="100%" height="{FRAME_HEIGHT}" frameborder="0"'
        f' loading="lazy"></iframe>\n<script src="{script}" async></script>',
    }


def _edit(request: HttpRequest, form: CaptureForm) -> HttpResponse:
    name = form.name or _("New form")
    data = request.POST if request.method == "POST" else None
    editor = Editor(request, BuilderForm(data, instance=form), questions=question_rows(data, form))
    if editor.carry_out(lambda: _save(editor, request)):
        messages.success(request, _("Saved."))
        return redirect("capture-detail", pk=editor.form.instance.pk)
    history = _history(form) if form.pk else []
    return editor.page("leads/capture/edit.html", capture=form, name=name, history=history)


def _save(editor: Editor, request: HttpRequest) -> None:
    questions = editor["questions"].asked()
    save_form(form=editor.form.ready(), questions=questions, by=signed_in(request), now=timezone.now())


def _history(form: CaptureForm) -> Any:
    questions = events("leads", "CaptureFieldHistory").filter(form_id=form.pk)
    return history_of(Told.of(form), Told(questions))
