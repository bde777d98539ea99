"""Building forms: saved with their questions, copied, switched, deleted while nobody has sent them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import CaptureField, CaptureForm
from leads.models.capture import new_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from people.models import User

NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the editor says it, in the order of the page."""

    what: str
    label: str = ""
    help_text: str = ""
    placeholder: str = ""
    required: bool = False
    progressive: bool = False


@transaction.atomic
def save_form(*, form: CaptureForm, questions: Sequence[Asked], by: User, now: datetime) -> CaptureForm:
    """Write a form, new or changed, with exactly these questions. A changed consent text is a new version of it."""
    before = CaptureForm.objects.filter(pk=form.pk).first() if form.pk else None
    if before is None:
        form.created_by, form.created_at = by, now
    elif before.consent_text != form.consent_text:
        form.consent_version = before.consent_version + 1
    form.updated_at = now
    form.save()
    _write_questions(form, questions)
    return form


def _write_questions(form: CaptureForm, questions: Sequence[Asked]) -> None:
    """A question keeps its row while it asks the same, so that a page that is open now still means what it says."""
    known = {one.what: one for one in form.questions.all()}
    CaptureField.objects.filter(form=form).exclude(what__in=[one.what for one in questions]).delete()
    for position, asked in enumerate(questions, start=1):
        row = known.get(asked.what) or CaptureField(form=form, what=asked.what)
        row.label, row.help_text, row.placeholder = asked.label, asked.help_text, asked.placeholder
        row.required, row.progressive, row.position = asked.required, asked.progressive, position * 10
        row.save()


@transaction.atomic
def copy_form(*, form: CaptureForm, by: User, now: datetime) -> CaptureForm:
    """The same form under a name and an address of its own, switched off until somebody has looked at it."""
    questions = [_asked(one) for one in form.questions.all()]
    copy = CaptureForm.objects.get(pk=form.pk)
    copy.pk, copy._state.adding = None, True
    copy.key, copy.name, copy.consent_version = new_key(), _free_name(form.name), 1
    copy.is_active, copy.bots_caught = False, 0
    return save_form(form=copy, questions=questions, by=by, now=now)


def _asked(question: CaptureField) -> Asked:
    names = ("what", "label", "help_text", "placeholder", "required", "progressive")
    return Asked(**{name: getattr(question, name) for name in names})


def _free_name(name: str) -> str:
    taken = set(CaptureForm.objects.values_list("name", flat=True))
    number = 1
    while True:
        end = f" ({_('copy')})" if number == 1 else f" ({_('copy')} {number})"
        free = name[: NAME_LENGTH - len(end)] + end
        if free not in taken:
            return free
        number += 1


def switch_form(*, form: CaptureForm, on: bool, now: datetime) -> None:
    """Switched off, its address says that it is closed."""
    CaptureForm.objects.filter(pk=form.pk).update(is_active=on, updated_at=now)


@transaction.atomic
def delete_form(*, form: CaptureForm) -> None:
    """Raises ValidationError when somebody has sent it: what they agreed to must stay known."""
    held = CaptureForm.objects.select_for_update().get(pk=form.pk)
    if held.submissions.exists():
        raise ValidationError(_("Somebody has sent this form, so it stays. Switch it off instead."))
    held.delete()
