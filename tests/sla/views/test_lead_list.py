from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import ExternalId, Lead, LifecycleStage, Source
from people.models import User
from tests.cast import NOW, MakeLead, MakeUser

URL = reverse("lead-list")


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(URL + query)
    assert response.status_code == 200
    return [row["last_name"] for row in response.context["page"].rows]


def test_everybody_sees_what_they_may(
    client: Client,
    make_lead: MakeLead,
    owner: User,
    colleague: User,
    other_team_sdr: User,
    marketer: User,
    manager: User,
) -> None:
    for last_name, person in (("Mine", owner), ("Team", colleague), ("Other", other_team_sdr), ("Nobody", None)):
        make_lead(last_name=last_name, owner=person)

    seen = {}
    for user in (owner, other_team_sdr, manager, marketer):
        client.force_login(user)
        seen[user.role, user.name] = set(names(client))

    assert seen["sdr", owner.name] == {"Mine", "Team"}
    assert seen["sdr", other_team_sdr.name] == {"Other"}
    assert seen["manager", manager.name] == {"Mine", "Team", "Nobody"}
    assert seen["marketer", marketer.name] == {"Mine", "Team", "Other", "Nobody"}


def test_the_list_shows_exactly_what_is_visible(
    make_lead: MakeLead, make_user: MakeUser, everybody: dict[str, User]
) -> None:
    loner = make_user(team=None)
    for person in (*everybody.values(), loner, None):
        make_lead(owner=person)

    for user in (*everybody.values(), loner):
        listed = set(Lead.objects.listed_for(user).values_list("pk", flat=True))
        assert listed == set(Lead.objects.visible_to(user).values_list("pk", flat=True))
        assert listed


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zo", {"Zolnay"}),
        ("zolnay", {"Zolnay"}),
        ("ANNA", {"Adams"}),
        ("anna ad", {"Adams"}),
        ("anna zolnay", set()),
        ("acme", {"Adams"}),
        ("z.olnay@", {"Zolnay"}),
        ("00Qx7", {"Zolnay"}),
        ("lnay", set()),
        ("%", set()),
    ],
)
def test_search_finds_beginnings(
    client: Client, make_lead: MakeLead, marketer: User, typed: str, found: set[str]
) -> None:
    make_lead(first_name="Anna", last_name="Adams", email="a@customer.example", company="Acme Ltd")
    zolnay = make_lead(first_name="Bea", last_name="Zolnay", email="z.olnay@customer.example")
    ExternalId.objects.create(lead=zolnay, system="crm", value="00Qx7")
    client.force_login(marketer)

    assert set(names(client, f"?q={typed}")) == found


def test_filters_narrow(client: Client, make_lead: MakeLead, marketer: User, owner: User) -> None:
    fair = Source.objects.create(name="Fair")
    make_lead("mql", last_name="One", owner=owner, source=fair)
    make_lead("lead", last_name="Two", status="attempting")
    mql = LifecycleStage.objects.get(key="mql")
    attempting = Lead.objects.get(last_name="Two").status
    client.force_login(marketer)

    assert names(client, f"?stage={mql.pk}") == ["One"]
    assert names(client, f"?status={attempting.pk}") == ["Two"]
    assert names(client, f"?owner={owner.pk}") == ["One"]
    assert names(client, "?owner=null") == ["Two"]
    assert names(client, f"?source={fair.pk}&stage={mql.pk}") == ["One"]


@pytest.mark.parametrize("query", ["?stage=999999", "?owner=x", "?q=%00", "?q=" + "x" * 201])
def test_a_filter_that_makes_no_sense_is_no_error(client: Client, marketer: User, query: str) -> None:
    client.force_login(marketer)

    assert client.get(URL + query).status_code == 200


@pytest.mark.parametrize("query", ["?after=x", "?before=-1", "?after=99999999999999999999"])
def test_a_page_that_is_none_is_refused(client: Client, marketer: User, query: str) -> None:
    client.force_login(marketer)

    assert client.get(URL + query).status_code == 400


def test_pages_of_fifty_there_and_back(client: Client, make_lead: MakeLead, marketer: User) -> None:
    for number in range(120):
        make_lead(last_name=f"L{number}", captured_at=NOW - timedelta(hours=number))
    client.force_login(marketer)

    pages, url = [], URL + "?q=lea"
    while url:
        page = client.get(url).context["page"]
        pages.append([row["last_name"] for row in page.rows])
        url = URL + page.next_url if page.next_url else ""
    back = client.get(URL + page.previous_url).context["page"]

    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert [name for rows in pages for name in rows] == [f"L{number}" for number in range(119, -1, -1)]
    assert [row["last_name"] for row in back.rows] == pages[1]
    assert "q=lea" in back.next_url
    assert client.get(URL + back.previous_url).context["page"].previous_url == ""


def test_the_number_of_queries_does_not_grow(
    client: Client, make_lead: MakeLead, make_user: MakeUser, marketer: User
) -> None:
    client.force_login(marketer)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        return len(queries)

    make_lead(company="Acme", source="Fair", owner=make_user())
    few = count()
    for number in range(20):
        make_lead(company=f"Acme {number}", source=f"Fair {number}", owner=make_user())

    assert count() == few


def test_empty_states_say_what_to_do(client: Client, owner: User, marketer: User) -> None:
    client.force_login(marketer)
    assert "No leads yet" in client.get(URL).content.decode()
    assert "No lead is like that" in client.get(URL + "?q=x").content.decode()

    client.force_login(owner)
    assert "No leads yet" in client.get(URL).content.decode()
    assert client.post(URL).status_code == 405
