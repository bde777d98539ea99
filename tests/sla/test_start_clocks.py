"""A clock's instants: computed once, in the owner's working hours and zone, or in wall time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from people.models import User
from sla.models import Calendar, CalendarAssignment, CalendarSpan, Clock, ClosedDay, Policy
from sla.services.calendars import NoCalendarError
from sla.services.clocks import start_clocks
from tests.cast import NOW, build_lead, build_user
from tests.sla.build import build_clock, build_handoff, build_policy

if TYPE_CHECKING:
    from people.models import Team

pytestmark = pytest.mark.django_db

FRIDAY_LATE = datetime(2026, 11, 20, 15, 58, tzinfo=UTC)  # 16:58 in Madrid, two minutes before closing


def test_wall_time_runs_on_at_night(owner: User) -> None:
    build_policy(seconds=300)
    midnight = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)

    clock = build_clock(owner, now=midnight)

    assert clock.due_at == midnight + timedelta(minutes=5)
    assert clock.level_at == [midnight + timedelta(minutes=minutes) for minutes in (5, 6, 7)]
    assert clock.warn_at == midnight + timedelta(minutes=4)


def test_working_time_goes_on_after_the_weekend_in_the_owners_zone(owner: User) -> None:
    build_policy(seconds=300, time_kind="working")

    clock = build_clock(owner, now=FRIDAY_LATE)

    assert clock.due_at == datetime(2026, 11, 23, 8, 3, tzinfo=UTC)  # Monday 09:03 in Madrid
    assert clock.time_zone == "Europe/Madrid"
    assert [level.hour for level in clock.level_at] == [8, 8, 8]


@pytest.mark.parametrize(
    ("seconds", "due"),
    [
        (119, datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)),
        (120, datetime(2026, 11, 20, 16, 0, tzinfo=UTC)),
        (121, datetime(2026, 11, 23, 8, 0, 1, tzinfo=UTC)),
    ],
)
def test_both_sides_of_closing_time(owner: User, seconds: int, due: datetime) -> None:
    build_policy(seconds=seconds, time_kind="working", ladder=((0, ("owner",)),))

    assert build_clock(owner, now=FRIDAY_LATE).due_at == due


def test_each_rep_has_their_own_zone(sales_team: Team) -> None:
    build_policy(seconds=60, time_kind="working")
    madrid = build_user("Madrid", team=sales_team, time_zone="Europe/Madrid")
    new_york = build_user("New York", team=sales_team, time_zone="America/New_York")

    assert build_clock(madrid, now=NOW).due_at == NOW + timedelta(minutes=1)
    assert build_clock(new_york, now=NOW).due_at == datetime(2026, 11, 18, 14, 1, tzinfo=UTC)


def test_a_holiday_in_the_calendar_is_skipped(owner: User) -> None:
    build_policy(seconds=60, time_kind="working")
    ClosedDay.objects.create(calendar=Calendar.objects.get(is_default=True), date=date(2026, 11, 18))

    assert build_clock(owner, now=NOW).due_at == datetime(2026, 11, 19, 8, 1, tzinfo=UTC)


def test_the_persons_calendar_wins_over_the_teams(owner: User, colleague: User, sales_team: Team) -> None:
    build_policy(seconds=60, time_kind="working")
    early, late = (Calendar.objects.create(name=name) for name in ("Early", "Late"))
    for calendar, opens in ((early, time(11)), (late, time(12))):
        CalendarSpan.objects.create(calendar=calendar, weekday=2, opens=opens, closes=time(18))
    CalendarAssignment.objects.create(calendar=early, team=sales_team)
    CalendarAssignment.objects.create(calendar=late, user=owner)

    assert build_clock(owner, now=NOW).due_at.hour == 11
    assert build_clock(colleague, now=NOW).due_at.hour == 10


def test_nobody_available_means_the_teams_hours(sales_team: Team) -> None:
    build_policy(seconds=60, time_kind="working")

    clock = build_clock(None, team=sales_team, now=FRIDAY_LATE - timedelta(hours=12))

    assert clock.owner is None
    assert clock.due_at == datetime(2026, 11, 20, 8, 1, tzinfo=UTC)


def test_no_calendar_at_all_is_an_error_and_not_round_the_clock(owner: User) -> None:
    Calendar.objects.all().delete()

    with pytest.raises(NoCalendarError):
        build_clock(owner, now=NOW)


def test_the_first_policy_whose_conditions_hold_applies(owner: User) -> None:
    build_policy(name="Partners", seconds=30, conditions=[{"field": "source", "op": "is", "value": "Partner"}])
    build_policy(name="Everybody", seconds=90, position=2)

    partner = build_clock(owner, now=NOW, lead=build_lead("mql", source="Partner"))
    other = build_clock(owner, now=NOW, lead=build_lead("mql", source="Web"))

    assert (partner.due_at - NOW, other.due_at - NOW) == (timedelta(seconds=30), timedelta(seconds=90))


def test_a_policy_switched_off_starts_no_clock(owner: User) -> None:
    Policy.objects.update(is_active=False)

    assert start_clocks(handoffs=[build_handoff(owner, now=NOW)], now=NOW) == []
    assert not Clock.objects.exists()


def test_an_early_reminder_never_fires_before_the_start(owner: User) -> None:
    build_policy(seconds=60, ladder=((-600, ("owner",)), (0, ("owner",))))

    assert build_clock(owner, now=NOW).level_at == [NOW, NOW + timedelta(minutes=1)]


def test_a_later_edit_of_the_calendar_moves_no_running_clock(owner: User) -> None:
    build_policy(seconds=300, time_kind="working")
    clock = build_clock(owner, now=FRIDAY_LATE)
    before = (clock.due_at, clock.level_at)

    CalendarSpan.objects.all().update(opens=time(12))
    User.objects.update(time_zone="Asia/Tokyo")

    clock.refresh_from_db()
    assert (clock.due_at, clock.level_at) == before
