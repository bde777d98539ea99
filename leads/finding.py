"""What somebody types into the search, as a question to ``LeadIndex.words``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import BooleanField, F, Func, Q

from leads.models import ExternalId, LeadIndex
from leads.text import WORD, fold, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import QuerySet
    from django.db.models.sql.compiler import SQLCompiler

    from leads.querysets import LeadQuerySet

    LeadIndexes = QuerySet[LeadIndex, int]

WORDS = 8  # nobody types more
NUMBERED = 20
_PHONE = re.compile(r"[\d\s+()./-]+")
_DIGITS = 5  # fewer are the beginning of anything
# Of the newest five hundred leads, so many make a page soon full; and so many are too many to fetch from the index.
SAMPLE, USUAL, EVERYWHERE = 500, 3, 50
NEWEST = """
SELECT max(lead_id), %s FROM (SELECT lead_id, words FROM leads_leadindex ORDER BY lead_id DESC LIMIT %%s) AS newest
"""


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


class Sample(NamedTuple):
    """The newest lead's id, and how many of the newest have all the terms together, and each of them."""

    newest: int
    together: int
    each: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """The terms that a lead must have all of, or be one of those known by exactly this number."""

    terms: tuple[str, ...]
    numbered: tuple[int, ...]
    sample: Sample

    @property
    def is_usual(self) -> bool:
        """A page is probably full after a short walk from its beginning."""
        return self.sample.together >= USUAL

    @property
    def is_everywhere(self) -> bool:
        """So many have it that a list in any order soon comes to them, and the index had too much to read."""
        return not self.terms or self.sample.together >= EVERYWHERE

    def narrow(self, rows: LeadQuerySet) -> LeadQuerySet:
        """The leads that it finds."""
        return self.walk(rows) if self.is_everywhere else rows.filter(self._indexed("index__"))

    def walk(self, rows: LeadQuerySet) -> LeadQuerySet:
        """The same, looking at row by row in the order they are asked for."""
        found = Q(Matches(F("index__words"), Beginnings(_every(self.terms)))) if self.terms else Q(pk__in=self.numbered)
        return rows.filter(found | Q(index__pk__in=self.numbered) if self.terms and self.numbered else found)

    def ids(self) -> LeadIndexes:
        """The same as the ids of leads, by the index alone."""
        return LeadIndex.objects.order_by().filter(self._indexed("")).values_list("pk", flat=True)

    def _indexed(self, way: str) -> Q:
        """By the terms that few have, or by two of them; the others are looked at in what is found by these.

        PostgreSQL's statistics know how usual a word is, not how usual a beginning of words: of a million telephone
        numbers that begin alike it reads every one from the index.
        """
        usual = dict(zip(self.terms, self.sample.each, strict=True))
        rare = [term for term in self.terms if usual[term] < EVERYWHERE]
        asked = rare or sorted(self.terms, key=usual.__getitem__)[:2]
        found = Q(**{f"{way}words": Beginnings(_every(asked))})
        if walked := [term for term in self.terms if term not in asked]:
            found &= Q(Matches(F(f"{way}words"), Beginnings(_every(walked))))
        return found | Q(**{f"{way}pk__in": self.numbered}) if self.numbered else found


def search_of(text: str) -> Search:
    """What is typed as a question; the newest leads are asked how usual it is."""
    terms = tuple(terms_of(text))
    return Search(terms, tuple(numbered(text)), _sample(terms) if terms else Sample(0, 0, ()))


def narrow(rows: LeadQuerySet, text: str) -> LeadQuerySet:
    """The leads of which every term is a beginning, and those that another system knows by exactly this number."""
    return search_of(text).narrow(rows)


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


def _sample(terms: Sequence[str]) -> Sample:
    each = terms if len(terms) > 1 else ()
    counts = ", ".join(["count(*) FILTER (WHERE words @@ %s::tsquery)"] * (1 + len(each)))
    with connection.cursor() as cursor:
        cursor.execute(NEWEST % counts, [_every(terms), *each, SAMPLE])
        newest, together, *found = cursor.fetchone()
    return Sample(newest or 0, together, tuple(found) or (together,))


def _every(terms: Iterable[str]) -> str:
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
