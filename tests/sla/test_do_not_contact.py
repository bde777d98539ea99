"""Logging an attempt says what happened and is always possible; the panel warns when they do not want it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Attempt
from people.models import User
from tests.cast import NOW, MakeLead

REFUSALS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("call", {"do_not_call": True}, "do not want to be called"),
    ("email", {"do_not_email": True}, "do not want to be mailed"),
    ("email", {"consent": "withdrawn", "consent_at": NOW}, "do not want to be mailed"),
)


@pytest.mark.parametrize(("channel", "facts", "words"), REFUSALS)
def test_the_panel_warns(
    client: Client, owner: User, make_lead: MakeLead, channel: str, facts: dict[str, Any], words: str
) -> None:
    client.force_login(owner)
    lead = make_lead(owner=owner, phone="123", **facts)
    html = client.get(reverse("attempt-create", args=[lead.pk]), {"channel": channel}).content.decode()
    assert words in html
    assert f'href="{"tel" if channel == "call" else "mailto"}:' not in html


@pytest.mark.parametrize("channel", ["call", "email"])
def test_it_does_not_warn_of_others(client: Client, owner: User, make_lead: MakeLead, channel: str) -> None:
    client.force_login(owner)
    lead = make_lead(owner=owner, phone="123", consent="granted", consent_at=NOW)
    html = client.get(reverse("attempt-create", args=[lead.pk]), {"channel": channel}).content.decode()
    assert "do not want" not in html


def test_what_happened_is_logged_all_the_same(client: Client, owner: User, make_lead: MakeLead) -> None:
    client.force_login(owner)
    lead = make_lead(owner=owner, do_not_email=True)
    client.post(reverse("attempt-create", args=[lead.pk]), {"channel": "email", "outcome": "sent"})
    assert Attempt.objects.filter(lead=lead).exists()
