"""Notes on a lead."""

from __future__ import annotations

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


@transaction.atomic
def add_note(*, lead: Lead, author: User, body: str, now: datetime) -> Note:
    """Keep what a colleague should know; a note is no fact for the score."""
    refuse_nul({"body": body})
    text = tidy(body)
    if not text:
        raise ValidationError({"body": _("Write something first.")})
    refuse_long(field="body", text=text, limit=10_000)
    note = Note.objects.create(lead=hold_lead(lead), author=author, body=text, created_at=now)
    refuse_erased_since(note.lead)
    return note
