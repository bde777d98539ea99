"""Giving a lead to somebody, handed off or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError

from leads.changes import changes
from leads.models import ChangedLead
from sla.services.owners import give_lead
from tests.cast import NOW
from tests.work import build_work

if TYPE_CHECKING:
    from people.models import User
    from tests.cast import MakeLead


def test_with_an_open_hand_off_that_is_given(owner: User, colleague: User, manager: User, make_lead: MakeLead) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=NOW)
    give_lead(lead=clock.lead, to=colleague, by=manager, now=NOW, reason="On leave")
    clock.refresh_from_db()
    assert (clock.owner, clock.handoff.owner, clock.lead.owner, clock.due_at) == (colleague, colleague, colleague, NOW)
    assert changes(clock.lead, names=("owner",))[0].why == "On leave"


def test_without_one_just_the_lead(owner: User, colleague: User, manager: User, make_lead: MakeLead) -> None:
    lead = make_lead("lead", owner=owner)
    for _ in range(2):
        give_lead(lead=lead, to=colleague, by=manager, now=NOW)
    lead.refresh_from_db()
    assert lead.owner == colleague
    assert ChangedLead.objects.filter(lead=lead).count() == 1


def test_refuses_those_who_take_no_leads(
    owner: User, ae: User, manager: User, make_user: Any, make_lead: MakeLead
) -> None:
    lead = make_lead("lead", owner=owner)
    gone = make_user("Gone", team=owner.team, is_active=False)
    for to in (ae, gone):
        with pytest.raises(ValidationError, match="cannot take leads"):
            give_lead(lead=lead, to=to, by=manager, now=NOW)
    with pytest.raises(ValidationError, match="NUL"):
        give_lead(lead=lead, to=owner, by=manager, now=NOW, reason="\x00")
    lead.refresh_from_db()
    assert lead.owner == owner
