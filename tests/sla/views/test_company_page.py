"""The page of a company, and the company's people on the page of a lead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pghistory
import pytest
from django.urls import reverse
from django.utils import timezone

from leads.changes import changes
from leads.models import Attempt, Company
from leads.services.companies import update_company
from scoring.models import LeadScore, Persona, ScoringModel
from tests.forms import filled

if TYPE_CHECKING:
    from django.test import Client

    from leads.models import Lead
    from people.models import User
    from tests.cast import MakeLead

NOW = timezone.now().replace(microsecond=0)
CONDITIONS = [{"field": "country", "op": "is", "value": "Spain"}]


@pytest.fixture
def acme(db: None) -> Company:
    return Company.objects.create(name="Acme", domain="acme.example", industry="Pharma", employees=1240)


def play(lead: Lead, role: str) -> None:
    """Give the lead a persona of that buying role."""
    model = ScoringModel.objects.first() or ScoringModel.objects.create(version=1, created_at=NOW)
    persona = Persona.objects.create(name=f"{role} {lead.pk}", buying_role=role, conditions=CONDITIONS)
    LeadScore.objects.create(lead=lead, model=model, persona=persona, scored_at=NOW)


def committee(client: Client, lead: Lead) -> Any:
    return client.get(reverse("lead-company", args=[lead.pk]))


def test_the_committee_stands_by_who_decides(
    client: Client, owner: User, colleague: User, acme: Company, make_lead: MakeLead
) -> None:
    lead, user, boss, nobody = (make_lead("mql", owner=owner, company=acme) for _ in range(4))
    adviser = make_lead("lead", owner=colleague, company=acme)
    make_lead("mql", owner=owner, company="Other")
    for one, role in ((user, "user"), (boss, "decision_maker"), (adviser, "influencer")):
        play(one, role)
    Attempt.objects.create(
        lead=adviser, user=colleague, channel="call", outcome="busy", occurred_at=NOW - timedelta(hours=3)
    )
    client.force_login(owner)
    response = committee(client, lead)
    parts = response.context["committee"].parts
    assert [(part.label, part.members) for part in parts] == [
        ("Decision maker", [boss]),
        ("Influencer", [adviser]),
        ("User", [user]),
        ("No persona yet", [nobody]),
    ]
    member = parts[1].members[0]
    assert (member.stage.key, member.owner, member.touched_at) == ("lead", colleague, NOW - timedelta(hours=3))
    assert "1,240 employees" in response.content.decode()


def test_what_others_have_is_counted_and_not_named(
    client: Client, owner: User, other_team_sdr: User, acme: Company, make_lead: MakeLead
) -> None:
    lead = make_lead("mql", owner=owner, company=acme)
    make_lead("mql", owner=other_team_sdr, company=acme, last_name="Secret")
    client.force_login(owner)
    for url in (reverse("lead-company", args=[lead.pk]), reverse("company-detail", args=[acme.pk])):
        text = client.get(url).content.decode()
        assert "Secret" not in text
        assert "another team" in text


def test_many_are_shown_in_part(client: Client, owner: User, acme: Company, make_lead: MakeLead) -> None:
    leads = [make_lead("mql", owner=owner, company=acme) for _ in range(12)]
    client.force_login(owner)
    found = committee(client, leads[0]).context["committee"]
    assert (sum(len(part.members) for part in found.parts), found.more, found.hidden) == (8, 3, 0)


def test_costs_as_many_queries_for_one_as_for_many(
    client: Client, owner: User, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(owner)
    counts = []
    for number in (2, 8):
        leads = [make_lead("mql", owner=owner, company=f"Company {number}") for _ in range(number)]
        for urls in (("lead-company", leads[0].pk), ("company-detail", leads[0].company_id)):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(reverse(urls[0], args=[urls[1]])).status_code == 200
            counts.append(len(captured))
    assert counts[:2] == counts[2:]


def test_a_lead_without_a_company_shows_no_card(client: Client, owner: User, make_lead: MakeLead) -> None:
    client.force_login(owner)
    assert committee(client, make_lead("mql", owner=owner)).content.decode().strip() == ""


def test_who_may_see_a_company(client: Client, everybody: dict[str, User], acme: Company, make_lead: MakeLead) -> None:
    make_lead("mql", owner=everybody["sdr"], company=acme)
    empty = Company.objects.create(name="Nobody there")
    for role, user in everybody.items():
        client.force_login(user)
        expected = 404 if role == "other_team_sdr" else 200
        assert client.get(reverse("company-detail", args=[acme.pk])).status_code == expected, role
        expected = 200 if role in {"marketer", "executive", "administrator"} else 404
        assert client.get(reverse("company-detail", args=[empty.pk])).status_code == expected, role
    assert client.get(reverse("company-detail", args=[10**9])).status_code == 404


def test_its_leads_stand_in_pages(client: Client, owner: User, acme: Company, make_lead: MakeLead) -> None:
    leads = [make_lead("mql", owner=owner, company=acme) for _ in range(60)]
    client.force_login(owner)
    url = reverse("company-detail", args=[acme.pk])
    first = client.get(url)
    second = client.get(url + first.context["page"].next_url)
    assert [*first.context["page"].rows, *second.context["page"].rows] == leads[::-1]
    assert client.get(url, {"after": "x"}).status_code == 400


def test_tells_what_was_changed_by_whom(client: Client, owner: User, acme: Company, make_lead: MakeLead) -> None:
    make_lead("mql", owner=owner, company=acme)
    client.force_login(owner)
    url = reverse("company-edit", args=[acme.pk])
    sent = filled(client.get(url).content.decode(), of="industry") | {"industry": "Chemistry", "employees": "1300"}
    assert client.post(url, sent).status_code == 302
    (change,) = client.get(reverse("company-detail", args=[acme.pk])).context["changes"]
    assert change.who == "Olga Owner"
    assert [(one.label, one.before, one.after) for one in change.differences] == [
        ("Industry", "Pharma", "Chemistry"),
        ("Employees", "1,240", "1,300"),
    ]


def test_an_import_and_a_key_are_named_as_such(acme: Company) -> None:
    contexts: tuple[dict[str, Any], ...] = ({"command": "import_leads"}, {"import": 7}, {"api_key": "Website"}, {})
    for number, context in enumerate(contexts):
        with pghistory.context(**context):
            update_company(company=acme, data={"city": f"City {number}"}, by=None, now=NOW)
    assert [change.who for change in changes(acme)] == ["", "API key Website", "an import", "an import"]


def test_what_stays_the_same_is_no_history(acme: Company) -> None:
    update_company(company=acme, data={"industry": "Pharma"}, by=None, now=NOW)
    Company.objects.filter(pk=acme.pk).update(name="Acme")
    assert changes(acme) == []
