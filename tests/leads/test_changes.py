"""What was changed, in words: of a lead and of a company, by a person, in bulk, by nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pghistory

from leads.changes import changes, in_words, marks
from leads.models import Company, CustomField, Lead, LeadStatus

if TYPE_CHECKING:
    from people.models import User
    from tests.cast import MakeLead


def test_each_change_from_what_to_what_newest_first(owner: User, make_lead: MakeLead) -> None:
    lead = make_lead(owner=owner, phone="1", company="Acme")
    with pghistory.context(user=owner.pk, reason="Told so by phone"):
        lead.phone = "2"
        lead.save()
    lead.company = Company.objects.create(name="Other")
    lead.status = LeadStatus.objects.get(key="connected")
    lead.save()
    newest, first = changes(lead)
    assert (first.who, first.why) == ("Olga Owner", "Told so by phone")
    assert [(one.label, one.before, one.after) for one in newest.differences] == [
        ("Company", "Acme", "Other"),
        ("Status", "New", "Connected"),
    ]
    assert [change.who for change in changes(lead, names=("phone",))] == ["Olga Owner"]
    assert changes(lead, names=("email",)) == []


def test_fields_of_ones_own_by_their_names_and_gone_ones_by_their_keys(make_lead: MakeLead) -> None:
    CustomField.objects.create(key="budget", name="Yearly budget", kind="money")
    lead = make_lead(custom={"old": "x", "budget": 5})
    lead.custom = {"budget": 1200.5}
    lead.save()
    (change,) = changes(lead)
    assert {(one.name, one.label, one.before, one.after) for one in change.differences} == {
        ("custom.budget", "Yearly budget", "5", "1,200.5"),
        ("custom.old", "old", "x", "–"),
    }
    assert [one.name for one in changes(lead, names=("custom.budget",))[0].differences] == ["custom.budget"]


def test_bulk_edits_are_in_it(make_lead: MakeLead) -> None:
    leads = [make_lead(city="Lodz") for _ in range(3)]
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(city="Warsaw")
    for lead in leads:
        lead.refresh_from_db()
        (change,) = changes(lead)
        assert (change.who, change.differences[0].before, change.differences[0].after) == ("", "Lodz", "Warsaw")


def test_what_was_last_changed_of_each_field(owner: User, colleague: User, make_lead: MakeLead) -> None:
    lead = make_lead(phone="1", city="Lodz")
    for person, phone in ((owner, "2"), (colleague, "3")):
        with pghistory.context(user=person.pk):
            lead.phone = phone
            lead.save()
    found = marks(lead)
    assert set(found) == {"phone"}
    assert found["phone"].who == "Carl Colleague"


def test_what_it_points_to_may_be_gone(make_lead: MakeLead) -> None:
    lead = make_lead(company="Acme")
    assert lead.company is not None
    gone, lead.company = lead.company, None
    lead.save()
    number = gone.pk
    gone.delete()
    assert changes(lead)[0].differences[0].before == f"#{number}"


def test_values_in_words() -> None:
    values = (None, "", True, False, 1200, 0.5, "x", datetime(2026, 11, 5, 9, 7, tzinfo=UTC))
    assert [in_words(value) for value in values] == ["–", "–", "yes", "no", "1,200", "0.5", "x", "5 Nov 2026, 09:07"]
