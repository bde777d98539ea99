"""Who is let in to the addresses of the page of a lead or company (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from leads.models import Note
from tests.permissions.page import (
    EVERYBODY,
    FORBIDDEN,
    GONE_ON,
    LEAD_EDITORS,
    NOT_ALLOWED,
    NOTE_WRITERS,
    REFUSED,
    SDR,
    SHOWN,
    Open,
    Page,
    reading,
)

PAGES: dict[str, Page] = {
    "lead-story": reading(EVERYBODY, "lead"),
    "lead-company": reading(EVERYBODY, "lead"),
    # An empty form changes nothing, and that is no mistake.
    "lead-field": Page(LEAD_EDITORS, get=SHOWN, post=GONE_ON, args="lead_phone"),
    "lead-field-history": reading(EVERYBODY, "lead_phone"),
    "company-detail": reading(EVERYBODY, "company"),
    # Only whoever wrote it.
    "note-edit": Page(
        NOTE_WRITERS,
        get=SHOWN,
        post=REFUSED,
        args="note",
        but=dict.fromkeys(NOTE_WRITERS - {SDR}, (FORBIDDEN, FORBIDDEN)),
    ),
    "note-delete": Page(
        NOTE_WRITERS,
        get=NOT_ALLOWED,
        post=GONE_ON,
        args="note",
        but=dict.fromkeys(NOTE_WRITERS - {SDR}, (NOT_ALLOWED, FORBIDDEN)),
    ),
}
OPEN: dict[str, Open] = {}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    note = Note.objects.create(lead=world.lead, author=world.people["sdr"], body="Met at the fair")
    return {"lead_phone": {"pk": world.lead.pk, "slot": "phone"}, "note": note}
