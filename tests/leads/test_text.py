from __future__ import annotations

import pytest

from leads.text import company_domain, normalise_domain, normalise_email, split_name, tidy


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  ANN@Example.com\n", "ann@example.com"),
        ("\u200bann@example.com\ufeff", "ann@example.com"),
        ("\u00a0ann@example.com\u202f", "ann@example.com"),
        ("a b@example.com", "a b@example.com"),
        ("", ""),
    ],
)
def test_normalise_email(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("José Nuñez", ("José", "Nuñez")),
        ("  Ana  María   López ", ("Ana María", "López")),
        ("Nuñez, José", ("José", "Nuñez")),
        ("Cher", ("", "Cher")),
        ("Acme,", ("", "Acme,")),
        ("", ("", "")),
    ],
)
def test_split_name(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    ("pasted", "domain"),
    [
        ("https://www.Acme.com/pricing?x=1", "acme.com"),
        ("ACME.com:8080", "acme.com"),
        ("www.acme.co.uk.", "acme.co.uk"),
        ("", ""),
    ],
)
def test_normalise_domain(pasted: str, domain: str) -> None:
    assert normalise_domain(pasted) == domain


@pytest.mark.parametrize(("email", "domain"), [("a@acme.com", "acme.com"), ("a@GMAIL.com", ""), ("nobody", "")])
def test_company_domain(email: str, domain: str) -> None:
    assert company_domain(email) == domain


def test_tidy_keeps_line_breaks_and_drops_control_characters() -> None:
    assert tidy("\u200b VT\x0bFF\x0c\nnext\tcell ") == "VTFF\nnext\tcell"
