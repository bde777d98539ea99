"""Giving a hand-off to somebody else keeps what was waited and fired (domain rule 5)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError

from people.models import User
from sla.models import Clock, Escalation, Handoff, Notice
from sla.services.compose import compose
from sla.services.handoffs import assign_waiting, reassign, reassign_all
from sla.services.sweep import sweep
from tests.sla.build import build_clock, build_policy

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(owner: User, now: datetime) -> Clock:
    build_policy(seconds=300)
    return build_clock(owner, now=now)


def test_clock_lead_and_handoff_go_along_and_the_due_time_stays(
    clock: Clock, colleague: User, manager: User, now: datetime
) -> None:
    due_at, level_at = clock.due_at, clock.level_at

    reassign(handoff=clock.handoff, to=colleague, by=manager, now=now + timedelta(minutes=2))

    clock.refresh_from_db()
    assert clock.owner == clock.lead.owner == clock.handoff.owner == colleague
    assert (clock.due_at, clock.level_at, clock.started_at) == (due_at, level_at, now)
    assert clock.handoff.why == "Reassigned by Max Manager"


def test_fired_levels_do_not_fire_again_and_the_old_owner_gets_nothing_more(
    clock: Clock, owner: User, colleague: User, manager: User, now: datetime
) -> None:
    sweep(now=now + timedelta(minutes=5))
    compose(now=now + timedelta(minutes=5))
    assert list(Notice.objects.get().recipients.all()) == [owner]

    later = now + timedelta(minutes=5, seconds=30)
    reassign(handoff=clock.handoff, to=colleague, by=manager, now=later)
    compose(now=later)
    sweep(now=later)

    assert Escalation.objects.count() == 1
    waiting = Notice.objects.get(state=Notice.State.PENDING)
    assert list(waiting.recipients.all()) == [colleague]


def test_another_teams_sdr_takes_the_clock_to_their_team(
    clock: Clock, other_team_sdr: User, manager: User, now: datetime
) -> None:
    reassign(handoff=clock.handoff, to=other_team_sdr, by=manager, now=now)

    clock.refresh_from_db()
    assert clock.team == clock.handoff.team == other_team_sdr.team


def test_to_the_same_person_changes_nothing(clock: Clock, owner: User, manager: User, now: datetime) -> None:
    before = Handoff.objects.values().get()

    reassign(handoff=clock.handoff, to=owner, by=manager, now=now + timedelta(minutes=1))

    assert Handoff.objects.values().get() == before


@pytest.mark.parametrize("fields", [{"is_active": False}, {"role": "marketer"}, {"role": "executive"}])
def test_who_cannot_take_leads_is_refused(
    clock: Clock, colleague: User, manager: User, now: datetime, fields: dict[str, object]
) -> None:
    User.objects.filter(pk=colleague.pk).update(**fields)
    colleague.refresh_from_db()

    with pytest.raises(ValidationError, match="cannot take leads"):
        reassign(handoff=clock.handoff, to=colleague, by=manager, now=now)


def test_a_closed_handoff_stays_closed(clock: Clock, colleague: User, manager: User, now: datetime) -> None:
    Handoff.objects.update(closed_at=now)

    with pytest.raises(ValidationError, match="closed"):
        reassign(handoff=clock.handoff, to=colleague, by=manager, now=now)


def test_a_handoff_that_found_nobody_is_assigned_when_somebody_comes_back(
    sales_team: Team, owner: User, now: datetime
) -> None:
    build_policy(seconds=300)
    clock = build_clock(None, team=sales_team, now=now)
    User.objects.filter(pk=owner.pk).update(takes_leads=False)
    assert assign_waiting(now=now) == 0

    User.objects.filter(pk=owner.pk).update(takes_leads=True)
    assert assign_waiting(now=now + timedelta(minutes=3)) == 1

    clock.refresh_from_db()
    assert (clock.owner, clock.due_at) == (owner, now + timedelta(minutes=5))
    assert clock.handoff.assigned_at == now + timedelta(minutes=3)
    assert assign_waiting(now=now + timedelta(minutes=4)) == 0


def test_several_go_along_together_or_not_at_all(owner: User, colleague: User, manager: User, now: datetime) -> None:
    first, second = (build_clock(owner, now=now).handoff for _ in range(2))
    Handoff.objects.filter(pk=second.pk).update(closed_at=now)

    with pytest.raises(ValidationError):
        reassign_all(handoffs=[first, second], to=colleague, by=manager, now=now)
    assert {handoff.owner for handoff in Handoff.objects.all()} == {owner}

    Handoff.objects.filter(pk=second.pk).update(closed_at=None)
    reassign_all(handoffs=[first, second], to=colleague, by=manager, now=now)
    assert {handoff.owner for handoff in Handoff.objects.all()} == {colleague}
