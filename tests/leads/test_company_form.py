"""Changing a company: who may, what is written, what it does to the leads."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import ChangedLead, Company
from leads.services.companies import update_company
from people.models import User
from tests.cast import NOW, MakeLead
from tests.leads.test_lead_form import shown


@pytest.fixture
def acme(make_lead: MakeLead, owner: User) -> Company:
    company = Company.objects.create(name="Acme", domain="acme.example", employees=10, country="Spain")
    make_lead(owner=owner, company=company)
    return company


def url(company: Company) -> str:
    return reverse("company-edit", args=[company.pk])


def test_writes_what_was_changed_and_queues_its_leads(
    client: Client, owner: User, acme: Company, make_lead: MakeLead
) -> None:
    second, stranger = make_lead(company=acme), make_lead(company="Other")
    lead = acme.leads.exclude(pk=second.pk).get()
    client.force_login(owner)
    sent = shown(client, url(acme)) | {"employees": "250", "industry": "Steel", "annual_revenue": "1200000.50"}

    response = client.post(f"{url(acme)}?lead={lead.pk}", sent)

    assert response["Location"] == reverse("lead-detail", args=[lead.pk])
    acme.refresh_from_db()
    assert (acme.name, acme.employees, acme.industry, str(acme.annual_revenue), acme.country) == (
        "Acme",
        250,
        "Steel",
        "1200000.50",
        "Spain",
    )
    queued = set(ChangedLead.objects.values_list("lead_id", flat=True))
    assert queued == {lead.pk, second.pk}
    assert stranger.pk not in queued


def test_nothing_changed_queues_nothing(client: Client, owner: User, acme: Company) -> None:
    client.force_login(owner)
    saved = client.post(url(acme), shown(client, url(acme)))
    assert saved["Location"] == reverse("company-detail", args=[acme.pk])
    assert not ChangedLead.objects.exists()


def test_two_people_do_not_undo_each_other(client: Client, owner: User, acme: Company) -> None:
    client.force_login(owner)
    sent = shown(client, url(acme)) | {"city": "Bilbao"}
    update_company(company=acme, data={"employees": 99}, by=None, now=NOW)
    client.post(url(acme), sent)
    acme.refresh_from_db()
    assert (acme.city, acme.employees) == ("Bilbao", 99)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("domain", "https://www.TAKEN.example/x"),
        ("employees", "-1"),
        ("employees", "99999999999"),
        ("annual_revenue", "1e40"),
        ("annual_revenue", "much"),
        ("city", "x" * 101),
        ("region", "a\x00b"),
    ],
)
def test_says_what_is_wrong_at_the_field(client: Client, owner: User, acme: Company, field: str, value: Any) -> None:
    Company.objects.create(name="Taken", domain="taken.example")
    client.force_login(owner)
    response = client.post(url(acme), shown(client, url(acme)) | {field: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_who_may(client: Client, everybody: dict[str, User], acme: Company) -> None:
    found = {}
    for role, user in everybody.items():
        client.force_login(user)
        found[role] = client.get(url(acme)).status_code
    expected = dict.fromkeys(everybody, 200) | {"other_team_sdr": 404, "ae": 403, "executive": 403}
    assert found == expected


@pytest.mark.parametrize("came_from", ["", "x", "9" * 30, "²"])
def test_a_way_back_that_is_none_leads_to_the_list(client: Client, owner: User, acme: Company, came_from: str) -> None:
    client.force_login(owner)
    assert client.post(f"{url(acme)}?lead={came_from}", {"name": "Acme"}).status_code in {302, 422}
    assert client.get(url(acme), {"lead": came_from}).context["lead"] is None


def test_suggests_the_industries_there_are(client: Client, owner: User, acme: Company) -> None:
    Company.objects.create(name="B", industry="Steel")
    Company.objects.create(name="C", industry="Steel")
    client.force_login(owner)
    assert client.get(url(acme)).content.decode().count('<option value="Steel">') == 1


def test_a_free_mail_domain_is_refused_at_its_field(client: Client, owner: User, acme: Company) -> None:
    client.force_login(owner)

    response = client.post(url(acme), shown(client, url(acme)) | {"domain": "https://www.gmail.com/"})

    assert response.status_code == 422
    assert "no company" in response.context["form"].errors["domain"][0]
    acme.refresh_from_db()
    assert acme.domain == "acme.example"
