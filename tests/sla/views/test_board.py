"""The SLA board: whose clocks, the counts by team and rep, the lists, and reassigning several at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sla.models import Clock
from tests.work import build_clock, build_handoff, build_work

if TYPE_CHECKING:
    from django.test import Client

    from people.models import User
    from tests.cast import MakeLead


@pytest.fixture
def busy(owner: User, colleague: User, other_team_sdr: User, make_lead: MakeLead) -> dict[str, Clock]:
    """Late, due soon and calm clocks of the owner, one nobody owns, and one of another team."""
    now = timezone.now()
    late = build_work(make_lead("mql", last_name="Late"), owner, due_at=now - timedelta(minutes=10))
    soon = build_work(make_lead("mql", last_name="Soon"), owner, due_at=now + timedelta(minutes=1))
    calm = build_work(make_lead("mql", last_name="Calm"), owner, due_at=now + timedelta(minutes=90), minutes=100)
    queue = build_work(make_lead("mql", last_name="Queue"), None, due_at=now - timedelta(minutes=1), team=owner.team)
    other = build_work(make_lead("mql", last_name="Other"), other_team_sdr, due_at=now - timedelta(minutes=1))
    return {"late": late, "soon": soon, "calm": calm, "queue": queue, "other": other}


def names(response: Any) -> list[str]:
    return [row["name"].removeprefix("Lea ") for _clock, row in response.context["rows"]]


def standings(response: Any) -> dict[str, tuple[int, int, int]]:
    return {
        rep.name or "–": (rep.standing.breached, rep.standing.soon, rep.standing.waiting)
        for team in response.context["board"].teams
        for rep in team.reps
    }


def test_counts_by_rep_the_idle_included(client: Client, manager: User, busy: dict[str, Clock]) -> None:
    client.force_login(manager)
    board = client.get(reverse("board"))
    assert standings(board) == {"–": (1, 0, 1), "Olga Owner": (1, 1, 3), "Carl Colleague": (0, 0, 0)}
    total = board.context["board"].total
    assert (total.breached, total.soon, total.waiting) == (2, 1, 4)
    assert total.oldest == min(clock.started_at for name, clock in busy.items() if name != "other")
    assert board.context["board"].unassigned.waiting == 1


def test_a_manager_sees_their_people_and_an_executive_everybody(
    client: Client, other_manager: User, executive: User, busy: dict[str, Clock]
) -> None:
    client.force_login(other_manager)
    assert names(client.get(reverse("board"))) == ["Other"]
    client.force_login(executive)
    assert set(names(client.get(reverse("board")))) == {"Late", "Queue", "Other"}


def test_of_many_teams_only_the_chosen_one_shows_its_people(
    client: Client, executive: User, owner: User, busy: dict[str, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(executive)
    here = f"team={owner.team_id}&amp;owner={owner.pk}"
    assert here in client.get(reverse("board")).content.decode()

    monkeypatch.setattr("sla.views.board.TEAMS_UNFOLDED", 1)

    assert here not in client.get(reverse("board")).content.decode()
    assert here in client.get(reverse("board"), {"team": str(owner.team_id)}).content.decode()


def test_each_row_says_who_has_it(client: Client, manager: User, busy: dict[str, Clock]) -> None:
    client.force_login(manager)

    html = client.get(reverse("board")).content.decode()
    late, queue = (html.split(f'id="clock-{busy[name].pk}"')[1].split("</article>")[0] for name in ("late", "queue"))

    assert "Olga Owner" in late
    assert "Unassigned" not in late
    assert "Unassigned" in queue


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Late", "Queue"]),
        ({"state": "soon"}, ["Soon"]),
        ({"state": "waiting"}, ["Late", "Queue", "Soon", "Calm"]),
        ({"owner": "none"}, ["Queue"]),
        ({"team": "987654"}, []),
    ],
)
def test_lists_what_is_asked_for(
    client: Client, manager: User, busy: dict[str, Clock], query: dict[str, str], expected: list[str]
) -> None:
    client.force_login(manager)
    assert names(client.get(reverse("board"), query)) == expected


def test_lists_what_one_rep_has(client: Client, manager: User, owner: User, busy: dict[str, Clock]) -> None:
    client.force_login(manager)
    query = {"owner": str(owner.pk), "team": str(owner.team_id), "state": "waiting"}
    assert names(client.get(reverse("board"), query)) == ["Late", "Soon", "Calm"]


@pytest.mark.parametrize(
    "query", [{"state": "x"}, {"team": "x"}, {"owner": "x"}, {"owner": str(10**30)}, {"after": "x"}]
)
def test_refuses_a_list_that_is_none(client: Client, manager: User, query: dict[str, str]) -> None:
    client.force_login(manager)
    assert client.get(reverse("board"), query).status_code == 400


def test_says_so_when_nothing_is_late(client: Client, manager: User, owner: User) -> None:
    client.force_login(manager)
    assert "Nothing is late" in client.get(reverse("board")).content.decode()


def test_asks_as_many_queries_for_one_row_as_for_fifty(
    client: Client, manager: User, owner: User, make_lead: MakeLead
) -> None:
    client.force_login(manager)
    counts = []
    for count in (1, 50):
        for number in range(count):
            build_work(make_lead("mql", company=f"C{number}"), owner, due_at=timezone.now() - timedelta(minutes=9))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("board"))
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 9


def test_the_live_board_changes_with_any_number_on_it(
    client: Client, manager: User, owner: User, make_lead: MakeLead
) -> None:
    client.force_login(manager)
    etag = client.get(reverse("board")).context["etag"]
    headers = {"If-None-Match": etag}
    assert client.get(reverse("board-live"), headers=headers).status_code == 304
    clock = build_work(
        make_lead("mql", last_name="New"), owner, due_at=timezone.now() + timedelta(minutes=30), minutes=60
    )
    fresh = client.get(reverse("board-live"), {"state": "waiting"}, headers=headers)
    assert "New" in fresh.content.decode()
    same = {"If-None-Match": fresh.headers["ETag"]}
    assert client.get(reverse("board-live"), {"state": "waiting"}, headers=same).status_code == 304
    Clock.objects.filter(pk=clock.pk).update(
        due_at=timezone.now() - timedelta(minutes=1), warn_at=timezone.now() - timedelta(minutes=2)
    )
    assert client.get(reverse("board-live"), {"state": "waiting"}, headers=same).status_code == 200


def test_reassigns_several_at_once_and_keeps_their_waiting_time(
    client: Client, manager: User, colleague: User, busy: dict[str, Clock]
) -> None:
    client.force_login(manager)
    chosen = [busy["late"], busy["queue"]]
    back = reverse("board") + "?state=waiting"
    data = {"handoffs": [clock.handoff_id for clock in chosen], "to": colleague.pk, "next": back}
    assert client.post(reverse("handoffs-reassign"), data).headers["Location"] == back
    for clock in chosen:
        moved = Clock.objects.select_related("lead").get(pk=clock.pk)
        assert (moved.owner, moved.lead.owner, moved.due_at) == (colleague, colleague, clock.due_at)
    client.force_login(colleague)
    inbox = client.get(reverse("inbox"))
    assert [row["name"] for row in inbox.context["inbox"].due] == ["Lea Late", "Lea Queue"]


def test_reassigns_all_or_none(client: Client, manager: User, colleague: User, busy: dict[str, Clock]) -> None:
    client.force_login(manager)
    mine, other = busy["late"], busy["other"]
    for data in (
        {"handoffs": [mine.handoff_id, other.handoff_id], "to": colleague.pk},
        {"handoffs": [mine.handoff_id], "to": ""},
        {"handoffs": ["x"], "to": colleague.pk},
        {"to": colleague.pk},
    ):
        assert client.post(reverse("handoffs-reassign"), data).status_code == 422
    mine.refresh_from_db()
    assert mine.owner != colleague


def test_only_who_may_reassign_is_offered_it(
    client: Client, owner: User, executive: User, colleague: User, busy: dict[str, Clock]
) -> None:
    client.force_login(executive)
    board = client.get(reverse("board"))
    assert board.context["reassign_form"] is None
    assert 'type="checkbox"' not in board.content.decode()
    data = {"handoffs": [busy["late"].handoff_id], "to": colleague.pk}
    assert client.post(reverse("handoffs-reassign"), data).status_code == 403
    client.force_login(owner)
    assert client.get(reverse("board")).status_code == 403


def test_pages_of_the_board(client: Client, manager: User, owner: User, make_lead: MakeLead) -> None:
    due = timezone.now() - timedelta(hours=2)
    for number in range(55):
        handoff = build_handoff(make_lead("mql", last_name=f"{number:02}"), owner, at=due)
        build_clock(handoff, due_at=due + timedelta(minutes=number))
    client.force_login(manager)
    first = client.get(reverse("board"))
    second = client.get(reverse("board") + first.context["page"].next_url)
    assert names(first) + names(second) == [f"{number:02}" for number in range(55)]
