"""What makes two rows probably one: tables of words in, words out."""

from __future__ import annotations

import pytest

from leads.matching.emails import mailbox, one_slip, slipped
from leads.matching.names import company_key, person_key
from leads.matching.phones import phone_key, region_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ana", "Nowak"), ("NOWAK", "ana")),
        (("Łucja", "Gómez"), ("Lucja", "Gomez")),
        (("Jean-Pierre", "Straße"), ("jean pierre", "STRASSE")),
    ],
)
def test_names_are_folded(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert person_key(*one) == person_key(*other) != ""


@pytest.mark.parametrize(
    "written",
    ["Acme", "ACME, Inc.", "Acme Ltd", "Acme Limited", "acmé GmbH", "Acme GmbH & Co. KG", "Acme S.L.", "Acme S. A.",
     "Acme Sp. z o.o.", "Acme sp. z o. o.", "ACME Pty Ltd", "Acme S.A. de C.V." ],
)  # fmt: skip
def test_legal_forms_are_left_out(written: str) -> None:
    assert company_key(written).startswith("acme")
    if "C.V." not in written:
        assert company_key(written) == "acme"


def test_a_company_that_is_called_like_a_legal_form_keeps_its_name() -> None:
    assert company_key("SA") == "sa"
    assert company_key("Co") == "co"
    assert company_key("…") == ""


@pytest.mark.parametrize(
    ("phone", "country", "key"),
    [
        ("+34 600 100 200", "", "+34600100200"),
        ("600 100 200", "Spain", "+34600100200"),
        ("600-100-200", "España", "+34600100200"),
        ("0034 600100200", "Poland", "+34600100200"),
        ("34600100200", "", "+34600100200"),
        ("(212) 555-0100 ext. 3", "United States", "+12125550100"),
        ("(212) 555-0100", "USA", "+12125550100"),
        ("600100200", "Atlantis", "600100200"),
        ("12345", "Spain", ""),
        ("none", "Spain", ""),
        ("", "", ""),
        ("+" + "9" * 40, "", "9" * 40),
    ],
)
def test_phones_are_as_the_network_knows_them(phone: str, country: str, key: str) -> None:
    assert phone_key(phone, country) == key


@pytest.mark.parametrize(("country", "region"), [("ES", "ES"), ("Deutschland", "DE"), ("Brasil", "BR"), ("??", "")])
def test_countries_in_any_language(country: str, region: str) -> None:
    assert region_of(country) == region


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.na+news@gmail.com", "ana@googlemail.com"),
        ("ana@gmial.com", "ana@gmail.com"),
        ("ana@gmail.con", "ana@gmail.com"),
        ("ana+x@acme.example", "ana@acme.example"),
    ],
)
def test_one_mailbox(one: str, other: str) -> None:
    assert mailbox(one) == mailbox(other)


@pytest.mark.parametrize(
    ("one", "other", "so"),
    [
        ("acme.com", "acmee.com", True),
        ("acme.com", "amce.com", True),
        ("acme.com", "acne.com", True),
        ("acme.com", "acme.co", True),
        ("acme.com", "acme.com", False),
        ("acme.com", "camcme.com", False),
        ("abcd", "badc", False),
    ],
)
def test_one_slip(one: str, other: str, so: bool) -> None:
    assert one_slip(one, other) is one_slip(other, one) is so


def test_two_providers_are_two_however_alike() -> None:
    assert not slipped("ana@mail.com", "ana@gmail.com")
    assert slipped("ana@factory.example", "ana@facotry.example")
    assert not slipped("ana@factory.example", "eva@facotry.example")
