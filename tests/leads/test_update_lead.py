from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import ChangedLead, CustomField, ExternalId, FormerEmail, Lead
from leads.services.leads import update_lead
from people.models import User
from tests.cast import NOW, MakeLead

if TYPE_CHECKING:
    from django.db.models import Model

LATER = NOW + timedelta(hours=1)


def written(queries: CaptureQueriesContext, table: str) -> list[str]:
    return [query["sql"] for query in queries if query["sql"].startswith(f'UPDATE "{table}"')]


def test_write_only_what_differs(make_lead: MakeLead, owner: User) -> None:
    lead = make_lead(first_name="Ann", last_name="Old", phone="1")
    Lead.objects.filter(pk=lead.pk).update(phone="2")  # a colleague, meanwhile

    with CaptureQueriesContext(
        connection,
    ) as queries:
        update_lead(lead=lead, now=LATER, by=owner, data={"first_name": "Ann", "last_name": "New"})

    lead.refresh_from_db()
    assert (lead.first_name, lead.last_name, lead.phone, lead.updated_at) == ("Ann", "New", "2", LATER)
    (update,) = written(queries, "leads_lead")
    assert '"last_name"' in update
    assert '"phone"' not in update
    assert ChangedLead.objects.filter(lead=lead).count() == 1


def test_write_nothing_when_nothing_differs(make_lead: MakeLead, owner: User) -> None:
    lead = make_lead(first_name="Ann", custom={})

    with CaptureQueriesContext(connection) as queries:
        update_lead(lead=lead, now=LATER, by=owner, data={"first_name": " Ann", "email": lead.email.upper()})

    assert written(queries, "leads_lead") == []
    assert not ChangedLead.objects.exists()


def test_merge_custom_values_and_remove_emptied_ones(make_lead: MakeLead) -> None:
    for key in ("a", "b", "c"):
        CustomField.objects.create(key=key, name=key)
    lead = make_lead(custom={"a": "1", "b": "2", "gone": "stays"})

    update_lead(lead=lead, now=LATER, by=None, data={"custom": {"b": "", "c": "3"}})

    lead.refresh_from_db()
    assert lead.custom == {"a": "1", "c": "3", "gone": "stays"}


def test_refuse_an_address_that_is_taken(make_lead: MakeLead) -> None:
    make_lead(email="taken@example.com")
    lead = make_lead(email="mine@example.com")

    with pytest.raises(ValidationError) as refused:
        update_lead(lead=lead, now=LATER, by=None, data={"email": "Taken@example.com "})

    lead.refresh_from_db()
    assert "email" in refused.value.message_dict
    assert lead.email == "mine@example.com"


@pytest.mark.parametrize("name", ["stage", "owner"])
def test_stage_and_owner_have_their_own_verbs(make_lead: MakeLead, name: str) -> None:
    lead = make_lead()
    value: Model | None = getattr(lead, name)
    data: Any = {name: value}

    with pytest.raises(ValueError, match=name):
        update_lead(lead=lead, now=LATER, by=None, data=data)


def test_the_row_before_the_change_is_kept(make_lead: MakeLead) -> None:
    lead = make_lead(last_name="Old")

    update_lead(lead=lead, now=LATER, by=None, data={"last_name": "New"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT last_name FROM leads_leadbefore WHERE pgh_obj_id = %s", [lead.pk])
        assert cursor.fetchall() == [("Old",)]


def test_consent_time_follows_a_change_only(make_lead: MakeLead) -> None:
    lead = make_lead(consent="granted", consent_at=NOW)

    same = update_lead(lead=lead, now=LATER, by=None, data={"consent": "granted"})
    withdrawn = update_lead(lead=lead, now=LATER, by=None, data={"consent": "withdrawn"})
    unknown = update_lead(lead=lead, now=LATER, by=None, data={"consent": "unknown"})

    assert same.consent_at == NOW
    assert withdrawn.consent_at == LATER
    assert unknown.consent_at is None


def test_an_external_number_is_added_and_corrected(make_lead: MakeLead) -> None:
    lead = make_lead()

    update_lead(lead=lead, now=LATER, by=None, data={"external_ids": {"crm": "1"}})
    update_lead(lead=lead, now=LATER, by=None, data={"external_ids": {"crm": "2", "shop": "9"}})

    assert set(lead.external_ids.values_list("system", "value")) == {("crm", "2"), ("shop", "9")}


def test_a_former_address_of_ones_own_comes_back_into_use(make_lead: MakeLead) -> None:
    lead = make_lead(email="now@example.com")
    other = make_lead(email="other@example.com")
    FormerEmail.objects.create(lead=lead, email="before@example.com")

    update_lead(lead=lead, now=LATER, by=None, data={"email": "before@example.com"})

    lead.refresh_from_db()
    assert (lead.email, FormerEmail.objects.get().email) == ("before@example.com", "now@example.com")
    with pytest.raises(ValidationError) as refused:
        update_lead(lead=other, now=LATER, by=None, data={"email": "now@example.com"})
    assert "email" in refused.value.message_dict


def test_a_lead_with_several_numbers_in_a_system_is_given_one_more(make_lead: MakeLead) -> None:
    lead = make_lead()
    for value in ("1", "2"):
        ExternalId.objects.create(lead=lead, system="crm", value=value)

    update_lead(lead=lead, now=LATER, by=None, data={"external_ids": {"crm": "2"}})
    update_lead(lead=lead, now=LATER, by=None, data={"external_ids": {"crm": "3"}})

    assert set(lead.external_ids.values_list("value", flat=True)) == {"1", "2", "3"}
