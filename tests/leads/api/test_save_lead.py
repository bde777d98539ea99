from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from leads.models import Company, CustomField, ExternalId, Lead, Source, StageChange
from people.history import events, program_of
from people.models import User
from tests.cast import MakeLead
from tests.leads.api.conftest import Caller, errors_of

WHOLE: dict[str, Any] = {
    "email": " Ann@Example.COM ",
    "external_id": "77",
    "system": "crm",
    "first_name": "Ann",
    "last_name": "Ames",
    "phone": "+34 600 000 000",
    "job_title": "Head of Maths",
    "country": "Spain",
    "city": "Madrid",
    "language": "es",
    "company": {"name": "Acme", "domain": "https://www.acme.example/x", "industry": "Education", "employees": 40},
    "source": "Fair",
    "campaign": "Autumn",
    "lead_type": "existing_customer",
    "status": "connected",
    "stage": "mql",
    "captured_at": "2026-10-01T10:00:00+02:00",
    "journey_step": "decision",
    "bant": {"budget": "10 k", "need": "seats"},
    "consent": {"state": "granted", "at": "2026-10-01T08:00:00Z", "source": "Form"},
    "do_not_call": True,
    "custom": {"visits": 4, "vip": True},
}


@pytest.fixture(autouse=True)
def _fields(db: None) -> None:
    CustomField.objects.create(key="visits", name="Visits", kind="number")
    CustomField.objects.create(key="vip", name="VIP", kind="yes_no")


def test_a_lead_is_created_with_all_that_is_known(caller: Caller, owner: User) -> None:
    response = caller.put({**WHOLE, "owner": owner.email.upper()})

    lead = Lead.objects.select_related("company", "source", "campaign", "owner").get()
    assert response.status_code == 201
    assert response.json() == {"id": lead.pk, "created": True}
    assert (lead.email, lead.owner, lead.stage.key, lead.status.key) == ("ann@example.com", owner, "mql", "connected")
    assert lead.company is not None
    assert (lead.company.name, lead.company.domain, lead.company.employees) == ("Acme", "acme.example", 40)
    assert (lead.bant_budget, lead.bant_need, lead.do_not_call, lead.do_not_email) == ("10 k", "seats", True, False)
    assert (lead.consent, lead.consent_source) == ("granted", "Form")
    assert lead.consent_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
    assert lead.captured_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
    assert lead.custom == {"visits": 4, "vip": True}
    assert ExternalId.objects.get().lead == lead
    assert StageChange.objects.get().detail == "API key Website"


def test_the_same_again_changes_nothing(caller: Caller) -> None:
    caller.put(WHOLE)
    before = Lead.objects.values().get()

    response = caller.put(WHOLE)

    assert (response.status_code, response.json()["created"]) == (200, False)
    assert Lead.objects.values().get() == before


def test_what_is_absent_stays_and_what_is_sent_changes(caller: Caller) -> None:
    caller.put(WHOLE)

    caller.put({"email": "ann@example.com", "city": "", "custom": {"vip": None}, "bant": {"budget": "20 k"}})

    lead = Lead.objects.get()
    assert (lead.first_name, lead.city, lead.custom) == ("Ann", "", {"visits": 4})
    assert (lead.bant_budget, lead.bant_need) == ("20 k", "seats")


def test_found_by_its_number_it_takes_a_new_address(caller: Caller) -> None:
    caller.put(WHOLE)

    assert caller.put({"external_id": "77", "system": "crm", "email": "new@example.com"}).status_code == 200
    assert Lead.objects.get().email == "new@example.com"


def test_found_by_its_address_it_takes_the_number(caller: Caller, make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@example.com")

    caller.put({"email": "ann@example.com", "external_id": "5", "system": "crm"})

    assert ExternalId.objects.get().lead == lead


def test_number_and_address_of_two_leads_are_refused(caller: Caller, make_lead: MakeLead) -> None:
    make_lead(email="other@example.com")
    caller.put(WHOLE)

    both = caller.put({"external_id": "77", "system": "crm", "email": "other@example.com"})
    number = caller.put({"external_id": "78", "system": "crm", "email": "ann@example.com"})

    assert (both.status_code, list(errors_of(both))) == (422, ["email"])
    assert (number.status_code, list(errors_of(number))) == (422, ["external_id"])
    assert Lead.objects.count() == 2


def test_the_owner_and_the_capture_are_set_once(caller: Caller, owner: User, colleague: User) -> None:
    caller.put({**WHOLE, "owner": owner.email})

    caller.put({"email": "ann@example.com", "owner": colleague.email, "captured_at": "2020-01-01T00:00:00Z"})

    lead = Lead.objects.get()
    assert (lead.owner, lead.captured_at.year) == (owner, 2026)


def test_the_stage_moves_under_the_name_of_the_key(caller: Caller, make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@example.com")

    for _ in range(2):
        caller.put({"email": "ann@example.com", "stage": "sql", "stage_reason": "Called us"})

    change = StageChange.objects.get()
    lead.refresh_from_db()
    assert lead.stage.key == "sql"
    assert (change.reason, change.by, change.detail) == ("api", None, "API key Website – Called us")


def test_the_history_of_a_field_names_the_key(caller: Caller) -> None:
    caller.put(WHOLE)
    caller.put({"email": "ann@example.com", "city": "Gdańsk"})

    rows = events("leads", "LeadBefore").select_related("pgh_context")
    (before,) = rows
    assert (before.city, before.pgh_context.metadata["api_key"]) == ("Madrid", "Website")
    assert program_of(before) == "API key Website"


@pytest.mark.parametrize(
    ("state", "at", "kept"),
    [
        ("withdrawn", "2026-09-30T08:00:00Z", "granted"),
        ("withdrawn", "2026-10-01T08:00:01Z", "withdrawn"),
        ("withdrawn", None, "withdrawn"),
    ],
)
def test_an_older_consent_changes_nothing(caller: Caller, state: str, at: str | None, kept: str) -> None:
    caller.put(WHOLE)

    caller.put({"email": "ann@example.com", "consent": {"state": state, "at": at}})

    assert Lead.objects.get().consent == kept


def test_the_company_grows_by_what_is_said_of_it(caller: Caller) -> None:
    caller.put(WHOLE)

    caller.put({"email": "ann@example.com", "company": {"employees": 50, "annual_revenue": 1234.5}})

    company = Company.objects.get()
    assert (company.employees, company.industry, float(company.annual_revenue or 0)) == (50, "Education", 1234.5)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a\u0000@b.example"}, "email"),
        ({"email": ""}, ""),
        ({"email": "  "}, ""),
        ({"external_id": "1"}, ""),
        ({"external_id": "", "system": "crm"}, "external_id"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"first_name": "a\u0000"}, "first_name"),
        ({"first_name": "\ud800"}, "first_name"),
        ({"first_name": 7}, "first_name"),
        ({"surname": "x"}, "surname"),
        ({"status": "gone"}, "status"),
        ({"status": "disqualified"}, "status_reason"),
        ({"stage": "gone"}, "stage"),
        ({"lead_type": "gone"}, "lead_type"),
        ({"owner": "nobody@baton.example"}, "owner"),
        ({"captured_at": "2026-10-01T10:00:00"}, "captured_at"),
        ({"captured_at": 1790000000}, "captured_at"),
        ({"captured_at": "9999-12-31T23:59:59-14:00"}, "captured_at"),
        ({"captured_at": "2031-01-01T00:00:00Z"}, "captured_at"),
        ({"journey_step": "asleep"}, "journey_step"),
        ({"consent": {"state": "maybe"}}, "consent.state"),
        ({"consent": {"state": "granted", "at": "2031-01-01T00:00:00Z"}}, "consent.at"),
        ({"do_not_call": "yes"}, "do_not_call"),
        ({"custom": {"nowhere": 1}}, "custom.nowhere"),
        ({"custom": {"visits": "many"}}, "custom.visits"),
        ({"company": {"employees": 5}}, "company.name"),
        ({"company": {"name": "A", "employees": -1}}, "company.employees"),
        ({"company": {"name": "A", "ceo": "x"}}, "company.ceo"),
        ({"bant": {"budget": "x" * 251}}, "bant.budget"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(caller: Caller, change: dict[str, Any], field: str) -> None:
    response = caller.put({"email": "ann@example.com", **change})

    assert (response.status_code, field in errors_of(response)) == (422, True), response.content
    assert not Lead.objects.exists()
    assert not Source.objects.exists()
