"""Companies likewise: one company, one row; merged by hand, undone as a whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from leads.models import ChangedLead, Company, CompanyMerge, CompanyPair, FormerDomain, Lead
from leads.services.companies import company_for, update_company
from leads.services.company_merging import SEEN_TO, default_winner, merge_companies, undo_company_merge
from leads.services.moving import links
from people.models import User
from tests.cast import NOW, MakeLead
from tests.leads.importing import PEOPLE, Importer

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def acme(db: None) -> Company:
    return Company.objects.create(name="Acme", domain="acme.example", city="Madrid")


@pytest.fixture
def limited(db: None) -> Company:
    return Company.objects.create(name="ACME Ltd", domain="acme-group.example", city="Vigo", employees=40)


def merge(winner: Company, loser: Company, by: User | None = None, **choices: str) -> CompanyMerge:
    return merge_companies(winner=winner, loser=loser, choices=choices, by=by, now=LATER)


def test_leads_move_fields_are_chosen_and_the_leads_are_scored_anew(
    acme: Company, limited: Company, make_lead: MakeLead
) -> None:
    lead = make_lead(company=limited)

    merge(acme, limited, city="loser")

    acme.refresh_from_db()
    lead.refresh_from_db()
    assert (acme.name, acme.city, acme.employees, acme.domain) == ("Acme", "Vigo", 40, "acme.example")
    assert lead.company == acme
    assert not Company.objects.filter(pk=limited.pk).exists()
    assert ChangedLead.objects.filter(lead=lead).exists()


def test_name_and_domain_of_the_loser_find_the_winner(acme: Company, limited: Company, importer: Importer) -> None:
    merge(acme, limited)
    assert company_for(name="Whatever", domain="www.ACME-group.example", now=LATER) == acme
    assert company_for(name="acme ltd", now=LATER) == acme
    importer(
        "E-mail,First,Last,Firm,Web\na@x.example,A,A,ACME Ltd,\nb@y.example,B,B,,acme-group.example\n"
        "c@acme-group.example,C,C,Acme,\n",
        PEOPLE + '"Firm" = "company.name"\n"Web" = "company.domain"\n',
    )
    assert set(Lead.objects.values_list("company", flat=True)) == {acme.pk}
    assert Company.objects.count() == 1


def test_a_domain_is_one_companys_says_the_database(acme: Company, limited: Company) -> None:
    merge(acme, limited)
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.create(name="New", domain="ACME-group.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        FormerDomain.objects.create(company=acme, domain="acme.example")
    other = Company.objects.create(name="Other")
    with pytest.raises(ValidationError) as refused:
        update_company(company=other, data={"domain": "acme-group.example"}, by=None, now=LATER)
    assert "company_domain" in refused.value.message_dict


def test_undo_gives_both_back(acme: Company, limited: Company, make_lead: MakeLead, owner: User) -> None:
    mine, theirs = make_lead(company=acme), make_lead(company=limited)
    CompanyPair.objects.create(low=acme, high=limited, reasons=["name"], score=50, found_at=NOW)
    before = list(Company.objects.order_by("pk").values())

    record = merge(acme, limited, name="loser", domain="loser")
    new = make_lead(company=acme)
    assert undo_company_merge(merge=record, by=owner, now=LATER) == []

    assert list(Company.objects.order_by("pk").values()) == before
    companies = [Lead.objects.get(pk=lead.pk).company for lead in (mine, theirs, new)]
    assert companies == [acme, limited, acme]
    assert CompanyPair.objects.count() == 1
    assert not FormerDomain.objects.exists()
    with pytest.raises(ValidationError, match="undone already"):
        undo_company_merge(merge=record, by=owner, now=LATER)


def test_undo_keeps_what_was_changed_and_goes_in_order(acme: Company, limited: Company) -> None:
    third = Company.objects.create(name="Third")
    first = merge(acme, limited)
    update_company(company=acme, data={"employees": 99}, by=None, now=LATER)
    second = merge(acme, third)
    with pytest.raises(ValidationError, match="undo that first"):
        undo_company_merge(merge=first, by=None, now=LATER)
    undo_company_merge(merge=second, by=None, now=LATER)
    assert undo_company_merge(merge=first, by=None, now=LATER) == ["employees"]
    acme.refresh_from_db()
    assert acme.employees == 99


def test_refuse_oneself_the_gone_and_choices_there_are_none_of(acme: Company, limited: Company) -> None:
    refused: list[tuple[Company, Company, dict[str, str]]] = [
        (acme, acme, {}),
        (acme, Company(pk=987_654), {}),
        (acme, limited, {"name": "both"}),
        (acme, limited, {"shoes": "loser"}),
    ]
    for winner, loser, choices in refused:
        with pytest.raises(ValidationError):
            merge_companies(winner=winner, loser=loser, choices=choices, by=None, now=LATER)
    assert Company.objects.count() == 2


def test_every_table_that_points_to_a_company_moves_or_is_seen_to(
    acme: Company, limited: Company, make_lead: MakeLead
) -> None:
    make_lead(company=limited)
    merge(acme, limited)
    left = {
        link.name: link.model._base_manager.filter(**{link.field.name: limited.pk}).count() for link in links(Company)
    }
    assert not any(left.values()), left
    assert SEEN_TO.keys() <= {link.label for link in links(Company)}


def test_the_likely_winner(acme: Company, limited: Company, make_lead: MakeLead) -> None:
    assert default_winner(acme, limited) == (limited, acme)  # more is known of it
    make_lead(company=acme)
    assert default_winner(limited, acme) == (acme, limited)


@pytest.mark.parametrize("domain", ["gmail.com", "GMAIL.com", "example.org"])
def test_a_free_mail_domain_is_no_company_whatever_the_door(
    acme: Company, importer: Importer, domain: str, make_lead: MakeLead
) -> None:
    acts: tuple[Any, ...] = (
        lambda: company_for(name="Somebody", domain=domain, now=NOW),
        lambda: update_company(company=acme, data={"domain": domain}, by=None, now=NOW),
    )
    for act in acts:
        with pytest.raises(ValidationError) as refused, transaction.atomic():
            act()
        assert "company_domain" in refused.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.create(name="Free", domain=domain)

    done = importer(
        f"E-mail,First,Last,Firm,Web\na@x.example,A,A,Firm,{domain}\nb@gmail.com,B,B,,{domain}\n",
        PEOPLE + '"Firm" = "company.name"\n"Web" = "company.domain"\n',
    )
    assert done.counts == (2, 0, 0, 0)
    assert Company.objects.get(name="Firm").domain == "x.example"
    assert Lead.objects.get(email="b@gmail.com").company is None
