"""A page of a search is found in several ways, whichever is quick: they differ in nothing that anybody sees."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import CustomField, ExternalId, Lead, LifecycleStage, SavedView
from people.models import User
from tests.cast import MakeLead, MakeUser

URL = reverse("lead-list")
# Alone, together, by the number of another system, and what nobody has.
TYPED = ("usual", "rare", "usual rare", "u", "77001", "usual nobody")
MOST = 9
SORTS = ("", "name", "-score", "stage", "company")
# Where the newest leads tell that a walk is short, how far it goes, and how many ids are taken from the index.
WAYS = [
    {
        "leads.finding.USUAL": 3,
        "leads.finding.EVERYWHERE": 50,
        "sla.searching.FAR": 20_000,
        "sla.searching.MANY": 2_000,
    },
    {"leads.finding.USUAL": 1, "leads.finding.EVERYWHERE": 9_000, "sla.searching.FAR": 5, "sla.searching.MANY": 2_000},
    {"leads.finding.USUAL": 1, "leads.finding.EVERYWHERE": 9_000, "sla.searching.FAR": 5, "sla.searching.MANY": 10},
    {"leads.finding.USUAL": 9_000, "leads.finding.EVERYWHERE": 9_000, "sla.searching.FAR": 5, "sla.searching.MANY": 60},
    {"leads.finding.USUAL": 9_000, "leads.finding.EVERYWHERE": 0, "sla.searching.FAR": 5, "sla.searching.MANY": 10},
]


@pytest.fixture
def leads(make_lead: MakeLead, owner: User) -> None:
    """Three pages of a usual name, a few with a rare company, some of them in the hands of one person."""
    one, rare = make_lead(last_name="Usual", email=""), make_lead(last_name="Other", company="Rare")
    fields = [
        field.attname for field in Lead._meta.concrete_fields if field.attname not in {"id", "owner_id", "company_id"}
    ]
    known = {name: getattr(one, name) for name in fields}
    Lead.objects.bulk_create(
        Lead(
            **{**known, "first_name": f"No {number}"},
            owner=owner if number % 2 else None,
            company=rare.company if number % 13 == 0 else None,
        )
        for number in range(120)
    )
    ExternalId.objects.create(lead=rare, system="crm", value="77001")


def pages(client: Client, query: str) -> list[list[int]]:
    """All pages forwards; going back from the last one must show the same."""
    forwards: list[list[int]] = []
    url = f"{URL}?{query}"
    while url and len(forwards) < MOST:
        page = client.get(url).context["page"]
        forwards.append([row["pk"] for row in page.rows])
        url = URL + page.next_url if page.next_url else ""
    for rows in reversed(forwards[:-1]):
        page = client.get(URL + page.previous_url).context["page"]
        assert [row["pk"] for row in page.rows] == rows
    return forwards


@pytest.mark.parametrize("sort", SORTS)
def test_every_way_finds_the_same(
    client: Client, leads: None, marketer: User, owner: User, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (marketer, owner):
        client.force_login(user)
        found = []
        for way in WAYS:
            for name, value in way.items():
                monkeypatch.setattr(name, value)
            found.append({typed: pages(client, f"q={typed}&sort={sort}") for typed in TYPED})
        assert all(one == found[0] for one in found[1:])
        expected = {
            typed: set(Lead.objects.listed_for(user).search(typed).values_list("pk", flat=True)) for typed in TYPED
        }
        assert {typed: {pk for page in all_of for pk in page} for typed, all_of in found[0].items()} == expected
        assert len(found[0]["usual"]) == (3 if user == marketer else 2)


@pytest.mark.parametrize("place", ["after", "before"])
def test_the_first_and_the_last_number_there_is(client: Client, leads: None, marketer: User, place: str) -> None:
    client.force_login(marketer)

    for number in (0, 2**63 - 1):
        assert client.get(f"{URL}?q=usual&{place}={number}").status_code == 200


def test_what_stands_around_the_list_is_one_query(client: Client, leads: None, marketer: User, owner: User) -> None:
    """The session, the person, what stands around, and the rows.

    For a search the newest leads are asked as well; where they promise more than they keep, the index is.
    """
    for user in (marketer, owner):
        client.force_login(user)
        client.get(URL)
        for query, most in (("", 4), ("?q=usual", 5), ("?q=nobody", 6), ("?q=rare", 7)):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(URL + query).status_code == 200
            assert len(queries) <= most


def test_what_stands_around_the_list_is_never_old(
    client: Client, make_user: MakeUser, make_lead: MakeLead, marketer: User
) -> None:
    """It is kept by what the database answers, so a new name, field or view is there at once."""
    rep = make_user(name="Rep Before")
    make_lead(owner=rep)
    client.force_login(marketer)
    assert "Rep Before" in client.get(URL).content.decode()

    User.objects.filter(pk=rep.pk).update(name="Rep After")
    LifecycleStage.objects.filter(key="lead").update(name="Stage After")
    CustomField.objects.create(key="after", name="Field After", kind=CustomField.Kind.TEXT)
    SavedView.objects.create(owner=marketer, name="View After")
    html = client.get(URL).content.decode()

    assert "Rep Before" not in html
    for name in ("Rep After", "Stage After", "Field After", "View After"):
        assert name in html


def test_somebody_who_changes_teams_sees_the_leads_of_the_new_one(
    client: Client, make_user: MakeUser, make_lead: MakeLead, owner: User
) -> None:
    other = make_user(name="Of another team")
    make_lead(last_name="Theirs", owner=other)
    client.force_login(owner)
    assert "Theirs" not in client.get(URL).content.decode()

    User.objects.filter(pk=other.pk).update(team=owner.team)

    assert "Theirs" in client.get(URL).content.decode()
