"""What search finds, and that what it looks in is right whichever way a lead came in or was changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from leads.finding import terms_of
from leads.models import Attempt, Company, ExternalId, Lead, LeadIndex
from people.models import User
from tests.cast import NOW, MakeLead


def found(text: str) -> set[str]:
    return set(Lead.objects.search(text).values_list("last_name", flat=True))


@pytest.fixture
def leads(make_lead: MakeLead) -> None:
    acme = Company.objects.create(name="Śląskie Zakłady Acme", domain="acme-zaklady.example")
    make_lead(
        first_name="Żółć Anna", last_name="Adams", email="ann.a@first.example", company=acme, phone="+48 22 123 45 67"
    )
    bea = make_lead(first_name="Bea", last_name="Zolnay", email="z.olnay@customer.example", phone="022 765-43-21")
    make_lead(first_name="Anna", last_name="O'Brien-Müller", email="", company="Grün & Söhne", phone="")
    ExternalId.objects.create(lead=bea, system="crm", value="00Qx7")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("zolc", {"Adams"}), ("ŻÓŁĆ", {"Adams"}), ("Zażółć", set()),
        ("slaskie", {"Adams"}), ("zaklady acme ann", {"Adams"}), ("ann slask adams", {"Adams"}),
        ("anna", {"Adams", "O'Brien-Müller"}), ("muller anna", {"O'Brien-Müller"}), ("o'brien", {"O'Brien-Müller"}),
        ("sohne", {"O'Brien-Müller"}), ("grün & s", {"O'Brien-Müller"}),
        ("z.olnay@cust", {"Zolnay"}), ("Z.OLNAY@CUSTOMER.EXAMPLE", {"Zolnay"}), ("olnay", {"Zolnay"}),
        ("@customer", {"Zolnay"}), ("acme-zak", {"Adams"}),
        ("+48 22 12", {"Adams"}), ("22 123 45", {"Adams"}), ("0048221234567", {"Adams"}), ("221234567", {"Adams"}),
        ("022 765", {"Zolnay"}), ("22-765-43-21", {"Zolnay"}), ("765 43 21", set()),
        ("00Qx7", {"Zolnay"}), (" 00Qx7 ", {"Zolnay"}), ("00Qx", set()),
        ("' | x", set()), ("\\", set()), ("a:* & !b", {"O'Brien-Müller"}), ("%", set()), ("   ", set()),
    ],
)  # fmt: skip
def test_beginnings_are_found_in_any_order_without_accents(leads: None, typed: str, names: set[str]) -> None:
    assert found(typed) == names


def test_a_lead_that_is_changed_is_found_by_what_it_is_now(leads: None) -> None:
    Lead.objects.filter(last_name="Zolnay").update(last_name="Ångström", email="new@there.example")
    assert found("zolnay") == set()
    assert found("angstrom new@") == {"Ångström"}
    with connection.cursor() as cursor:  # whatever else writes SQL
        cursor.execute("UPDATE leads_lead SET phone = '+49 30 5556677' WHERE last_name = 'Ångström'")
    assert found("+49 30 555") == {"Ångström"}


def test_a_company_that_is_renamed_renames_its_leads(leads: None) -> None:
    Company.objects.filter(name__startswith="Śląskie").update(name="Nowa Huta")
    assert found("slaskie") == set()
    assert found("nowa huta") == {"Adams"}
    assert LeadIndex.objects.get(lead__last_name="Adams").company_key == "nowa huta"
    Company.objects.all().update(domain="")
    assert found("acme") == set()


def test_many_at_once_are_found(make_lead: MakeLead) -> None:
    one = make_lead(last_name="First")
    fields = [field.attname for field in Lead._meta.concrete_fields if field.attname not in {"id", "email"}]
    copies = [Lead(email=f"c{n}@x.example", **{name: getattr(one, name) for name in fields}) for n in range(30)]
    Lead.objects.bulk_create(copies)
    assert Lead.objects.search("first").count() == 31
    assert LeadIndex.objects.count() == 31


def test_a_usual_beginning_and_a_rare_one_find_the_same(make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> None:
    """Walked or asked of the index: the way differs, never the answer."""
    for number in range(20):
        make_lead(last_name=f"Common {number}", company="Rare" if number == 3 else None)
    usual = found("com"), found("com rare"), found("rare")
    monkeypatch.setattr("leads.finding.USUAL", 1_000)
    monkeypatch.setattr("leads.finding.EVERYWHERE", 1_000)
    assert (found("com"), found("com rare"), found("rare")) == usual
    assert len(usual[0]) == 20


def test_the_last_touch_is_that_of_the_newest_attempt(make_lead: MakeLead, owner: User) -> None:
    lead, other = make_lead(), make_lead()

    def touched(which: Lead) -> object:
        return LeadIndex.objects.get(lead=which).last_touch_at

    def attempt(days: int) -> Attempt:
        at = NOW - timedelta(days=days)
        return Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="no_answer", occurred_at=at)

    assert touched(lead) is None
    new, old = attempt(1), attempt(5)
    assert touched(lead) == new.occurred_at
    Attempt.objects.filter(pk=new.pk).update(lead=other)  # as a merge moves it
    assert (touched(lead), touched(other)) == (old.occurred_at, new.occurred_at)
    old.delete()
    assert touched(lead) is None


def test_a_lead_that_goes_takes_its_index_along(make_lead: MakeLead, owner: User) -> None:
    lead, other = make_lead(), make_lead()
    Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=NOW)
    lead.delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_lead WHERE id = %s", [other.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not LeadIndex.objects.exists()


def test_words_are_few_and_quoted() -> None:
    assert terms_of("a b c d e f g h i j k") == [f"'{letter}':*" for letter in "abcdefgh"]
    assert terms_of("o'b@x") == ["'o''b@x':*"]
    assert terms_of("Anna anna ANNA") == ["'anna':*"]
    assert terms_of("022 12 3") == ["'022123':* | '22123':*"]
    assert terms_of("24 7") == ["'24':*", "'7':*"]
