from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from leads.models import Attempt, ChangedLead
from leads.services.attempts import record_attempt
from people.models import User
from tests.cast import NOW, MakeLead


@pytest.mark.parametrize(
    ("before", "outcome", "after"),
    [
        ("new", "no_answer", "attempting"),
        ("new", "connected", "connected"),
        ("attempting", "connected", "connected"),
        ("attempting", "voicemail", "attempting"),
        ("connected", "no_answer", "connected"),
        ("nurturing", "no_answer", "nurturing"),
        ("disqualified", "connected", "disqualified"),
    ],
)
def test_the_status_follows_the_attempt(
    make_lead: MakeLead, owner: User, before: str, outcome: str, after: str
) -> None:
    lead = make_lead(status=before)

    record_attempt(lead=lead, user=owner, channel="call", outcome=outcome, occurred_at=NOW, now=NOW, note=" hm ")

    lead.refresh_from_db()
    assert lead.status.key == after
    assert Attempt.objects.get(lead=lead).note == "hm"
    assert not ChangedLead.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"outcome": "eaten"}, "outcome"),
        ({"occurred_at": NOW + timedelta(minutes=6)}, "occurred_at"),
        ({"note": "a\x00"}, "note"),
        ({"note": "x" * 5_001}, "note"),
    ],
)
def test_refuse_at_the_field(make_lead: MakeLead, owner: User, wrong: dict[str, Any], field: str) -> None:
    facts: dict[str, Any] = {"channel": "call", "outcome": "busy", "occurred_at": NOW, "now": NOW} | wrong

    with pytest.raises(ValidationError) as refused:
        record_attempt(lead=make_lead(), user=owner, **facts)

    assert field in refused.value.message_dict
    assert not Attempt.objects.exists()
