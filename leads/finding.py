"""What somebody types into the search, as a question to ``LeadIndex.words``."""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchQueryField
from django.db.models import Value
from django.db.models.functions import Cast

from leads.models import ExternalId
from leads.text import WORD, fold, words

WORDS = 8  # nobody types more
NUMBERED = 20
_PHONE = re.compile(r"[\d\s+()./-]+")
_DIGITS = 3  # fewer are the beginning of anything


def words_query(text: str) -> Cast | None:
    """The tsquery of every word as a beginning; None when nothing is left to look for."""
    parts = [part for chunk in text.split() for part in _chunk(chunk)][:WORDS]
    if not parts:
        return None
    query = " & ".join(dict.fromkeys(parts))
    number = _phone(text)
    return Cast(Value(f"({query}) | {number}" if number else query), SearchQueryField())


def numbered(text: str) -> list[int]:
    """The leads that another system knows by exactly this number."""
    typed = text.strip()
    values = {typed, typed.lower(), typed.upper()}
    return list(ExternalId.objects.filter(value__in=values).values_list("lead", flat=True)[:NUMBERED]) if typed else []


def _chunk(chunk: str) -> list[str]:
    """What stands between two blanks: an e-mail address as far as it is typed, else its words."""
    folded = fold(chunk)
    if "@" in folded[1:]:
        return [_beginning(folded[:WORD])]
    return [_beginning(word) for word in words(chunk)]


def _phone(text: str) -> str:
    """A number as people write it: blanks and dashes anywhere, the way out of the country or of the town before it."""
    if not _PHONE.fullmatch(text):
        return ""
    digits = "".join(re.findall(r"[0-9]+", text.replace("(0)", "")))
    if len(digits) < _DIGITS:
        return ""
    starts = dict.fromkeys(start for start in (digits, digits.lstrip("0")) if start)
    return " | ".join(_beginning(start) for start in starts)


def _beginning(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}':*"
