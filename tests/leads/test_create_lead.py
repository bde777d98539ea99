from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from leads.models import ChangedLead, Company, CustomField, ExternalId, Lead, LeadStatus, StageChange
from leads.services.leads import create_lead
from people.models import User

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def test_create_a_lead_with_defaults_its_history_and_its_mark(owner: User) -> None:
    lead = create_lead(now=NOW, by=owner, data={"first_name": " Ann ", "email": "\u200b Ann@Example.COM\u00a0"})

    lead.refresh_from_db()
    assert (lead.first_name, lead.email) == ("Ann", "ann@example.com")
    assert (lead.stage.key, lead.status.key, lead.lead_type.key) == ("lead", "new", "new_customer")
    assert lead.captured_at == lead.created_at == lead.stage_since == NOW
    change = StageChange.objects.get(lead=lead)
    assert (change.from_stage, change.to_stage, change.by, change.reason) == (None, lead.stage, owner, "created")
    assert ChangedLead.objects.filter(lead=lead, queued_at=NOW).count() == 1


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a b@example..com"}, "email"),
        ({"email": "a@" + "x" * 250 + ".com"}, "email"),
        ({"first_name": "Nul\x00Byte"}, "first_name"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"consent": "perhaps"}, "consent"),
        ({"custom": {"nowhere": 1}}, "custom.nowhere"),
        ({"custom": {"budget": "much"}}, "custom.budget"),
    ],
)
def test_refuse_at_the_field(db: None, data: Any, field: str) -> None:
    CustomField.objects.create(key="budget", name="Budget", kind="money")

    with pytest.raises(ValidationError) as refused:
        create_lead(now=NOW, by=None, data=data)

    assert list(refused.value.message_dict) == [field]
    assert not Lead.objects.exists()


def test_refuse_an_address_that_is_taken(db: None) -> None:
    create_lead(now=NOW, by=None, data={"email": "ann@example.com"})

    with pytest.raises(ValidationError) as refused:
        create_lead(now=NOW, by=None, data={"email": "ANN@example.com"})

    assert "email" in refused.value.message_dict
    assert Lead.objects.count() == 1


def test_leads_without_an_address_do_not_collide(db: None) -> None:
    create_lead(now=NOW, by=None, data={"last_name": "One"})
    create_lead(now=NOW, by=None, data={"last_name": "Two"})

    assert Lead.objects.filter(email="").count() == 2


def test_refuse_a_number_that_another_lead_has(db: None) -> None:
    create_lead(now=NOW, by=None, data={"external_ids": {"crm": "7"}})

    with pytest.raises(ValidationError) as refused:
        create_lead(now=NOW, by=None, data={"external_ids": {"crm": "7"}})

    assert "external_ids" in refused.value.message_dict
    assert (Lead.objects.count(), ExternalId.objects.count()) == (1, 1)


def test_keep_custom_values_typed(db: None) -> None:
    for key, kind, choices in (
        ("visits", "number", []),
        ("budget", "money", []),
        ("founded", "date", []),
        ("partner", "yes_no", []),
        ("size", "choice", ["S", "L"]),
        ("remark", "text", []),
    ):
        CustomField.objects.create(key=key, name=key, kind=kind, choices=choices)
    values = {
        "visits": "12",
        "budget": "1234.50",
        "founded": "2020-02-29",
        "partner": True,
        "size": " L",
        "remark": "  ",
    }

    lead = create_lead(now=NOW, by=None, data={"custom": values})

    lead.refresh_from_db()
    assert lead.custom == {"visits": 12, "budget": 1234.5, "founded": "2020-02-29", "partner": True, "size": "L"}


def test_consent_takes_the_time_it_was_heard_of(db: None) -> None:
    asked = create_lead(now=NOW, by=None, data={"consent": "granted"})
    told = create_lead(now=NOW, by=None, data={"consent": "withdrawn", "consent_at": datetime(2026, 1, 2, tzinfo=UTC)})

    assert asked.consent_at == NOW
    assert told.consent_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_status_that_needs_a_reason_needs_one(db: None) -> None:
    returned = LeadStatus.objects.get(key="returned")

    with pytest.raises(ValidationError) as refused:
        create_lead(now=NOW, by=None, data={"status": returned, "status_reason": " "})
    lead = create_lead(now=NOW, by=None, data={"status": returned, "status_reason": "No budget"})

    assert "status_reason" in refused.value.message_dict
    assert lead.status_reason == "No budget"


def test_a_lead_takes_its_company_and_owner(owner: User) -> None:
    company = Company.objects.create(name="Acme")

    lead = create_lead(now=NOW, by=owner, data={"company": company, "owner": owner})

    assert Lead.objects.get(pk=lead.pk).company == company
    assert Lead.objects.get(pk=lead.pk).owner == owner
