from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from leads.models import ChangedLead, Note
from leads.services.notes import add_note
from people.models import User
from tests.cast import NOW, MakeLead


def test_keep_the_note(make_lead: MakeLead, owner: User) -> None:
    lead = make_lead()

    add_note(lead=lead, author=owner, body="  Call after 17h\nnot before ", now=NOW)

    note = Note.objects.get(lead=lead)
    assert (note.body, note.author, note.created_at) == ("Call after 17h\nnot before", owner, NOW)
    assert not ChangedLead.objects.exists()


@pytest.mark.parametrize("body", ["", "  \u200b ", "a\x00b", "x" * 10_001])
def test_refuse_an_empty_or_broken_note(make_lead: MakeLead, owner: User, body: str) -> None:
    with pytest.raises(ValidationError) as refused:
        add_note(lead=make_lead(), author=owner, body=body, now=NOW)

    assert "body" in refused.value.message_dict
    assert not Note.objects.exists()
