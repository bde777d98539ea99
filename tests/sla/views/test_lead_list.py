from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import CustomField, ExternalId, Lead, LifecycleStage, ListChoice, Source
from people.models import User
from sla.columns import columns
from sla.ordering import ORDERS
from sla.views.leads import narrowed, neighbours
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


def test_the_order_is_that_of_the_head_pressed(client: Client, make_lead: MakeLead, marketer: User) -> None:
    for last_name, stage in (("Bo", "mql"), ("Ána", "subscriber"), ("Cy", "customer")):
        make_lead(stage, first_name="", last_name=last_name)
    client.force_login(marketer)

    assert names(client, "?sort=name") == ["Ána", "Bo", "Cy"]
    assert names(client, "?sort=-name") == ["Cy", "Bo", "Ána"]
    assert names(client, "?sort=stage") == ["Ána", "Bo", "Cy"]
    assert names(client, "?sort=nonsense") == ["Cy", "Ána", "Bo"]
    assert 'aria-sort="ascending"' in client.get(URL + "?sort=name").content.decode()


def test_by_htmx_only_the_results_come(client: Client, told: None, marketer: User) -> None:
    client.force_login(marketer)

    response = client.get(URL, {"q": "one", "stage": ""}, headers={"HX-Request": "true", "HX-Target": "lead-results"})

    html = response.content.decode()
    assert "One" in html
    assert "<html" not in html
    assert 'id="lead-filter"' not in html
    assert response["HX-Push-Url"] == f"{URL}?q=one"
    restored = {"HX-Request": "true", "HX-Target": "lead-results", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get(URL, {"q": "one"}, headers=restored).content.decode()


def test_the_count_is_exact_up_to_a_point(
    client: Client, make_lead: MakeLead, marketer: User, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(4):
        make_lead(owner=owner)
    client.force_login(marketer)

    def said(query: str = "") -> str:
        return client.get(reverse("lead-count") + query).content.decode().strip()

    assert said() == "4 leads"
    assert said("?q=nobody") == "0 leads"
    monkeypatch.setattr("sla.listing.COUNTED", 4)
    assert said() == "4 leads"
    monkeypatch.setattr("sla.listing.COUNTED", 3)
    assert said() == "more than 3 leads"


def test_columns_are_chosen_and_remembered(client: Client, told: None, marketer: User) -> None:
    client.force_login(marketer)
    columns = ["phone", "custom_seats", "custom_vip", "custom_renewal", "touched", "persona", "no_such_column"]

    response = client.post(reverse("list-columns"), {"column": columns, "query": "q=one"})

    assert response["Location"] == f"{URL}?q=one&view=all"
    html = client.get(URL).content.decode()
    for text in ("+34 600", ">20<", ">Yes<", "1 Dec 2026", "Paula"):
        assert text in html
    assert "Acme" not in html
    CustomField.objects.filter(key="seats").delete()
    assert client.get(URL).status_code == 200
    client.post(reverse("list-columns"), {"query": ""})
    assert "Acme" in client.get(URL).content.decode()


def test_every_column_is_shown_in_few_queries(
    client: Client, told: None, marketer: User, make_lead: MakeLead, make_user: MakeUser
) -> None:
    client.force_login(marketer)
    known = columns(list(CustomField.objects.all()))

    def count(names: list[str]) -> int:
        ListChoice.objects.update_or_create(user=marketer, defaults={"columns": names})
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        return len(queries)

    for start in range(0, len(known), 16):
        names = list(known)[start : start + 16]
        few = count(names)
        for number in range(3):
            make_lead(company=f"Acme {start} {number}", source=f"Fair {start} {number}", owner=make_user())
        assert count(names) == few


def test_narrowed_is_the_list_in_its_order(client: Client, make_lead: MakeLead, marketer: User, owner: User) -> None:
    for number in range(12):
        make_lead(("lead", "mql")[number % 2], last_name=f"N{number % 5}", company=(None, "Acme")[number % 2])
    client.force_login(marketer)

    for sort in ["", *ORDERS, *(f"-{one}" for one in ORDERS)]:
        listed = [row["pk"] for row in client.get(f"{URL}?sort={sort}&q=lea").context["page"].rows]
        assert [lead.pk for lead in narrowed(QueryDict(f"sort={sort}&q=lea"), marketer)] == listed
        assert len(listed) == 12
    few = listed[2:4]
    ticked = QueryDict("&".join(f"lead={pk}" for pk in few))
    assert {lead.pk for lead in narrowed(ticked, marketer)} == set(few)
    assert narrowed(ticked, owner).count() == 0, "nobody's leads are not an SDR's to see"
    assert narrowed(QueryDict("all=1&lead=1&query=q%3Dn3"), marketer).count() == 2


@pytest.mark.parametrize("sort", ["", "name", "-score", "stage", "touched"])
def test_the_neighbours_of_a_lead(
    make_lead: MakeLead, marketer: User, sort: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(7):
        make_lead(("lead", "mql")[number % 2], last_name=f"N{number % 3}")
    query = f"sort={sort}&q=lea"
    rows = list(narrowed(QueryDict(query), marketer))

    for place, lead in enumerate(rows):
        found = neighbours(lead, query, marketer)
        assert found.previous == (rows[place - 1].pk if place else None)
        assert found.next == (rows[place + 1].pk if place + 1 < len(rows) else None)
        assert found.place == place + 1
    with django_assert_max_num_queries(30):
        neighbours(rows[3], query, marketer)


def test_a_row_leads_to_its_lead_and_back(client: Client, told: None, marketer: User) -> None:
    client.force_login(marketer)

    html = client.get(f"{URL}?q=one&sort=-name&view=all").content.decode()

    assert f'/leads/{Lead.objects.get(last_name="One").pk}/?from=q%3Done%26sort%3D-name%26view%3Dall"' in html


def test_what_people_typed_is_shown_as_text(client: Client, make_lead: MakeLead, marketer: User) -> None:
    make_lead(first_name="<b>", last_name='"><script>', job_title="<i>x", company="<u>Acme")
    client.force_login(marketer)

    html = client.get(f"{URL}?q=%22%3E%3Cscript%3E").content.decode() + client.get(URL).content.decode()

    for text in ("<script>&", '"><script>', "<i>x", "<u>Acme"):
        assert text not in html
    assert "&lt;u&gt;Acme" in html
