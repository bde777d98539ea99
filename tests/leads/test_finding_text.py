"""What is searched is folded in two places, by the program and by the database: both must agree."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.text import fold, words

LETTERS = st.characters(max_codepoint=0x2FFF, blacklist_categories=("Cs", "Cn"), blacklist_characters="\x00")
SAMPLES = [
    ("Łukasz ŻÓŁĆ", "lukasz zolc"), ("Müller-Straße", "muller-strasse"), ("Ærøskøbing", "aeroskobing"),
    ("ΣΊΣΥΦΟΣ", "σισυφοσ"), ("İstanbul Iğdır", "istanbul igdir"), ("Œuvre ﬁn", "oeuvre fin"), ("Ёлка", "елка"),
    ("plain ASCII", "plain ascii"), ("Đorđe Þór", "dorde thor"), ("e\u0301\u0301", "e"),
]  # fmt: skip


def ask(sql: str, *values: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(("text", "folded"), SAMPLES)
def test_accents_and_case_are_nothing(db: None, text: str, folded: str) -> None:
    assert fold(text) == folded
    assert ask("SELECT baton_fold(%s)", text) == folded


@pytest.mark.django_db
@settings(max_examples=300, deadline=None)
@given(text=st.text(LETTERS, max_size=30))
def test_the_database_folds_and_parts_words_as_we_do(text: str) -> None:
    assert ask("SELECT baton_fold(%s)", text) == fold(text)
    found = ask("SELECT array_to_string(tsvector_to_array(baton_words(%s, '', '', '', '', '')), E'\\x01')", text)
    assert set(found.split("\x01")) - {""} == set(words(text))


@pytest.mark.parametrize(
    ("phone", "tokens"),
    [
        ("+48 22 123 45 67", {"48221234567", "221234567"}),
        ("0048 22 1234567", {"48221234567", "221234567"}),
        ("022 123-45-67", {"0221234567", "221234567"}),
        ("+44 (0)20 7946 0000", {"442079460000", "2079460000"}),
        ("+351 21 000 00 00", {"351210000000", "210000000"}),
        ("", set()),
    ],
)
def test_a_number_is_found_with_and_without_its_country(db: None, phone: str, tokens: set[str]) -> None:
    found = ask("SELECT array_to_string(tsvector_to_array(baton_words('', '', '', '', '', %s)), ' ')", phone)
    assert set(found.split()) == tokens
