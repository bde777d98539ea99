"""Delivering: claimed, looked at again, sent, written down – with Django's outbox for a mail server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from people.models import User
from sla.models import Clock, DeliveryTry, Escalation, Handoff, Notice
from sla.services import deliver as delivery
from sla.services.compose import compose
from sla.services.deliver import Result, deliver
from sla.services.escalations import withdraw
from sla.services.sweep import sweep
from tests.sla.build import build_clock
from tests.sla.ladder import SECOND, clocks, quick_policy


@pytest.fixture
def clock(owner: User, executive: User, now: datetime) -> Clock:
    quick_policy()
    return build_clock(owner, now=now)


def fire(at: datetime) -> None:
    sweep(now=at)
    compose(now=at)


def send(at: datetime) -> Result:
    fire(at)
    return deliver(now=at)


def only_mail() -> EmailMultiAlternatives:
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    return message


def recipients() -> list[list[str]]:
    return [message.to for message in mail.outbox]


def test_an_untouched_lead_gives_exactly_three_mails_in_order(
    clock: Clock, now: datetime, owner: User, manager: User, executive: User
) -> None:
    for seconds in range(0, 60, 5):
        send(now + seconds * SECOND)
    assert recipients() == [[owner.email], [owner.email, manager.email], [executive.email]]


def test_a_lead_touched_after_the_first_gives_exactly_one(clock: Clock, now: datetime, owner: User) -> None:
    send(now + 10 * SECOND)
    Clock.objects.filter(pk=clock.pk).update(state="met", stopped_at=now + 11 * SECOND, next_at=None)
    withdraw(clock_ids=[clock.pk], now=now + 11 * SECOND)
    for seconds in range(12, 60, 5):
        send(now + seconds * SECOND)
    assert recipients() == [[owner.email]]


def test_nothing_is_sent_before_its_time_and_nothing_twice(clock: Clock, now: datetime) -> None:
    assert send(now + 10 * SECOND - timedelta(microseconds=1)) == Result()
    assert [send(now + 10 * SECOND).sent, deliver(now=now + 11 * SECOND).sent] == [1, 0]
    assert len(mail.outbox) == 1


def test_what_was_sent_is_kept_with_the_servers_answer(clock: Clock, now: datetime, owner: User) -> None:
    at = now + 10 * SECOND
    send(at)
    notice, attempt = Notice.objects.get(), DeliveryTry.objects.get()
    message = only_mail()
    assert (notice.state, notice.tries, notice.next_try_at, notice.claimed_until) == ("sent", 1, None, None)
    assert notice.sent_at is not None
    assert at <= notice.sent_at < at + timedelta(minutes=1)
    assert (notice.subject, notice.body) == (message.subject, message.body)
    assert (attempt.notice, attempt.ok) == (notice, True)
    assert owner.email in attempt.detail


def test_the_headers_keep_machines_from_answering_and_clients_from_showing_it_twice(
    clock: Clock, now: datetime
) -> None:
    send(now + 10 * SECOND)
    headers = only_mail().message()
    assert headers["Message-ID"] == Notice.objects.get().message_id
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"


# Looked at again before it goes


def test_a_clock_that_stopped_meanwhile_is_not_told_of(clock: Clock, now: datetime) -> None:
    fire(now + 10 * SECOND)
    Clock.objects.update(state="met", stopped_at=now + 10 * SECOND, next_at=None)
    assert deliver(now=now + 11 * SECOND) == Result(withdrawn=1)
    assert (mail.outbox, Notice.objects.get().state, Escalation.objects.get().state) == ([], "withdrawn", "withdrawn")


def test_a_policy_switched_off_meanwhile_sends_nothing(clock: Clock, now: datetime) -> None:
    fire(now + 10 * SECOND)
    policy = clock.policy_version.policy
    policy.is_active = False
    policy.save()
    assert deliver(now=now + 11 * SECOND) == Result(withdrawn=1)
    assert mail.outbox == []


def test_a_bundle_drops_what_was_touched_meanwhile(clock: Clock, owner: User, now: datetime) -> None:
    other = build_clock(owner, now=now)
    at = now + timedelta(hours=1)
    fire(at)
    withdraw(clock_ids=[clock.pk], now=at)
    deliver(now=at)
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        assert f"/leads/{clock.lead_id}/" not in message.body
        assert f"/leads/{other.lead_id}/" in message.body


def test_who_left_meanwhile_gets_nothing_and_somebody_else_is_found(
    clock: Clock, owner: User, manager: User, now: datetime
) -> None:
    fire(now + 10 * SECOND)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert deliver(now=now + 11 * SECOND) == Result(withdrawn=1)
    compose(now=now + 12 * SECOND)
    deliver(now=now + 12 * SECOND)
    assert recipients() == [[manager.email]]


def test_of_several_who_left_is_left_out(clock: Clock, owner: User, manager: User, now: datetime) -> None:
    send(now + 10 * SECOND)
    fire(now + 20 * SECOND)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    deliver(now=now + 20 * SECOND)
    assert recipients() == [[owner.email], [owner.email]]


# Claims


def test_a_claim_of_a_living_worker_is_respected_and_that_of_a_dead_one_runs_out(clock: Clock, now: datetime) -> None:
    fire(now + 10 * SECOND)
    until = now + 70 * SECOND
    Notice.objects.update(state="sending", claimed_until=until, tries=1)
    assert deliver(now=until - timedelta(seconds=5)).sent == 0
    assert deliver(now=until + timedelta(microseconds=1)).sent == 1
    assert Notice.objects.get().tries == 2


def test_a_worker_killed_after_the_server_took_it_repeats_it_under_the_same_message_id(
    clock: Clock, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fire(now + 10 * SECOND)

    def killed(*args: Any) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_record", killed)
        with pytest.raises(SystemExit):
            deliver(now=now + 10 * SECOND)
    assert (len(mail.outbox), Notice.objects.get().state) == (1, "sending")

    assert deliver(now=now + 30 * SECOND).sent == 0  # the claim still holds
    assert deliver(now=now + 3600 * SECOND).sent == 1
    assert mail.outbox[0].message()["Message-ID"] == mail.outbox[1].message()["Message-ID"]


def test_an_earlier_level_that_waits_holds_the_later_ones_back(clock: Clock, now: datetime) -> None:
    fire(now + 20 * SECOND)
    first = Notice.objects.order_by("pk")[0]
    Notice.objects.filter(pk=first.pk).update(next_try_at=now + timedelta(minutes=5), tries=3)
    assert deliver(now=now + 21 * SECOND).sent == 0
    assert deliver(now=now + timedelta(minutes=5)).sent == 2
    assert [message.subject[:7] for message in mail.outbox] == ["Level 1", "Level 2"]


def test_a_mailbox_that_keeps_failing_does_not_keep_the_manager_from_hearing(clock: Clock, now: datetime) -> None:
    fire(now + 20 * SECOND)
    first = Notice.objects.order_by("pk")[0]
    Notice.objects.filter(pk=first.pk).update(next_try_at=now + timedelta(minutes=5), tries=4)
    assert deliver(now=now + 21 * SECOND).sent == 1
    assert only_mail().subject.startswith("Level 2")


def test_the_levels_of_other_clocks_hold_nothing_back(clock: Clock, owner: User, now: datetime) -> None:
    other = build_clock(owner, now=now)
    fire(now + 10 * SECOND)
    Notice.objects.filter(escalations__clock=clock).update(next_try_at=now + timedelta(days=1))
    assert deliver(now=now + 11 * SECOND).sent == 1
    assert str(other.lead) in only_mail().subject


# Bad rows (rule 12)


def test_what_cannot_be_written_is_set_aside_and_the_others_go_out(clock: Clock, owner: User, now: datetime) -> None:
    fine = build_clock(owner, now=now)
    Handoff.objects.filter(pk=clock.handoff_id).update(explanation={"lines": [{"points": "many"}]})
    assert send(now + 10 * SECOND) == Result(sent=1, failed=1)
    assert str(fine.lead) in only_mail().subject
    aside = Escalation.objects.get(clock=clock)
    assert aside.state == "set_aside"
    assert aside.error.startswith("KeyError")
    assert Notice.objects.get(escalations=aside).state == "failed"


def test_a_bundle_goes_out_without_the_line_that_cannot_be_written(clock: Clock, owner: User, now: datetime) -> None:
    fine = build_clock(owner, now=now)
    Handoff.objects.filter(pk=clock.handoff_id).update(explanation={"lines": [{"points": "many"}]})
    assert send(now + timedelta(hours=1)).sent == 3
    assert all(f"/leads/{fine.lead_id}/" in message.body for message in mail.outbox)
    assert set(Escalation.objects.filter(clock=clock).values_list("state", flat=True)) == {"set_aside"}


def test_a_round_ends_after_its_time_and_says_that_there_is_more(clock: Clock, owner: User, now: datetime) -> None:
    clocks(owner, 4, now)
    fire(now + 10 * SECOND)
    result = deliver(now=now + 10 * SECOND, limit=2, seconds=0)
    assert (result.sent, result.more) == (2, True)
    assert deliver(now=now + 10 * SECOND).sent == 3


def test_without_a_mail_server_a_file_takes_it(clock: Clock, now: datetime, settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    assert send(now + 10 * SECOND).sent == 1
    (file,) = (tmp_path / "mail").iterdir()
    assert Notice.objects.get().message_id in file.read_text()


def test_times_are_counted_on_from_the_moment_passed_in(clock: Clock, now: datetime) -> None:
    at = (now + 10 * SECOND).astimezone(ZoneInfo("Europe/Madrid"))
    send(at)
    tried = DeliveryTry.objects.get().tried_at
    assert at <= tried < at + timedelta(minutes=1)
