"""Importing leads that were merged: by any address they had, by any of their numbers."""

from __future__ import annotations

import pytest

from leads.models import ExternalId, FormerEmail, Lead
from tests.cast import MakeLead
from tests.leads.importing import PEOPLE, Importer

NUMBERED = PEOPLE + '"No" = { to = "external_id", system = "crm" }\n'


@pytest.fixture
def merged(make_lead: MakeLead) -> Lead:
    lead = make_lead(first_name="Ana", last_name="Nowak", email="ana@acme.example")
    FormerEmail.objects.create(lead=lead, email="anna@acme.example")
    for value in ("1", "2"):
        ExternalId.objects.create(lead=lead, system="crm", value=value)
    return lead


def test_a_former_address_finds_the_lead_and_does_not_come_back_into_use(importer: Importer, merged: Lead) -> None:
    done = importer("E-mail,First,Last\nAnna@acme.example,Anita,Nowak\n")
    merged.refresh_from_db()
    assert done.counts == (0, 1, 0, 0)
    assert (merged.first_name, merged.email, Lead.objects.count()) == ("Anita", "ana@acme.example", 1)
    assert importer("E-mail,First,Last\nanna@acme.example,Anita,Nowak\n").counts == (0, 0, 1, 0)


@pytest.mark.parametrize("number", ["1", "2"])
@pytest.mark.parametrize("email", ["ana@acme.example", "anna@acme.example"])
def test_any_of_its_numbers_with_any_of_its_addresses(
    importer: Importer, merged: Lead, number: str, email: str
) -> None:
    done = importer(f"E-mail,First,Last,No\n{email},Anita,Nowak,{number}\n", NUMBERED)
    merged.refresh_from_db()
    assert (done.counts, merged.first_name, merged.email) == ((0, 1, 0, 0), "Anita", "ana@acme.example")


def test_a_number_that_is_not_among_its_own_is_a_conflict(importer: Importer, merged: Lead) -> None:
    done = importer("E-mail,First,Last,No\nanna@acme.example,Anita,Nowak,3\n", NUMBERED)
    assert done.counts == (0, 0, 0, 1)
    assert "has the number 1" in done.rejects[2]


def test_a_former_address_of_another_than_the_number_says_is_a_conflict(
    importer: Importer, merged: Lead, make_lead: MakeLead
) -> None:
    ExternalId.objects.create(lead=make_lead(), system="crm", value="9")
    done = importer("E-mail,First,Last,No\nanna@acme.example,Anita,Nowak,9\n", NUMBERED)
    assert "belongs to another lead" in done.rejects[2]


def test_both_rows_of_an_old_list_are_one_lead_and_the_second_is_said_to_be(importer: Importer, merged: Lead) -> None:
    done = importer("E-mail,First,Last,No\nana@acme.example,A,N,1\nanna@acme.example,B,N,2\n", NUMBERED)
    assert done.counts == (0, 1, 0, 1)
    assert "same lead as line 2" in done.rejects[3]
