"""What the messages say, to whom it is said, and that names from outside break nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from leads.models import Company, Lead
from people.models import User
from sla import mail as letters
from sla.models import Clock, Handoff, Notice
from sla.services import deliver as delivery
from sla.services.compose import compose
from sla.services.deliver import Result, deliver
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


def html_of(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0][0])


def recipients() -> list[list[str]]:
    return [message.to for message in mail.outbox]


def test_the_letter_says_who_why_since_when_what_to_do_and_what_happens_next(
    clock: Clock, now: datetime, settings: Any
) -> None:
    settings.BATON_BASE_URL = "https://baton.example.org/"
    company = Company.objects.create(name="Acme Ltd")
    Lead.objects.filter(pk=clock.lead_id).update(
        first_name="Ann", last_name="Lee", company=company, job_title="Head of Operations"
    )
    lines = [
        {"rule": number, "name": name, "part": "fit", "points": points, "fact": fact}
        for number, (name, points, fact) in enumerate(
            [
                ("Small", 1, "employees is 5"),
                ("Asked for a demo", 50, "1 × Demo"),
                ("In Spain", 30, "country is Spain"),
                ("Opted out", -20, "x"),
                ("Saw prices", 12.5, "2 × Pricing page"),
            ]
        )
    ]
    Handoff.objects.update(explanation={"lines": lines})
    send(now + 10 * SECOND)
    message = only_mail()
    assert message.subject == "Level 1 · Ann Lee: due now"
    for text in (" ".join(message.body.split()), " ".join(html_of(message).split())):
        for part in ("Ann Lee", "Head of Operations", "Acme Ltd", "Olga Owner", "Inside sales", "Europe/Madrid"):
            assert part in text
        assert "Wed 18 Nov 2026, 10:00:10" in text  # due at 09:00:10 UTC
        assert "Level 1 of 3." in text
        assert "Wed 18 Nov, 10:00:20 this goes to: Owner, Owner&#x27;s manager" in text.replace("'", "&#x27;")
        assert f"https://baton.example.org/leads/{clock.lead_id}/" in text
        assert "Only a logged attempt stops the clock" in text
        assert text.index("Asked for a demo (+50)") < text.index("In Spain (+30)") < text.index("Saw prices (+12.5)")
        assert "Opted out" not in text
        assert "Small" not in text


def test_the_decisive_act_is_the_first_reason_and_facts_are_told_in_the_readers_zone(
    clock: Clock, now: datetime
) -> None:
    fact = {"event": "Demo requested", "count": 1, "last": "2026-11-18T08:55:00+00:00"}
    line = {"rule": 1, "part": "fit", "fact": "in plain words"}
    Handoff.objects.update(
        explanation={
            "lines": [{**line, "name": f"Rule {points}", "points": points} for points in (1, 2, 3, 4)],
            "decided": {**line, "name": "Asked for a demo", "points": 0, "facts": [fact]},
        }
    )
    send(now + 10 * SECOND)
    told = [row[2:] for row in str(only_mail().body).splitlines() if row.startswith("- ")]
    assert told == [
        "Asked for a demo: Demo requested on 18 Nov 2026, 09:55 CET",
        "Rule 4 (+4): in plain words",
        "Rule 3 (+3): in plain words",
    ]


@pytest.mark.parametrize(("seconds", "told"), [(14, "due now"), (15, "15 s late"), (59, "59 s late")])
def test_half_a_minute_late_is_late(clock: Clock, now: datetime, seconds: int, told: str) -> None:
    fire(now + 10 * SECOND)
    deliver(now=now + (10 + seconds) * SECOND)
    assert only_mail().subject == f"Level 1 · {clock.lead}: {told}"


def test_the_last_level_says_so_and_how_late_it_is(clock: Clock, now: datetime) -> None:
    for seconds in (10, 20):
        send(now + seconds * SECOND)
    mail.outbox.clear()
    fire(now + 30 * SECOND)
    deliver(now=now + 10 * SECOND + timedelta(hours=3, minutes=20))
    message = only_mail()
    assert "3 h 20 min late" in message.subject
    assert "This is the last level." in message.body


def test_a_reminder_before_the_due_time_says_how_long_is_left(owner: User, now: datetime) -> None:
    quick_policy(seconds=600, ladder=((-300, ("owner",)),))
    build_clock(owner, now=now)
    send(now + timedelta(minutes=5))
    assert "due in 5 min" in only_mail().subject or "due in 4 min" in only_mail().subject


def test_one_reader_reads_their_own_zone_and_language(clock: Clock, now: datetime, executive: User) -> None:
    User.objects.filter(pk=executive.pk).update(time_zone="America/New_York")
    fire(now + 30 * SECOND)
    Notice.objects.exclude(recipients=executive).update(state="withdrawn", next_try_at=None)
    deliver(now=now + 30 * SECOND)
    assert "Wed 18 Nov 2026, 04:00:10" in only_mail().body
    assert "America/New_York" in only_mail().body


def test_several_readers_read_the_owners_zone(clock: Clock, now: datetime, manager: User) -> None:
    User.objects.filter(pk=manager.pk).update(time_zone="America/New_York")
    fire(now + 20 * SECOND)
    Notice.objects.exclude(recipients=manager).update(state="withdrawn", next_try_at=None)
    deliver(now=now + 20 * SECOND)
    assert "Europe/Madrid" in only_mail().body
    assert "America/New_York" not in only_mail().body


def test_the_words_are_the_readers(clock: Clock, now: datetime, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import translation

    seen = []
    real = render_to_string

    def spy(*args: Any) -> str:
        seen.append(translation.get_language())
        return str(real(*args))

    monkeypatch.setattr(letters, "render_to_string", spy)
    User.objects.filter(pk=owner.pk).update(language="pl")
    send(now + 10 * SECOND)
    assert set(seen) == {"pl"}
    assert translation.get_language() == "en"


def test_names_from_outside_break_neither_headers_nor_html(clock: Clock, now: datetime) -> None:
    evil = "Eve\r\nBcc: all@example.org\n\n<script>alert(1)</script>\u202e"
    Lead.objects.filter(pk=clock.lead_id).update(first_name=evil[:150], last_name="")
    send(now + 10 * SECOND)
    message = only_mail()
    assert message.subject.startswith("Level 1 · Eve Bcc: all@example.org <script>")
    assert message.message()["Bcc"] is None
    assert message.message()["To"] == message.to[0]
    assert "<script>" not in html_of(message)
    assert "\nBcc:" not in message.body


def test_a_long_name_is_cut_in_the_subject(clock: Clock, now: datetime) -> None:
    Lead.objects.filter(pk=clock.lead_id).update(first_name="A" * 150, last_name="B" * 150)
    send(now + 10 * SECOND)
    assert len(Notice.objects.get().subject) <= 250
    assert "…" in only_mail().subject


def test_a_late_bundle_lists_everything_and_says_it_is_late(
    clock: Clock, owner: User, now: datetime, manager: User, executive: User
) -> None:
    other = build_clock(owner, now=now)
    send(now + timedelta(hours=2))
    assert sorted(recipients()) == sorted([[owner.email], [manager.email], [executive.email]])
    message = next(message for message in mail.outbox if message.to == [owner.email])
    assert isinstance(message, EmailMultiAlternatives)
    assert message.subject == f"Noticed late: level 2 · {clock.lead} and 1 other lead"
    for text in (str(message.body), html_of(message)):
        assert "Baton was not running" in text
        assert text.count("due Wed 18 Nov 2026, 10:00:10") == 2
        assert text.count("level 1, 2") == 2
        assert f"/leads/{clock.lead_id}/" in text
        assert f"/leads/{other.lead_id}/" in text


def test_a_long_bundle_is_cut_and_says_how_many_more(
    clock: Clock, owner: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MOST_LINES", 3)
    monkeypatch.setattr(delivery, "MOST_ESCALATIONS", 5)
    clocks(owner, 6, now)
    send(now + timedelta(hours=2))
    message = next(message for message in mail.outbox if message.to == [owner.email])
    assert "and 6 other leads" in message.subject
    assert "… and 4 more." in message.body
