"""Probable duplicates are found as they arrive, whichever door they come in by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Company, CompanyPair, DuplicatePair, Lead, LeadKey, ToCompare
from leads.services.duplicates import BLOCK, dismiss, look, look_through_everything, open_pairs_of
from leads.tasks import find_duplicates
from people.models import User
from tests.cast import NOW, MakeLead
from tests.leads.importing import Importer

LATER = NOW + timedelta(minutes=1)


def look_at_all() -> None:
    while look(now=NOW):
        pass


def reasons(one: Any, other: Any, pairs: Any = DuplicatePair) -> list[str] | None:
    low, high = sorted((one.pk, other.pk))
    found = pairs.objects.filter(low=low, high=high).first()
    return found.reasons if found else None


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (
            {"first_name": "Ana", "last_name": "Gómez", "company": "Acme"},
            {"first_name": "ana", "last_name": "GOMEZ", "company": "Acme"},
            ["name"],
        ),
        (
            {"first_name": "Ana", "last_name": "Gómez", "company": "Acme"},
            {"first_name": "Gomez", "last_name": "Ana", "company": "ACME, S.L."},
            ["name"],
        ),
        ({"phone": "600 100 200", "country": "Spain"}, {"phone": "+34600100200", "country": "Poland"}, ["phone"]),
        ({"email": "ana.gomez@gmail.com"}, {"email": "anagomez+news@gmail.com"}, ["email"]),
        ({"email": "ana.gomez@gmail.com"}, {"email": "ana.gomez@gmial.com"}, ["email"]),
        ({"email": "ana.gomez@factory.example"}, {"email": "ana.gomez@facotry.example"}, ["email"]),
        (
            {"email": "ana@acme.example", "company": "Acme"},
            {"email": "ana@acme-group.example", "company": "Acme"},
            ["email"],
        ),
        (
            {"first_name": "Ana", "last_name": "G", "company": "Acme", "phone": "+34600100200"},
            {"first_name": "Ana", "last_name": "G", "company": "Acme", "phone": "+34 600 10 02 00"},
            ["name", "phone"],
        ),
        # And what is none: another company, no company, a role's mailbox, another provider, an extension.
        ({"first_name": "Ana", "last_name": "G", "company": "Acme"}, {"first_name": "Ana", "last_name": "G"}, None),
        (
            {"first_name": "Ana", "last_name": "G", "company": "Acme"},
            {"first_name": "Ana", "last_name": "G", "company": "Beta"},
            None,
        ),
        ({"email": "info@acme.example", "company": "Acme"}, {"email": "info@acme.test", "company": "Acme"}, None),
        ({"email": "ana.gomez@gmail.com"}, {"email": "ana.gomez@outlook.com"}, None),
        ({"phone": "12345"}, {"phone": "12345"}, None),
    ],
)
def test_the_rules(make_lead: MakeLead, one: dict[str, str], other: dict[str, str], why: list[str] | None) -> None:
    first, second = make_lead(**one), make_lead(**other)
    look_at_all()
    assert reasons(first, second) == why


def test_by_every_door(make_lead: MakeLead, importer: Importer) -> None:
    known = make_lead(email="ana.gomez@gmail.com")
    look_at_all()
    importer("E-mail,First,Last\nanagomez@gmail.com,A,G\n")
    by_hand = make_lead(email="nobody@acme.example")
    Lead.objects.filter(pk=by_hand.pk).update(email="a.nagomez@gmail.com")
    look_at_all()
    imported = Lead.objects.get(email="anagomez@gmail.com")
    assert reasons(known, imported) == reasons(known, by_hand) == reasons(imported, by_hand) == ["email"]


def test_a_company_that_is_renamed_is_looked_at_with_its_leads(make_lead: MakeLead) -> None:
    one = make_lead(first_name="Ana", last_name="G", company="Acme")
    other = make_lead(first_name="Ana", last_name="G", company="Beta")
    look_at_all()
    Company.objects.filter(name="Beta").update(name="ACME Ltd")
    look_at_all()
    assert reasons(one, other) == ["name"]
    assert one.company is not None
    assert other.company is not None
    assert reasons(one.company, other.company, CompanyPair) == ["name"]


def test_what_is_alike_no_longer_is_proposed_no_longer(make_lead: MakeLead) -> None:
    one, other = make_lead(phone="+34600100200"), make_lead(phone="+34600100200")
    look_at_all()
    Lead.objects.filter(pk=other.pk).update(phone="+34600100201")
    look_at_all()
    assert reasons(one, other) is None


def test_dismissed_stays_dismissed_until_there_is_a_new_reason(make_lead: MakeLead, owner: User) -> None:
    one, other = make_lead(phone="+34600100200"), make_lead(phone="+34600100200")
    look_at_all()
    dismiss(pair=DuplicatePair.objects.get(), by=owner, now=NOW)
    Lead.objects.filter(pk=other.pk).update(phone="0034 600100200")
    look_through_everything(now=NOW)
    look_at_all()
    pair = DuplicatePair.objects.get()
    assert (pair.dismissed_at, pair.dismissed_by) == (NOW, owner)

    Lead.objects.filter(pk=one.pk).update(email="ana.gomez@gmail.com")
    Lead.objects.filter(pk=other.pk).update(email="anagomez@gmail.com")
    look_at_all()
    pair.refresh_from_db()
    assert (pair.dismissed_at, pair.dismissed_by, pair.reasons) == (None, None, ["email", "phone"])


def test_a_switchboard_is_no_reason(make_lead: MakeLead) -> None:
    for _n in range(BLOCK + 1):
        make_lead(phone="+34600100200")
    look_at_all()
    assert not DuplicatePair.objects.exists()


def test_twice_finds_nothing_more_and_asking_twice_queues_once(make_lead: MakeLead) -> None:
    make_lead(phone="+34600100200")
    make_lead(phone="+34600100200")
    find_duplicates()
    before = list(DuplicatePair.objects.values())
    assert ToCompare.objects.count() == 0

    assert (look_through_everything(now=LATER), look_through_everything(now=LATER)) == (2, 0)
    find_duplicates()

    assert list(DuplicatePair.objects.values()) == before
    assert look(now=LATER) == 0


def test_a_batch_costs_the_same_however_many_there_are(make_lead: MakeLead) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            look(now=NOW)
        return len(queries)

    for _n in range(2):
        make_lead(company="Acme")
    few = asked()
    for _n in range(40):
        make_lead(company="Acme")
    assert asked() <= few


def test_who_may_not_see_both_sees_no_pair(
    make_lead: MakeLead, owner: User, other_team_sdr: User, manager: User, marketer: User
) -> None:
    mine, theirs = make_lead(phone="+34600100200", owner=owner), make_lead(phone="+34600100200", owner=other_team_sdr)
    look_at_all()
    seen: Callable[[User], int] = lambda user: open_pairs_of(mine, user).count()  # noqa: E731 - said once
    assert (seen(owner), seen(manager), seen(marketer)) == (0, 0, 1)
    Lead.objects.filter(pk=theirs.pk).update(owner=None)
    assert (seen(owner), seen(manager)) == (0, 1)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ({"name": "Acme Ltd"}, {"name": "ACMÉ"}, ["name"]),
        ({"name": "One", "domain": "acme.com"}, {"name": "Two", "domain": "acme.es"}, ["domain"]),
        ({"name": "One", "domain": "acme.co.uk"}, {"name": "Two", "domain": "acme.es"}, ["domain"]),
        ({"name": "One", "domain": "abc.com"}, {"name": "Two", "domain": "abc.es"}, None),
        ({"name": "Acme"}, {"name": "Acme Tools"}, None),
    ],
)
def test_companies(db: None, one: dict[str, str], other: dict[str, str], why: list[str] | None) -> None:
    first, second = Company.objects.create(**one), Company.objects.create(**other)
    look_at_all()
    assert reasons(first, second, CompanyPair) == why


def test_nobody_can_read_a_key(make_lead: MakeLead) -> None:
    lead = make_lead(email="ana.gomez@gmail.com", phone="+34600100200")
    look_at_all()
    assert all(isinstance(key, int) for key in LeadKey.objects.filter(lead=lead).values_list("key", flat=True))
    lead.delete()
    assert not LeadKey.objects.exists()
