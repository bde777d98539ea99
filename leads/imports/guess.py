"""What the columns of a file probably mean, from their names and from what is in them. A person has the last word."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING

from leads.imports.mapping import fold
from leads.imports.synonyms import SYSTEMS, TARGETS
from leads.models import CustomField
from leads.text import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leads.imports.sketch import Sketch

MOMENTS = ("captured_at", "consent_at", "attempt.at")
PEOPLE = ("owner", "attempt.by")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIGNS = re.compile(r"[\W_]+")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+\.[^@\s]+")
_COMMA = re.compile(r"\D*\d{1,3}(\.\d{3})*,\d{1,2}\D*|\D*\d+,\d{1,2}\D*")
_POINT = re.compile(r"\D*\d+\.\d{1,2}\D*|\D*\d{1,3}(,\d{3})+(\.\d+)?\D*")
_DATE = re.compile(r"\d{1,4}[/.\- ]|[^\W\d]{3,9} \d{1,2},")
PROBE = 20
MOST = 0.8  # of the cells must be read by a format before it is believed
DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y",
    "%d %b, %Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S%z", "T%H:%M:%S%z")
FORMATS = tuple(day + time for day, time in product(DAYS, TIMES))


@dataclass(slots=True)
class Guess:
    """For one column; ``asks`` says what a person has to decide."""

    to: str = ""
    system: str = ""
    formats: tuple[str, ...] = ()
    decimal: str = "."
    asks: str = ""  # "equal", when another column has the same header; "date", when day and month may be either


def plain(header: str) -> str:
    """A header as the dictionary of synonyms has it."""
    words = _HUMP.sub(" ", tidy(header)).replace("ł", "l").replace("Ł", "L")
    words = re.sub(r"__c$", "", words, flags=re.IGNORECASE)
    bare = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return _SIGNS.sub(" ", bare).strip().casefold()


def target_of(header: str) -> str:
    """The field a header names, or nothing."""
    if not header.strip():
        return ""
    whole = plain(header)
    bare = plain(_BRACKETS.sub(" ", header))
    for word in (whole, bare, *_unprefixed(whole), *_unprefixed(bare)):
        if word in TARGETS:
            return TARGETS[word]
    return ""


def _unprefixed(words: str) -> Iterable[str]:
    """“Person - Phone” and “Lead: E-mail” name what “Phone” and “E-mail” do; “Deal - Value” names nothing of a lead."""
    first, _blank, rest = words.partition(" ")
    if first in {"person", "contact", "lead", "customer", "persona", "osoba", "pessoa"} and rest:
        yield rest
    if first in {"organization", "organisation", "company", "account"} and rest in {
        "name", "website", "domain", "industry", "employees", "annual revenue"
    }:  # fmt: skip
        yield "company name" if rest == "name" else rest


def guesses(sketch: Sketch) -> list[Guess]:
    """One per column of the file. A field is given to one column only; of two equal headers to neither: it is asked."""
    folded = [fold(header) for header in sketch.header]
    custom = _custom_fields()
    found = []
    for index, header in enumerate(sketch.header):
        one = Guess(to=custom.get(folded[index]) or target_of(header))
        if header.strip() and folded.count(folded[index]) > 1:
            one = Guess(asks="equal" if one.to else "")
        else:
            _refine(one, header, sketch.column(index))
        found.append(one)
    _one_column_each(found, sketch)
    for one in found:
        if one.asks == "date" and one.to not in MOMENTS and custom.get(one.to) != "date":
            one.asks = ""
    return found


def _refine(one: Guess, header: str, cells: list[str]) -> None:
    """What the cells say about it. Dates and numbers also where no date is guessed: a person may say it is one."""
    if one.to in PEOPLE and cells and not any("@" in cell for cell in cells):
        one.to = ""  # names, and people are known by their addresses
    if one.to == "external_id":
        one.system = SYSTEMS.get(plain(header), "") or "import"
    one.decimal = decimal_of(cells)
    if sum(bool(_DATE.match(cell.strip())) for cell in cells) * 2 > len(cells):
        one.formats, unsure = formats_of(cells)
        one.asks = "date" if unsure else ""


def _one_column_each(found: list[Guess], sketch: Sketch) -> None:
    asked = {target_of(header) for header, one in zip(sketch.header, found, strict=True) if one.asks == "equal"}
    taken = set(asked)
    names = {"first_name", "last_name"} & {one.to for one in found}
    for one in found:
        if one.to in taken or (one.to == "full_name" and len(names) == 2):
            one.to = ""
        elif one.to == "full_name" and names:
            # “Nombre” and “Apellidos”, but “Name” and “First name” too: the other part.
            one.to = "last_name" if names == {"first_name"} else "first_name"
        if one.to:
            taken.add(one.to)
    if "email" not in taken:
        _by_content(found, sketch)
    _only_with(found, "attempt.", {"attempt.at"})
    _only_with(found, "company.", {"company.name", "company.domain"})


def _by_content(found: list[Guess], sketch: Sketch) -> None:
    """A column of e-mail addresses, whatever it is called."""
    for index, one in enumerate(found):
        cells = sketch.column(index)
        addresses = sum(bool(_EMAIL.fullmatch(cell.strip())) for cell in cells)
        if not one.to and not one.asks and sketch.header[index].strip() and cells and addresses >= MOST * len(cells):
            one.to = "email"
            return


def _only_with(found: list[Guess], prefix: str, needed: set[str]) -> None:
    """“Channel” alone is no attempt, “Industry” alone no company."""
    if not any(one.to in needed for one in found):
        for one in found:
            if one.to.startswith(prefix):
                one.to = ""


def formats_of(cells: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The formats that read the cells, the likeliest first; and whether day and month might be the other way round."""
    odd = [cell for one in cells if (cell := tidy(one)) and not _is_iso(cell)]
    if not odd:
        return (), False
    shapes = Counter(re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell)) for cell in odd)
    chosen: dict[str, int] = {}
    unsure = False
    for shape, _count in shapes.most_common(4):
        alike = [cell for cell in odd if re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell)) == shape]
        fitting = _fitting(alike)
        most = max(fitting.values(), default=0)
        best = [form for form, n in fitting.items() if n == most and n >= MOST * len(alike)]
        unsure = unsure or len(best) > 1
        chosen |= {form: fitting[form] for form in (best[:1] if len(best) == 1 else [])}
    return _of_one_order(chosen), unsure and not chosen


def _fitting(cells: Sequence[str]) -> dict[str, int]:
    """How many cells each format reads; those that read none of the first few are not asked about the others."""
    probe = cells[:PROBE]
    likely = [form for form in FORMATS if any(_reads(cell, form) for cell in probe)]
    return {form: sum(_reads(cell, form) for cell in cells) for form in likely}


def _of_one_order(chosen: dict[str, int]) -> tuple[str, ...]:
    """Most read first; a file does not write day first in one row and month first in the next."""
    ordered = sorted(chosen, key=lambda form: -chosen[form])
    return tuple(form for form in ordered if (form[:2] == "%m") == (ordered[0][:2] == "%m"))


def _reads(cell: str, form: str) -> bool:
    try:
        datetime.strptime(cell, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def _is_iso(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def decimal_of(cells: Sequence[str]) -> str:
    comma = sum(bool(_COMMA.fullmatch(cell.strip())) for cell in cells)
    point = sum(bool(_POINT.fullmatch(cell.strip())) for cell in cells)
    return "," if comma > point else "."


def _custom_fields() -> dict[str, str]:
    """Fields of the company's own by name and key; and their kinds by field."""
    fields = list(CustomField.objects.filter(is_active=True))
    names = {fold(field.name): f"custom.{field.key}" for field in fields} | {f.key: f"custom.{f.key}" for f in fields}
    return names | {f"custom.{field.key}": field.kind for field in fields}
