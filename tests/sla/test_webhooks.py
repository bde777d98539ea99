"""What the promise tells other programs: a lead handed off, and a promise broken – once per clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from leads.models import WebhookDelivery
from people.models import Team, User
from sla import flow
from sla.models import Clock, Escalation
from sla.services.sweep import sweep
from tests.cast import MakeLead
from tests.leads.hooks import build_endpoint
from tests.sla.build import build_clock, build_model, build_policy, build_routing, request_demo
from tests.sla.ladder import clocks, quick_policy


def data(kind: str) -> list[dict[str, Any]]:
    return [one.payload["data"] for one in WebhookDelivery.objects.filter(kind=kind).order_by("pk")]


def test_a_lead_that_is_handed_off(
    administrator: User, owner: User, sales_team: Team, make_lead: MakeLead, now: datetime
) -> None:
    build_model()
    build_routing(sales_team)
    build_endpoint(administrator)
    lead = make_lead()
    request_demo(lead, now)

    for _ in range(2):
        flow.run(now=now)

    (handed,) = data("lead.handed_off")
    assert (handed["lead"]["id"], handed["lead"]["owner"], handed["team"]) == (lead.pk, owner.email, sales_team.name)
    (moved,) = data("lead.stage_changed")
    assert (moved["from"], moved["to"], moved["reason"]) == ("lead", "mql", "decisive")


@pytest.fixture
def clock(administrator: User, owner: User, now: datetime) -> Clock:
    quick_policy()
    build_endpoint(administrator)
    return build_clock(owner, now=now)


def test_a_promise_is_broken_once_however_many_levels_fire(clock: Clock, now: datetime) -> None:
    for seconds in (9, 10, 15, 20, 30, 60):
        sweep(now=now + timedelta(seconds=seconds))

    (broken,) = data("lead.breached")
    assert Escalation.objects.count() == 3
    assert (broken["lead"]["id"], broken["clock"], broken["promise"]) == (clock.lead_id, clock.pk, "first_touch")
    assert broken["due_at"] == clock.due_at.isoformat()


def test_an_outage_over_several_levels_is_told_once(clock: Clock, now: datetime) -> None:
    sweep(now=now + timedelta(hours=1))
    assert (len(data("lead.breached")), Escalation.objects.count()) == (1, 3)


def test_a_reminder_before_it_is_due_is_no_breach(administrator: User, owner: User, now: datetime) -> None:
    quick_policy()
    build_endpoint(administrator)
    clock = build_clock(owner, now=now)
    early = [clock.due_at - timedelta(seconds=5), *clock.level_at[1:]]
    Clock.objects.filter(pk=clock.pk).update(level_at=early, next_at=early[0])

    sweep(now=early[0])
    assert (Escalation.objects.count(), data("lead.breached")) == (1, [])
    sweep(now=early[1])
    sweep(now=early[2])
    assert (Escalation.objects.count(), len(data("lead.breached"))) == (3, 1)


def test_a_level_that_is_on_record_already_is_not_told_again(clock: Clock, now: datetime) -> None:
    Escalation.objects.create(clock=clock, level=1, level_at=clock.due_at, recorded_at=clock.due_at)
    sweep(now=clock.due_at)
    assert data("lead.breached") == []


def test_many_broken_at_once_are_told_in_a_few_statements(
    administrator: User, owner: User, now: datetime, django_assert_max_num_queries: Any
) -> None:
    quick_policy()
    build_endpoint(administrator)
    clocks(owner, 30, now)
    with django_assert_max_num_queries(14):
        sweep(now=now + timedelta(seconds=10))
    assert len(data("lead.breached")) == 30


def test_without_a_ladder_nothing_is_recorded_and_nothing_told(administrator: User, owner: User, now: datetime) -> None:
    build_policy(seconds=10, ladder=())
    build_endpoint(administrator)
    build_clock(owner, now=now)
    sweep(now=now + timedelta(days=1))
    assert data("lead.breached") == []
