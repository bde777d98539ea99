"""Writing notices: to the right people of the moment, once, in order, late ones together (rules 7, 9, 11, 12)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from people.models import Role, Team, User
from sla.models import Clock, Escalation, Level, Notice, PolicyVersion
from sla.services.compose import compose
from sla.services.escalations import reopen
from sla.services.sweep import sweep
from tests.cast import build_user
from tests.sla.build import build_clock
from tests.sla.ladder import SECOND, addressed, clocks, quick_policy


@pytest.fixture
def policy(db: None) -> PolicyVersion:
    return quick_policy()


@pytest.fixture
def clock(policy: PolicyVersion, owner: User, now: datetime) -> Clock:
    return build_clock(owner, now=now)


def fire(at: datetime) -> int:
    sweep(now=at)
    return compose(now=at)


def fire_all(now: datetime) -> list[list[str]]:
    """The three levels, each at its time; whom their notices go to."""
    for seconds in (10, 20, 30):
        fire(now + seconds * SECOND)
    return [addressed(notice) for notice in Notice.objects.order_by("pk")]


def states() -> list[str]:
    return list(Escalation.objects.order_by("pk").values_list("state", flat=True))


def test_the_ladder_reaches_the_rep_then_the_manager_too_then_the_executives(
    clock: Clock, now: datetime, owner: User, manager: User, executive: User
) -> None:
    second = build_user("Zoe Second", Role.EXECUTIVE)
    assert fire_all(now) == [[owner.email], [owner.email, manager.email], [executive.email, second.email]]
    assert states() == ["noticed"] * 3


def test_a_notice_waits_to_be_sent_and_says_why_it_was_written(clock: Clock, now: datetime) -> None:
    at = now + 10 * SECOND
    fire(at)
    notice = Notice.objects.get()
    assert (notice.state, notice.next_try_at, notice.created_at, notice.tries) == ("pending", at, at, 0)
    assert notice.reason == "Quick touch: level 1 of 3"
    assert list(notice.escalations.values_list("clock", "level")) == [(clock.pk, 1)]


def test_message_ids_differ_between_levels_clocks_and_starts(
    policy: PolicyVersion, owner: User, now: datetime, settings: Any
) -> None:
    settings.BATON_BASE_URL = "https://baton.example.org"
    first, second = clocks(owner, 2, now)
    fire_all(now)
    ids = list(Notice.objects.order_by("escalations__clock", "pk").values_list("message_id", flat=True))
    start = int(now.timestamp())
    assert ids == [
        f"<clock-{clock.pk}.level-{level}.{start}@baton.example.org>"
        for clock in (first, second)
        for level in (1, 2, 3)
    ]


def test_composing_again_writes_nothing(clock: Clock, now: datetime) -> None:
    at = now + 10 * SECOND
    assert [fire(at), compose(now=at), fire(at)] == [1, 0, 0]


def test_nothing_recorded_is_one_query(clock: Clock, now: datetime, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert compose(now=now) == 0


def test_queries_do_not_grow_with_the_number_of_escalations(policy: PolicyVersion, owner: User, now: datetime) -> None:
    counts = []
    for number, many in enumerate((2, 9)):
        start = now + number * timedelta(minutes=1)
        clocks(owner, many, start)
        sweep(now=start + 10 * SECOND)
        with CaptureQueriesContext(connection) as queries:
            compose(now=start + 10 * SECOND)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Who


def test_without_an_owner_the_teams_manager_stands_in(
    policy: PolicyVersion, sales_team: Team, manager: User, executive: User, now: datetime
) -> None:
    build_clock(None, team=sales_team, now=now)
    assert fire_all(now) == [[manager.email], [manager.email], [executive.email]]
    assert "stands in: the lead has no owner" in Notice.objects.order_by("pk")[0].reason


def test_who_reports_to_nobody_has_the_teams_manager(
    policy: PolicyVersion, owner: User, other_manager: User, now: datetime
) -> None:
    owner.reports_to = None
    owner.save()
    Team.objects.update(manager=other_manager)
    build_clock(owner, now=now)
    assert fire_all(now)[1] == [owner.email, other_manager.email]


def test_for_an_inactive_owner_the_manager_stands_in_once(
    clock: Clock, owner: User, manager: User, now: datetime
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert fire_all(now)[:2] == [[manager.email], [manager.email]]
    assert "the manager stands in for Olga Owner" in Notice.objects.order_by("pk")[0].reason


def test_for_an_inactive_manager_their_own_manager_stands_in(
    clock: Clock, owner: User, manager: User, executive: User, now: datetime
) -> None:
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert fire_all(now)[1] == [owner.email, executive.email]


def test_inactive_people_who_report_to_each_other_end_nowhere(
    clock: Clock, owner: User, manager: User, now: datetime
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    User.objects.filter(pk=manager.pk).update(is_active=False, reports_to=owner)
    assert fire(now + 10 * SECOND) == 0
    assert states() == ["set_aside"]


def test_without_an_executive_the_administrators_hear(
    clock: Clock, executive: User, administrator: User, now: datetime
) -> None:
    User.objects.filter(pk=executive.pk).update(is_active=False)
    assert fire_all(now)[2] == [administrator.email]
    assert "administrators stand in" in Notice.objects.order_by("-pk")[0].reason


def test_a_change_of_manager_counts_from_then_on(clock: Clock, owner: User, other_manager: User, now: datetime) -> None:
    sweep(now=now + 20 * SECOND)
    User.objects.filter(pk=owner.pk).update(reports_to=other_manager)
    compose(now=now + 20 * SECOND)
    assert addressed(Notice.objects.order_by("pk")[1]) == [owner.email, other_manager.email]


def test_the_level_is_that_of_the_version_the_clock_started_under(clock: Clock, owner: User, now: datetime) -> None:
    policy = clock.policy_version.policy
    newer = PolicyVersion.objects.create(
        policy=policy, number=2, duration_seconds=10, sequence=clock.policy_version.sequence
    )
    Level.objects.create(version=newer, number=1, offset_seconds=0, recipients=["executives"])
    fire(now + 10 * SECOND)
    assert addressed(Notice.objects.get()) == [owner.email]  # rule 6


# What is not sent


@pytest.mark.parametrize("state", ["met", "cancelled"])
def test_nothing_is_written_about_a_clock_that_has_stopped(clock: Clock, now: datetime, state: str) -> None:
    sweep(now=now + 10 * SECOND)
    Clock.objects.filter(pk=clock.pk).update(state=state, stopped_at=now + 10 * SECOND, next_at=None)
    assert (compose(now=now + 10 * SECOND), states()) == (0, ["withdrawn"])


def test_a_policy_that_is_switched_off_sends_nothing(clock: Clock, now: datetime) -> None:
    sweep(now=now + 10 * SECOND)
    policy = clock.policy_version.policy
    policy.is_active = False
    policy.save()
    assert (compose(now=now + 10 * SECOND), states()) == (0, ["withdrawn"])  # rule 7


# Bad rows (rule 12)


def test_an_escalation_that_nobody_can_hear_is_set_aside_and_the_others_go_on(
    policy: PolicyVersion, owner: User, other_team: Team, now: datetime
) -> None:
    Team.objects.filter(pk=other_team.pk).update(manager=None)
    lonely = build_clock(None, team=other_team, now=now)
    fine = build_clock(owner, now=now)
    assert fire(now + 10 * SECOND) == 1
    assert Escalation.objects.get(clock=fine).state == "noticed"
    aside = Escalation.objects.get(clock=lonely)
    assert (aside.state, aside.error) == ("set_aside", "There is nobody to tell: no active person is meant by “Owner”.")


def test_a_level_that_the_policy_does_not_have_is_set_aside(clock: Clock, owner: User, now: datetime) -> None:
    other = build_clock(owner, now=now)
    Clock.objects.filter(pk=clock.pk).update(next_level=7)
    assert fire(now + 10 * SECOND) == 1
    assert Escalation.objects.get(clock=other).state == "noticed"
    assert Escalation.objects.get(clock=clock).error == "The policy “Quick touch 1” has no level 7."


def test_a_row_that_breaks_is_set_aside_with_what_broke(clock: Clock, owner: User, now: datetime) -> None:
    odd = build_clock(owner, now=now)
    version = quick_policy(name="Odd")
    version.levels.update(recipients=["nobody knows"])
    Clock.objects.filter(pk=odd.pk).update(policy_version=version)
    assert fire(now + 10 * SECOND) == 1
    assert Escalation.objects.get(clock=clock).state == "noticed"
    assert Escalation.objects.get(clock=odd).error == "KeyError: 'nobody knows'"


def test_a_notice_that_the_database_refuses_is_set_aside_and_the_others_go_on(
    policy: PolicyVersion, owner: User, now: datetime
) -> None:
    taken, fine = clocks(owner, 2, now)
    Notice.objects.create(
        message_id=f"<clock-{taken.pk}.level-1.{int(now.timestamp())}@localhost>", reason="x", next_try_at=now
    )
    assert fire(now + 10 * SECOND) == 1
    assert Escalation.objects.get(clock=fine).state == "noticed"
    aside = Escalation.objects.get(clock=taken)
    assert aside.state == "set_aside"
    assert "duplicate key" in aside.error


# Late (rule 11)


@pytest.mark.parametrize(("over", "bundled"), [(timedelta(0), False), (timedelta(microseconds=1), True)])
def test_late_is_what_was_noticed_later_than_the_setting(
    clock: Clock, now: datetime, settings: Any, over: timedelta, bundled: bool
) -> None:
    settings.BATON_LATE_AFTER_SECONDS = 5
    fire(now + 15 * SECOND + over)
    assert Notice.objects.get().message_id.startswith("<late.") is bundled


def test_after_an_outage_each_person_gets_one_message_about_all_of_it(
    policy: PolicyVersion, owner: User, colleague: User, manager: User, executive: User, now: datetime
) -> None:
    mine, theirs = clocks(owner, 2, now), clocks(colleague, 1, now)
    fire(now + timedelta(hours=2))
    about = {
        addressed(notice)[0]: list(notice.escalations.order_by("clock", "level").values_list("clock", "level"))
        for notice in Notice.objects.all()
    }
    everybody = [*mine, *theirs]
    assert about == {
        owner.email: [(clock.pk, level) for clock in mine for level in (1, 2)],
        colleague.email: [(clock.pk, level) for clock in theirs for level in (1, 2)],
        manager.email: [(clock.pk, 2) for clock in everybody],
        executive.email: [(clock.pk, 3) for clock in everybody],
    }
    assert all(len(addressed(notice)) == 1 for notice in Notice.objects.all())
    assert set(states()) == {"noticed"}


def test_a_late_escalation_that_nobody_can_hear_does_not_stop_the_bundle(
    policy: PolicyVersion, owner: User, other_team: Team, now: datetime
) -> None:
    Team.objects.filter(pk=other_team.pk).update(manager=None)
    build_clock(None, team=other_team, now=now)
    build_clock(owner, now=now)
    fire(now + timedelta(hours=2))
    assert sorted(states()) == ["noticed"] * 4 + ["set_aside"] * 2


def test_late_ones_wait_until_the_sweep_has_caught_up(policy: PolicyVersion, owner: User, now: datetime) -> None:
    clocks(owner, 2, now)
    at = now + timedelta(hours=2)
    straggler = build_clock(owner, now=now)
    Clock.objects.filter(pk=straggler.pk).update(next_at=None)
    sweep(now=at)
    Clock.objects.filter(pk=straggler.pk).update(next_at=now + 10 * SECOND)  # another worker is at it
    assert compose(now=at) == 0

    sweep(now=at)
    assert compose(now=at) == 3
    own = Notice.objects.get(recipients=owner)
    assert own.escalations.count() == 6


def test_what_comes_due_after_the_outage_follows_the_late_ones(
    clock: Clock, now: datetime, settings: Any, executive: User
) -> None:
    settings.BATON_LATE_AFTER_SECONDS = 5
    fire(now + 30 * SECOND)  # levels 1 and 2 late, level 3 in time
    last = Notice.objects.order_by("pk").last()
    assert last is not None
    assert (last.message_id[:7], addressed(last)) == ("<clock-", [executive.email])


# Killed, or doubled


def test_a_composer_that_dies_before_its_commit_leaves_nothing_and_the_next_one_does_it(
    clock: Clock, now: datetime
) -> None:
    at = now + 10 * SECOND
    sweep(now=at)
    with transaction.atomic():
        assert compose(now=at) == 1
        transaction.set_rollback(True)
    assert (Notice.objects.count(), states()) == (0, ["recorded"])
    assert (compose(now=at), states()) == (1, ["noticed"])


@pytest.mark.django_db(transaction=True)
def test_two_composers_at_once_write_each_notice_once_and_in_order(owner: User, executive: User, now: datetime) -> None:
    quick_policy()
    pks = [clock.pk for clock in clocks(owner, 20, now)]
    at = now + 30 * SECOND
    sweep(now=at)

    def one(_number: int) -> int:
        try:
            return compose(now=at, batch=7)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(one, range(3))) == 60
    told = list(Notice.objects.order_by("pk").values_list("escalations__clock", "escalations__level"))
    assert [[level for clock, level in told if clock == pk] for pk in pks] == [[1, 2, 3]] * 20


def test_what_is_reopened_is_written_anew_under_another_message_id(
    clock: Clock, colleague: User, owner: User, now: datetime
) -> None:
    at = now + 10 * SECOND
    fire(at)
    Clock.objects.filter(pk=clock.pk).update(owner=colleague)
    reopen(clock_ids=[clock.pk], now=at)
    assert compose(now=at) == 1
    old, new = Notice.objects.order_by("pk")
    assert (old.state, addressed(old)) == ("withdrawn", [owner.email])
    assert (new.state, addressed(new)) == ("pending", [colleague.email])
    assert new.message_id == old.message_id.replace("@", ".2@")


def test_who_was_told_already_is_not_told_again(clock: Clock, owner: User, manager: User, now: datetime) -> None:
    at = now + 20 * SECOND
    sweep(now=at)
    compose(now=at)
    second = Escalation.objects.get(level=2)
    told = Notice.objects.create(
        message_id="<told@localhost>", reason="x", state="sent", sent_at=at, next_try_at=None, subject="x"
    )
    told.escalations.add(second)
    told.recipients.add(manager)
    reopen(clock_ids=[clock.pk], now=at)
    compose(now=at)
    assert [addressed(notice) for notice in Notice.objects.filter(state="pending").order_by("pk")] == [
        [owner.email],
        [owner.email],
    ]
