"""The inbox: whose rows, in which order, how many queries, and logging without leaving the page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Attempt
from sla.models import Clock
from tests.cast import NOW
from tests.work import build_clock, build_handoff, build_work, policy_version

if TYPE_CHECKING:
    from django.test import Client

    from people.models import User
    from tests.cast import MakeLead

HTMX = {"HX-Request": "true"}


@pytest.fixture
def soon() -> Any:
    return timezone.now() + timedelta(minutes=3)


def names(response: Any) -> list[str]:
    return [row["name"].removeprefix("Lea ") for row in response.context["inbox"].due]


def in_work(response: Any) -> list[str]:
    return [row["name"].removeprefix("Lea ") for row in response.context["inbox"].in_work]


def test_shows_what_is_due_first_on_top(client: Client, owner: User, make_lead: MakeLead, soon: Any) -> None:
    for last_name, minutes in (("Third", 60), ("First", -5), ("Second", 0)):
        build_work(make_lead("mql", last_name=last_name), owner, due_at=soon + timedelta(minutes=minutes))
    client.force_login(owner)
    assert names(client.get(reverse("inbox"))) == ["First", "Second", "Third"]


def test_shows_nobody_elses_leads(
    client: Client, owner: User, colleague: User, other_team_sdr: User, make_lead: MakeLead, soon: Any
) -> None:
    build_work(make_lead("mql", last_name="Mine"), owner, due_at=soon)
    build_work(make_lead("mql", last_name="Theirs"), colleague, due_at=soon)
    build_work(make_lead("mql", last_name="Elsewhere"), other_team_sdr, due_at=soon)
    client.force_login(owner)
    assert names(client.get(reverse("inbox"))) == ["Mine"]


def test_says_why_the_lead_is_here(client: Client, owner: User, make_lead: MakeLead, soon: Any) -> None:
    lead = make_lead("mql", phone="+34 600 1", source="Trade fair", company="Acme")
    build_work(lead, owner, due_at=soon)
    client.force_login(owner)
    page = client.get(reverse("inbox")).content.decode()
    for text in ("Works in education", "+20", "Visited pricing", "+1 more", "tel:+346001", "Trade fair", "Acme"):
        assert text in page
    assert f"mailto:{lead.email}" in page
    assert 'data-warn-seconds="120"' in page


@pytest.mark.parametrize(
    ("facts", "no_call", "no_mail"),
    [
        ({"do_not_call": True}, True, False),
        ({"do_not_email": True}, False, True),
        ({"consent": "withdrawn", "consent_at": NOW}, False, True),
    ],
)
def test_offers_no_link_to_what_they_do_not_want(
    client: Client, owner: User, make_lead: MakeLead, soon: Any, facts: dict[str, Any], no_call: bool, no_mail: bool
) -> None:
    lead = make_lead("mql", phone="+34 600 1", **facts)
    build_work(lead, owner, due_at=soon)
    client.force_login(owner)
    page = client.get(reverse("inbox")).content.decode()
    assert ("tel:" in page, "Do not call" in page) == (not no_call, no_call)
    assert ("mailto:" in page, "Do not e-mail" in page) == (not no_mail, no_mail)
    assert "+34 600 1" in page
    assert lead.email in page


def test_a_lead_without_a_running_clock_is_in_work(client: Client, owner: User, make_lead: MakeLead, soon: Any) -> None:
    build_work(make_lead("mql", last_name="Waiting"), owner, due_at=soon)
    build_handoff(make_lead("mql", last_name="Touched"), owner, at=soon)
    closed = build_handoff(make_lead("mql", last_name="Closed"), owner, at=soon)
    closed.closed_at = soon
    closed.save()
    client.force_login(owner)
    page = client.get(reverse("inbox"))
    assert names(page) == ["Waiting"]
    assert in_work(page) == ["Touched"]
    assert in_work(client.get(reverse("inbox"), {"show": "work"})) == ["Touched"]


def test_says_so_when_nothing_waits(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert "Nothing waits for you" in client.get(reverse("inbox")).content.decode()


def test_pages_by_key_and_back(client: Client, owner: User, make_lead: MakeLead, soon: Any) -> None:
    for number in range(60):
        build_work(make_lead("mql", last_name=f"{number:02}"), owner, due_at=soon + timedelta(minutes=number // 7))
    client.force_login(owner)
    first = client.get(reverse("inbox"))
    second = client.get(reverse("inbox") + first.context["inbox"].page.next_url)
    again = client.get(reverse("inbox") + second.context["inbox"].page.previous_url)
    assert names(first) + names(second) == [f"{number:02}" for number in range(60)]
    assert names(again) == names(first)
    assert second.context["inbox"].page.next_url == ""


@pytest.mark.parametrize("position", ["x", "2026-01-01~1", "2026-01-01T00:00:00+00:00~x", "~", f"~{10**30}"])
def test_refuses_a_page_that_is_none(client: Client, owner: User, position: str) -> None:
    client.force_login(owner)
    assert client.get(reverse("inbox"), {"after": position}).status_code == 400


def test_asks_the_same_number_of_queries_for_one_row_and_for_fifty(
    client: Client, owner: User, make_lead: MakeLead, soon: Any, django_assert_max_num_queries: Any
) -> None:
    client.force_login(owner)
    for count in (1, 50):
        for number in range(count):
            lead = make_lead("mql", company=f"Company {number}", source=f"Source {number}")
            build_work(lead, owner, due_at=soon)
            Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=soon)
            build_handoff(make_lead("mql"), owner, at=soon)
        with django_assert_max_num_queries(6):
            client.get(reverse("inbox"))


def test_the_list_asks_little_while_nothing_changes(
    client: Client, owner: User, colleague: User, make_lead: MakeLead, soon: Any, django_assert_max_num_queries: Any
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=soon)
    client.force_login(owner)
    etag = client.get(reverse("inbox")).context["etag"]
    with django_assert_max_num_queries(3):
        assert client.get(reverse("inbox-live"), headers={"If-None-Match": etag}).status_code == 304
    build_work(make_lead("mql", last_name="New"), owner, due_at=soon)
    fresh = client.get(reverse("inbox-live"), headers={"If-None-Match": etag})
    assert "New" in fresh.content.decode()
    assert "<html" not in fresh.content.decode()
    Clock.objects.filter(pk=clock.pk).update(owner=colleague)
    again = client.get(reverse("inbox-live"), headers={"If-None-Match": fresh.headers["ETag"]})
    assert again.status_code == 200


def test_logs_a_call_and_keeps_the_promise(client: Client, owner: User, make_lead: MakeLead, soon: Any) -> None:
    clock = build_work(make_lead("mql", first_name="Ana", last_name="Nowak"), owner, due_at=soon)
    client.force_login(owner)
    url = reverse("attempt-create", args=[clock.lead_id])
    panel = client.get(url, {"channel": "call"}, headers={**HTMX, "HX-Target": f"log-{clock.lead_id}"})
    assert "No answer" in panel.content.decode()
    assert "Bounced" not in panel.content.decode()
    answer = client.post(
        url,
        {"channel": "call", "outcome": "no_answer", "note": "Later"},
        headers={**HTMX, "HX-Target": f"lead-{clock.lead_id}"},
    )
    assert answer.status_code == 200
    assert "The promise was kept." in answer.content.decode()
    clock.refresh_from_db()
    attempt = Attempt.objects.get()
    assert (clock.state, clock.stopped_by) == ("met", attempt)
    assert (attempt.note, attempt.user) == ("Later", owner)


def test_says_that_an_attempt_came_late(client: Client, owner: User, make_lead: MakeLead) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=timezone.now() - timedelta(minutes=1))
    client.force_login(owner)
    answer = client.post(
        reverse("attempt-create", args=[clock.lead_id]), {"channel": "call", "outcome": "busy"}, headers=HTMX
    )
    assert "The clock has stopped, late." in answer.content.decode()


def test_an_attempt_that_does_not_count_says_so_and_the_clock_runs_on(
    client: Client, owner: User, make_lead: MakeLead, soon: Any
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=soon)
    assert not policy_version().sequence.counts(channel="email", outcome="bounced")
    client.force_login(owner)
    answer = client.post(
        reverse("attempt-create", args=[clock.lead_id]), {"channel": "email", "outcome": "bounced"}, headers=HTMX
    )
    page = answer.content.decode()
    assert "so the clock runs on" in page
    assert "data-countdown" in page
    clock.refresh_from_db()
    assert clock.state == "running"


@pytest.mark.parametrize(
    "data",
    [
        {"channel": "call"},
        {"channel": "call", "outcome": "sent"},
        {"channel": "pigeon", "outcome": "sent"},
        {"channel": "call", "outcome": "busy", "note": "x" * 5001},
        {},
    ],
)
def test_refuses_an_attempt_that_is_none(
    client: Client, owner: User, make_lead: MakeLead, soon: Any, data: dict[str, str]
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=soon)
    client.force_login(owner)
    url = reverse("attempt-create", args=[clock.lead_id])
    plain = client.post(url, data)
    swapped = client.post(url, data, headers={**HTMX, "HX-Target": f"lead-{clock.lead_id}"})
    assert (plain.status_code, swapped.status_code) == (422, 422)
    assert swapped.headers["HX-Retarget"] == f"#log-{clock.lead_id}"
    assert not Attempt.objects.exists()


def test_works_as_a_plain_form_and_goes_back_where_it_came_from(
    client: Client, owner: User, make_lead: MakeLead, soon: Any
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=soon)
    client.force_login(owner)
    url = reverse("attempt-create", args=[clock.lead_id])
    assert "Log an attempt" in client.get(url, {"channel": "email", "next": "/inbox/"}).content.decode()
    there = client.post(url, {"channel": "email", "outcome": "sent", "next": "/inbox/?after=x"})
    assert there.headers["Location"] == "/inbox/?after=x"
    for wrong in ("https://evil.example/", "//evil.example/", "inbox", "no such view", "%s"):
        elsewhere = client.post(url, {"channel": "email", "outcome": "sent", "next": wrong})
        assert elsewhere.headers["Location"] == reverse("lead-detail", args=[clock.lead_id])


def test_a_colleague_may_look_but_not_log(
    client: Client, owner: User, colleague: User, other_team_sdr: User, make_lead: MakeLead, soon: Any
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=soon)
    url = reverse("attempt-create", args=[clock.lead_id])
    data = {"channel": "call", "outcome": "busy"}
    for user, status in ((colleague, 403), (other_team_sdr, 404)):
        client.force_login(user)
        assert client.post(url, data).status_code == status
        assert client.get(url).status_code == status
    assert not Attempt.objects.exists()


def test_the_manager_logs_for_their_people(
    client: Client, owner: User, manager: User, make_lead: MakeLead, soon: Any
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=soon)
    client.force_login(manager)
    assert client.post(reverse("attempt-create", args=[clock.lead_id]), {"channel": "call", "outcome": "busy"}).headers[
        "Location"
    ] == reverse("lead-detail", args=[clock.lead_id])
    assert Attempt.objects.get().user == manager


def test_switches_taking_leads_off_and_on(client: Client, owner: User) -> None:
    client.force_login(owner)
    for data, expected in (({}, False), ({"takes_leads": "on"}, True)):
        assert client.post(reverse("availability"), data).status_code == 302
        owner.refresh_from_db()
        assert owner.takes_leads is expected


def test_only_those_who_get_leads_by_turns_switch_it(client: Client, owner: User, ae: User, manager: User) -> None:
    for user, offered in ((owner, True), (ae, False), (manager, False)):
        client.force_login(user)
        text = client.get(reverse("inbox")).content.decode()
        assert (reverse("availability") in text, "when it is reassigned" not in text) == (offered, offered), user


def test_the_first_page_is_where_the_day_starts(client: Client, everybody: dict[str, User]) -> None:
    starts = {
        "sdr": "inbox",
        "ae": "inbox",
        "manager": "board",
        "executive": "board",
        "marketer": "scoring-model",
        "administrator": "person-list",
    }
    for role, route in starts.items():
        client.force_login(everybody[role])
        assert client.get("/").headers["Location"] == reverse(route)


def test_two_clocks_of_one_lead_never_happen_in_a_list(
    client: Client, owner: User, make_lead: MakeLead, soon: Any
) -> None:
    """A lead handed off again after an earlier promise was met stands once, with the clock that runs."""
    lead = make_lead("mql")
    old = build_handoff(lead, owner, at=soon - timedelta(days=9))
    build_clock(old, due_at=soon - timedelta(days=9), state="met", stopped_at=soon - timedelta(days=9), next_at=None)
    old.closed_at = soon - timedelta(days=8)
    old.save()
    clock = build_work(lead, owner, due_at=soon)
    client.force_login(owner)
    page = client.get(reverse("inbox"))
    assert [row["due_at"] for row in page.context["inbox"].due] == [clock.due_at]
    assert in_work(page) == []
