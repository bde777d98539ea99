from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Company, ExternalId, Lead, LeadStatus, LifecycleStage
from people.models import User
from tests.cast import NOW, MakeLead
from tests.leads.api.conftest import Caller, errors_of


def test_a_lead_with_all_that_is_known(caller: Caller, make_lead: MakeLead, owner: User) -> None:
    company = Company.objects.create(name="Acme", domain="acme.example", annual_revenue="12.50")
    lead = make_lead("mql", company=company, source="Fair", owner=owner, custom={"visits": 4}, bant_need="seats")
    ExternalId.objects.create(lead=lead, system="crm", value="7")

    told = caller.get(f"/leads/{lead.pk}").json()

    assert (told["id"], told["email"], told["stage"], told["owner"]) == (lead.pk, lead.email, "mql", owner.email)
    assert (told["company"]["name"], told["company"]["annual_revenue"]) == ("Acme", 12.5)
    assert (told["source"], told["campaign"], told["custom"]) == ("Fair", None, {"visits": 4})
    assert (told["external_ids"], told["bant"]["need"]) == ({"crm": "7"}, "seats")
    assert told["consent"] == {"state": "unknown", "at": None, "source": ""}


@pytest.mark.parametrize("path", ["/leads/987654", "/leads/lookup?email=nobody@example.com"])
def test_no_such_lead(caller: Caller, path: str) -> None:
    response = caller.get(path)
    assert (response.status_code, list(errors_of(response))) == (404, [""])


@pytest.mark.parametrize(
    "path",
    ["/leads/0", "/leads/-1", f"/leads/{2**63}", "/leads/lookup", "/leads/lookup?external_id=7",
     "/leads/lookup?email=a@b.c&external_id=7&system=crm", "/leads/lookup?surname=x", "/leads/lookup?email=%00"],
)  # fmt: skip
def test_no_such_question(caller: Caller, path: str) -> None:
    assert caller.get(path).status_code == 422


def test_looked_up_by_address_or_number(caller: Caller, make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@example.com")
    make_lead(email="")
    ExternalId.objects.create(lead=lead, system="crm", value="7")

    assert caller.get("/leads/lookup?email=ANN@example.com%20").json()["id"] == lead.pk
    assert caller.get("/leads/lookup?external_id=7&system=crm").json()["id"] == lead.pk
    assert caller.get("/leads/lookup?external_id=7&system=erp").status_code == 404
    assert caller.get("/leads/lookup?email=%20").status_code == 404


def follow(caller: Caller, path: str) -> list[list[int]]:
    """The pages from the first to the last."""
    pages = []
    while path:
        told = caller.get(path).json()
        pages.append([one["id"] for one in told["items"]])
        path = (told["next"] or "").partition("/api/v1")[2]
    return pages


def test_page_by_page(caller: Caller, make_lead: MakeLead) -> None:
    ids = [make_lead().pk for _ in range(5)]

    assert follow(caller, "/leads?limit=2") == [ids[:2], ids[2:4], ids[4:]]


def test_what_changed_since_in_the_order_of_change(caller: Caller, make_lead: MakeLead) -> None:
    leads = [make_lead() for _ in range(5)]
    for lead, minutes in zip(leads, (5, 1, 3, 3, -1), strict=True):
        Lead.objects.filter(pk=lead.pk).update(updated_at=NOW + timedelta(minutes=minutes))

    found = follow(caller, f"/leads?limit=3&updated_since={NOW:%Y-%m-%dT%H:%M:%SZ}")

    assert found == [[leads[1].pk, leads[2].pk, leads[3].pk], [leads[0].pk]]


def test_narrowed(caller: Caller, make_lead: MakeLead, owner: User) -> None:
    mine = make_lead("mql", status="connected", owner=owner)
    make_lead("mql", status="new")
    make_lead("lead", status="connected")

    for query in ("stage=mql&status=connected", f"owner={owner.email}", "status=connected&stage=mql&limit=1"):
        assert follow(caller, f"/leads?{query}") == [[mine.pk]]


def test_what_is_retired_still_finds_its_leads(caller: Caller, make_lead: MakeLead, owner: User) -> None:
    mine = make_lead("mql", status="connected", owner=owner)
    User.objects.update(is_active=False)
    LifecycleStage.objects.update(is_active=False)
    LeadStatus.objects.update(is_active=False)

    assert follow(caller, f"/leads?owner={owner.email}&stage=mql&status=connected") == [[mine.pk]]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("stage=gone", 422, "stage"),
        ("status=gone", 422, "status"),
        ("owner=nobody@baton.example", 422, "owner"),
        ("limit=0", 422, "limit"),
        ("limit=201", 422, "limit"),
        ("limit=x", 422, "limit"),
        ("updated_since=2026-11-18", 422, "updated_since"),
        ("updated_since=yesterday", 422, "updated_since"),
        ("colour=red", 422, "colour"),
        ("after=x", 400, ""),
        ("after=-1", 400, ""),
        ("updated_since=2026-11-18T00:00:00Z&after=7", 400, ""),
    ],
)
def test_no_such_list(caller: Caller, query: str, status: int, field: str) -> None:
    response = caller.get(f"/leads?{query}")
    assert (response.status_code, list(errors_of(response))) == (status, [field])


def test_a_page_costs_the_same_however_many_are_on_it(
    caller: Caller, make_lead: MakeLead, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_lead(company="Acme", source="Fair")
    with django_assert_max_num_queries(5):
        assert len(caller.get("/leads").json()["items"]) == 12
