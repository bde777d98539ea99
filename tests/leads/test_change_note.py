"""A note is mended or taken back by whoever wrote it, for an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError

from leads.models import Note
from leads.services.notes import add_note, delete_note, edit_note
from tests.cast import NOW

if TYPE_CHECKING:
    from people.models import User
    from tests.cast import MakeLead

HOUR = timedelta(hours=1)


@pytest.fixture
def note(owner: User, make_lead: MakeLead) -> Note:
    return add_note(lead=make_lead(), author=owner, body="Wrng", now=NOW)


def test_it_is_changed_until_the_hour_is_over(note: Note, owner: User) -> None:
    assert edit_note(note=note, by=owner, body=" Wrong ", now=NOW + HOUR).body == "Wrong"
    note.refresh_from_db()
    assert (note.body, note.edited_at) == ("Wrong", NOW + HOUR)
    with pytest.raises(ValidationError, match="only for an hour"):
        edit_note(note=note, by=owner, body="Late", now=NOW + HOUR + timedelta(seconds=1))


def test_the_same_words_are_no_change(note: Note, owner: User) -> None:
    assert edit_note(note=note, by=owner, body="Wrng", now=NOW).edited_at is None


@pytest.mark.parametrize("body", ["", "  ", "x" * 10_001, "nul\x00"])
def test_it_goes_on_saying_something(note: Note, owner: User, body: str) -> None:
    with pytest.raises(ValidationError):
        edit_note(note=note, by=owner, body=body, now=NOW)
    note.refresh_from_db()
    assert note.body == "Wrng"


def test_nobody_elses(note: Note, colleague: User, manager: User) -> None:
    for person in (colleague, manager):
        with pytest.raises(ValidationError, match="Only its author"):
            edit_note(note=note, by=person, body="Mine", now=NOW)
        with pytest.raises(ValidationError, match="Only its author"):
            delete_note(note=note, by=person, now=NOW)


def test_it_is_taken_back_once(note: Note, owner: User) -> None:
    delete_note(note=note, by=owner, now=NOW + HOUR)
    assert not Note.objects.exists()
    with pytest.raises(ValidationError, match="gone already"):
        delete_note(note=note, by=owner, now=NOW + HOUR)
    with pytest.raises(ValidationError, match="gone already"):
        edit_note(note=note, by=owner, body="x", now=NOW + HOUR)
