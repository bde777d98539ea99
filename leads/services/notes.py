"""Notes on a lead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from leads.models import Lead, Note
from leads.services.errors import refuse_erased_since, refuse_long, refuse_nul
from leads.services.identity import hold_lead
from leads.text import tidy

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User

CHANGEABLE = timedelta(hours=1)


@transaction.atomic
def add_note(*, lead: Lead, author: User, body: str, now: datetime) -> Note:
    """Keep what a colleague should know; a note is no fact for the score."""
    note = Note.objects.create(lead=hold_lead(lead), author=author, body=_clean(body), created_at=now)
    refuse_erased_since(note.lead)
    return note


@transaction.atomic
def edit_note(*, note: Note, by: User, body: str, now: datetime) -> Note:
    """The author mends what they wrote; raises ValidationError when it is too late or not theirs."""
    current = _changeable(note, by, now)
    text = _clean(body)
    if text != current.body:
        current.body, current.edited_at = text, now
        current.save(update_fields=["body", "edited_at"])
    return current


@transaction.atomic
def delete_note(*, note: Note, by: User, now: datetime) -> None:
    """The author takes back what they wrote; raises ValidationError when it is too late or not theirs."""
    _changeable(note, by, now).delete()


def may_change(note: Note, by: User, now: datetime) -> bool:
    """Whoever wrote it, for an hour: afterwards colleagues may have acted on it."""
    return note.author_id == by.pk and now - note.created_at <= CHANGEABLE


def _changeable(note: Note, by: User, now: datetime) -> Note:
    current = Note.objects.select_for_update(of=("self",)).filter(pk=note.pk).first()
    if current is None:
        raise ValidationError({"body": _("This note is gone already.")})
    if not may_change(current, by, now):
        raise ValidationError({"body": _("Only its author may change a note, and only for an hour.")})
    return current


def _clean(body: str) -> str:
    refuse_nul({"body": body})
    text = tidy(body)
    if not text:
        raise ValidationError({"body": _("Write something first.")})
    refuse_long(field="body", text=text, limit=10_000)
    return text
