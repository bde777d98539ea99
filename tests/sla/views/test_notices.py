"""Notices: who sees which, what a row tells, the text as sent, and trying again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sla.models import Escalation
from tests.work import build_notice, build_work

if TYPE_CHECKING:
    from django.test import Client

    from people.models import User
    from sla.models import Clock
    from tests.cast import MakeLead

NOW = timezone.now()


@pytest.fixture
def clock(owner: User, make_lead: MakeLead) -> Clock:
    return build_work(make_lead("mql", last_name="Nowak"), owner, due_at=NOW - timedelta(minutes=30))


def shown(response: Any) -> list[int]:
    return [notice.pk for notice, _may_retry in response.context["rows"]]


def test_who_sees_which(
    client: Client, everybody: dict[str, User], other_manager: User, clock: Clock, make_lead: MakeLead
) -> None:
    mine = build_notice(clock, clock.owner)  # type: ignore[arg-type]  # it has one
    theirs_clock = build_work(make_lead("mql"), everybody["other_team_sdr"], due_at=NOW)
    theirs = build_notice(theirs_clock, everybody["other_team_sdr"], everybody["executive"])
    expected = {
        "sdr": [mine.pk],
        "colleague": [],
        "other_team_sdr": [theirs.pk],
        "ae": [],
        "manager": [mine.pk],
        "marketer": [theirs.pk, mine.pk],
        "executive": [theirs.pk, mine.pk],
        "administrator": [theirs.pk, mine.pk],
    }
    for role, pks in expected.items():
        client.force_login(everybody[role])
        assert shown(client.get(reverse("notice-list"))) == pks, role
        status = 200 if mine.pk in pks else 404
        assert client.get(reverse("notice-detail", args=[mine.pk])).status_code == status, role
    client.force_login(other_manager)
    assert shown(client.get(reverse("notice-list"))) == [theirs.pk]


@pytest.mark.parametrize(("role", "readable"), [("sdr", False), ("manager", False), ("executive", True)])
def test_a_bundle_about_others_leads_too_is_read_by_whom_it_was_sent_to(
    client: Client, everybody: dict[str, User], role: str, readable: bool, clock: Clock, make_lead: MakeLead
) -> None:
    strange = build_work(make_lead("mql"), everybody["other_team_sdr"], due_at=NOW)
    bundle = build_notice(clock, everybody["executive"])
    bundle.escalations.add(build_notice(strange, everybody["executive"]).escalations.get())
    url = reverse("notice-detail", args=[bundle.pk])
    client.force_login(everybody[role])
    assert client.get(url).status_code == (200 if readable else 404)
    bundle.recipients.add(everybody[role])
    assert client.get(url).status_code == 200


def test_a_row_tells_to_whom_about_which_lead_why_and_each_try(
    client: Client, owner: User, manager: User, clock: Clock
) -> None:
    notice = build_notice(clock, owner, manager, level=2, state="pending", tries=2)
    notice.delivery_tries.create(tried_at=NOW, ok=False, detail="451 come back later")
    client.force_login(manager)
    page = client.get(reverse("notice-list")).content.decode()
    for text in ("Olga Owner", "Max Manager", "Lea Nowak", "Level 2 of First touch", "451 come back later", "Waiting"):
        assert text in page
    assert "2 tries" in page


def test_filters_by_state(client: Client, executive: User, owner: User, clock: Clock) -> None:
    sent = build_notice(clock, owner)
    failed = build_notice(clock, owner, level=2, state="failed")
    client.force_login(executive)
    assert shown(client.get(reverse("notice-list"), {"state": "failed"})) == [failed.pk]
    assert shown(client.get(reverse("notice-list"), {"state": "sent"})) == [sent.pk]
    assert client.get(reverse("notice-list"), {"state": "lost"}).status_code == 400


def test_pages(client: Client, executive: User, owner: User, clock: Clock) -> None:
    notices = [build_notice(clock, owner).pk for _ in range(55)]
    client.force_login(executive)
    first = client.get(reverse("notice-list"))
    second = client.get(reverse("notice-list") + first.context["page"].next_url)
    assert shown(first) + shown(second) == notices[::-1]


def test_a_bundle_shows_a_few_leads_and_how_many_there_are(
    client: Client, owner: User, executive: User, clock: Clock, make_lead: MakeLead
) -> None:
    notice = build_notice(clock, owner)
    for number in range(9):
        other = build_work(make_lead("mql", last_name=f"Bundled{number}"), owner, due_at=NOW)
        notice.escalations.add(Escalation.objects.create(clock=other, level=1, level_at=NOW, recorded_at=NOW))
    client.force_login(executive)
    page = client.get(reverse("notice-list")).content.decode()
    assert page.count("Bundled") == 4
    assert "all 10 leads" in page
    assert client.get(reverse("notice-detail", args=[notice.pk])).content.decode().count("Bundled") == 9


def test_asks_as_many_queries_for_one_as_for_fifty(
    client: Client, executive: User, owner: User, make_lead: MakeLead
) -> None:
    client.force_login(executive)
    counts = []
    for count in (1, 50):
        for _number in range(count):
            notice = build_notice(build_work(make_lead("mql"), owner, due_at=NOW), owner)
            notice.delivery_tries.create(tried_at=NOW, ok=True, detail="250 ok")
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("notice-list"))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_live_list_changes_with_the_state_of_a_row(
    client: Client, executive: User, owner: User, clock: Clock
) -> None:
    notice = build_notice(clock, owner, state="pending")
    client.force_login(executive)
    etag = client.get(reverse("notice-list")).context["etag"]
    live = reverse("notice-list-live")
    assert client.get(live, headers={"If-None-Match": etag}).status_code == 304
    notice.state, notice.sent_at, notice.next_try_at = "sent", NOW, None
    notice.save()
    assert client.get(live, headers={"If-None-Match": etag}).status_code == 200


def test_shows_the_text_as_sent_and_nothing_of_it_runs(client: Client, owner: User, clock: Clock) -> None:
    notice = build_notice(clock, owner, subject="Nowak is late", body="Call <script>alert(1)</script>")
    client.force_login(owner)
    page = client.get(reverse("notice-detail", args=[notice.pk])).content.decode()
    assert "Nowak is late" in page
    assert "Call &lt;script&gt;" in page
    assert notice.message_id.strip("<>") in page


def test_tries_again_what_failed_or_waits(client: Client, manager: User, owner: User, clock: Clock) -> None:
    failed = build_notice(clock, owner, state="failed")
    sent = build_notice(clock, owner, level=2)
    client.force_login(manager)
    for notice, state in ((failed, "pending"), (sent, "sent")):
        there = client.post(reverse("notice-retry", args=[notice.pk]))
        assert there.headers["Location"] == reverse("notice-detail", args=[notice.pk])
        notice.refresh_from_db()
        assert notice.state == state


def test_only_who_sees_the_system_tries_again(client: Client, owner: User, other_manager: User, clock: Clock) -> None:
    failed = build_notice(clock, owner, state="failed")
    for user, status in ((owner, 403), (other_manager, 404)):
        client.force_login(user)
        assert client.post(reverse("notice-retry", args=[failed.pk])).status_code == status
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_says_so_when_there_is_none(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert "No messages here" in client.get(reverse("notice-list")).content.decode()
