"""What somebody types into the search, as a question to ``LeadIndex.words``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, Count, F, Func, Q

from leads.models import ExternalId, LeadIndex
from leads.text import WORD, fold, words

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

    from leads.querysets import LeadQuerySet

WORDS = 8  # nobody types more
NUMBERED = 20
_PHONE = re.compile(r"[\d\s+()./-]+")
_DIGITS = 5  # fewer are the beginning of anything
# Of the newest five hundred leads, so many make a page soon full; and so many are too many to fetch from the index.
SAMPLE, USUAL, EVERYWHERE = 500, 3, 50


class Matches(Func):
    """``words @@ query`` as a function, which no index is asked for."""

    function = "ts_match_vq"
    output_field = BooleanField()


class Beginnings(SearchQuery):
    """A tsquery as it stands: no parser of PostgreSQL's takes the words apart again, or leaves out usual ones."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def as_sql(  # type: ignore[override]  # one that has no parts of its own to compile
        self,
        compiler: SQLCompiler,  # noqa: ARG002 - the signature of every expression
        connection: BaseDatabaseWrapper,  # noqa: ARG002 - as above
        **_options: Any,
    ) -> tuple[str, list[str]]:
        return "%s::tsquery", [self.text]


def narrow(rows: LeadQuerySet, text: str) -> LeadQuerySet:
    """The leads of which every term is a beginning, and those that another system knows by exactly this number."""
    terms, ids = terms_of(text), numbered(text)
    if not terms:
        return rows.filter(pk__in=ids)
    indexed, walked = _plan(terms)
    found = Q(Matches(F("index__words"), Beginnings(_every(walked)))) if walked else Q()
    if indexed:
        found &= Q(index__words=Beginnings(_every(indexed)))
    return rows.filter(found | Q(index__pk__in=ids) if ids else found)


def terms_of(text: str) -> list[str]:
    """What is typed as tsqueries: a word, an e-mail address as far as it is typed, or a phone number."""
    if number := _phone(text):
        return [number]
    parts = [part for chunk in text.split() for part in _chunk(chunk)]
    return list(dict.fromkeys(parts))[:WORDS]


def numbered(text: str) -> list[int]:
    """The leads that another system knows by exactly this number; without a digit it is none."""
    typed = text.strip()
    if not any(map(str.isdigit, typed)):
        return []
    values = {typed, typed.lower(), typed.upper()}
    return list(ExternalId.objects.filter(value__in=values).values_list("lead", flat=True)[:NUMBERED])


def _plan(terms: list[str]) -> tuple[list[str], list[str]]:
    """The terms to ask the index of words for, and those to look at row by row.

    PostgreSQL's statistics know how usual a word is, not how usual a beginning of words: of a million telephone numbers
    that begin alike it reads every one from the index. So the newest leads are asked. What fills a page soon is found
    by walking the list; of rare words the index knows the few leads there are.
    """
    newest = LeadIndex.objects.order_by("-pk")[:SAMPLE]
    counts = {f"term_{number}": _count(term) for number, term in enumerate(terms)} if len(terms) > 1 else {}
    found = newest.aggregate(together=_count(_every(terms)), **counts)
    if found["together"] >= USUAL:
        return [], terms
    if not counts:
        return terms, []
    usual = {term: found[f"term_{number}"] for number, term in enumerate(terms)}
    indexed = [term for term in terms if usual[term] < EVERYWHERE] or sorted(terms, key=usual.__getitem__)[:2]
    return indexed, [term for term in terms if term not in indexed]


def _count(query: str) -> Count:
    return Count("pk", filter=Q(words=Beginnings(query)))


def _every(terms: list[str]) -> str:
    return " & ".join(f"({term})" for term in terms)


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
