"""What the columns of a file mean: a TOML file, read and checked before any row is."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from leads.models.lists import validate_key
from leads.text import tidy

if TYPE_CHECKING:
    from pathlib import Path

LEAD_TEXTS = {
    "first_name": 150,
    "last_name": 150,
    "phone": 50,
    "job_title": 200,
    "country": 100,
    "city": 100,
    "language": 16,
    "status_reason": 250,
    "consent_source": 200,
    "bant_budget": 250,
    "bant_authority": 250,
    "bant_need": 250,
    "bant_timeline": 250,
}
LISTS = ("lead_type", "status", "stage", "owner", "source", "campaign")
# One logged attempt per row; “by” is whoever made it, else the lead's owner in the file, else who imports.
ATTEMPT_FIELDS = ("attempt.channel", "attempt.outcome", "attempt.at", "attempt.note", "attempt.by")
LEAD_FIELDS = (
    *LEAD_TEXTS, *LISTS, "full_name", "email", "external_id", "journey_step",
    "consent", "consent_at", "captured_at", "do_not_email", "do_not_call",
)  # fmt: skip
COMPANY_TEXTS = {
    "company.name": 250,
    "company.domain": 253,
    "company.industry": 120,
    "company.country": 100,
    "company.region": 100,
    "company.city": 100,
    "company.technologies": 500,
}
COMPANY_FIELDS = (*COMPANY_TEXTS, "company.employees", "company.annual_revenue")
FIELDS = (*LEAD_FIELDS, *COMPANY_FIELDS, *ATTEMPT_FIELDS)
CONSTANT = frozenset({*LEAD_FIELDS, "attempt.channel", "attempt.outcome"}) - {"external_id", "email", "full_name"}
KINDS = ("text", "number", "money", "date", "choice", "yes_no")
ENCODING_REPAIRS = ("", "repair", "keep")


class MappingError(Exception):
    """The mapping cannot be used; the message is a sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one column of the file becomes, and how its cells are read."""

    header: str
    to: str
    system: str = ""
    occurrence: int = 0
    optional: bool = False
    required: bool = False
    empty: frozenset[str] = frozenset()
    values: dict[str, str] = field(default_factory=dict)
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    formats: tuple[str, ...] = ()
    decimal: str = "."
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    kind: str = ""
    name: str = ""
    choices: tuple[str, ...] = ()

    @property
    def custom_key(self) -> str:
        return self.to.removeprefix("custom.") if self.to.startswith("custom.") else ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """The columns, the constants of new leads, and what is declared about the file itself."""

    columns: tuple[Column, ...]
    constants: dict[str, str]
    delimiter: str = ""
    encoding: str = ""
    double_encoded: str = ""
    sheet: str = ""
    update_stage: bool = False
    mended: bool = False  # rejected rows that were handed out: their cells were made harmless for spreadsheets
    by_record: bool = False  # a sheet turned into CSV: its rows are counted, not the lines of their cells

    @property
    def system(self) -> str:
        """The source system whose number identifies a lead; nothing when only the e-mail does."""
        return next((column.system for column in self.columns if column.to == "external_id"), "")


def load(path: Path) -> Mapping:
    """Read a mapping file. Raises MappingError: unreadable, no TOML (with its line), or something unknown in it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MappingError(_("The mapping cannot be read: %(why)s.") % {"why": error.strerror}) from error
    except UnicodeDecodeError as error:
        raise MappingError(_("The mapping is not written in UTF-8.")) from error
    except tomllib.TOMLDecodeError as error:
        raise MappingError(_("The mapping is no TOML: %(why)s.") % {"why": error}) from error
    return parse(tables)


def parse(tables: dict[str, Any]) -> Mapping:
    """A mapping from the tables of a TOML file; see docs/import.md for their meaning."""
    _known("", tables, ("file", "defaults", "columns", "constants", "options"))
    about, options = _table(tables, "file"), _table(tables, "options")
    _known("file", about, ("delimiter", "encoding", "double_encoded", "sheet"))
    _known("options", options, ("update_stage",))
    defaults = _table(tables, "defaults")
    _known("defaults", defaults, ("empty", "yes", "no", "formats", "decimal", "time_zone"))
    columns = tuple(_column(header, told, defaults) for header, told in _columns(tables))
    mapping = Mapping(
        columns,
        _constants(_table(tables, "constants")),
        _delimiter(about.get("delimiter", "")),
        _text("file.encoding", about.get("encoding", "")),
        _one_of("file.double_encoded", about.get("double_encoded", ""), ENCODING_REPAIRS),
        _text("file.sheet", about.get("sheet", "")),
        update_stage=options.get("update_stage") is True,
    )
    _check(mapping)
    return mapping


def _columns(tables: dict[str, Any]) -> list[tuple[str, Any]]:
    """By header, as TOML has them; or as a list with the header in each, where two columns may have the same one."""
    told = tables.get("columns", {})
    if isinstance(told, list) and all(isinstance(one, dict) for one in told):
        return [(_text("columns", one.get("header")), {**one, "header": None}) for one in told]
    return list(_table(tables, "columns").items())


def of_sheet(mapping: Mapping) -> Mapping:
    """The same columns, read from the CSV that a sheet was turned into."""
    return replace(mapping, encoding="utf-8", delimiter=",", double_encoded="keep", by_record=True)


def _check(mapping: Mapping) -> None:
    """Rows must be identifiable, and no field may be filled twice."""
    targets = [column.to for column in mapping.columns]
    for target in targets:
        if targets.count(target) > 1:
            raise MappingError(_("Two columns are mapped to “%(field)s”.") % {"field": target})
    if not {"email", "external_id"} & set(targets):
        raise MappingError(
            _("Map a column to “email” or to “external_id”: without one, importing twice would double the leads.")
        )
    if "full_name" in targets and {"first_name", "last_name"} & set(targets):
        raise MappingError(_("Map either “full_name”, or “first_name” and “last_name”."))
    if set(targets) & set(ATTEMPT_FIELDS) and "attempt.at" not in targets:
        raise MappingError(_("Attempts need a column for when they were made: “attempt.at”."))
    if set(targets) & set(COMPANY_FIELDS) and not {"company.name", "company.domain"} & set(targets):
        raise MappingError(_("Company columns need “company.name” or “company.domain” to say which company."))


def _column(header: str, told: Any, defaults: dict[str, Any]) -> Column:
    place = f'columns."{header}"'
    options: dict[str, Any] = {"to": told} if isinstance(told, str) else told
    if not isinstance(options, dict):
        raise MappingError(_("%(place)s must be a field or a table.") % {"place": place})
    options = {name: value for name, value in options.items() if name != "header"}
    names = tuple(Column.__dataclass_fields__)
    _known(place, options, tuple(name for name in names if name != "header"))
    merged = {**defaults, **options}
    to = _target(place, merged)
    return Column(
        header=header,
        to=to,
        system=_text(place, merged.get("system", "")),
        occurrence=_occurrence(place, merged.get("occurrence", 0)),
        optional=bool(merged.get("optional", False)),
        required=bool(merged.get("required", False)),
        empty=_words(place, merged.get("empty", [])),
        values={fold(word): str(value) for word, value in merged.get("values", {}).items()},
        yes=_words(place, merged.get("yes", ["yes", "true", "1", "y", "on"])),
        no=_words(place, merged.get("no", ["no", "false", "0", "n", "off"])),
        formats=tuple(_strings(place, merged.get("formats", []))),
        decimal=_one_of(place, merged.get("decimal", "."), (".", ",")),
        time_zone=_zone(place, merged.get("time_zone", "UTC")),
        kind=_one_of(place, merged.get("kind", ""), ("", *KINDS)),
        name=_text(place, merged.get("name", "")) or header,
        choices=tuple(_strings(place, merged.get("choices", []))),
    )


def _target(place: str, options: dict[str, Any]) -> str:
    to = _text(place, options.get("to", ""))
    if to.startswith("custom."):
        try:
            validate_key(to.removeprefix("custom."))
        except Exception as error:
            raise MappingError(_("%(place)s: “%(field)s” is no key.") % {"place": place, "field": to}) from error
        return to
    if to not in FIELDS:
        near = difflib.get_close_matches(to, FIELDS, 1)
        hint = " " + _("Did you mean “%(near)s”?") % {"near": near[0]} if near else ""
        raise MappingError(_("%(place)s: there is no field “%(field)s”.") % {"place": place, "field": to} + hint)
    if to == "external_id" and not options.get("system"):
        raise MappingError(_("%(place)s: an external_id needs its “system”.") % {"place": place})
    return to


def _constants(told: dict[str, Any]) -> dict[str, str]:
    for name in told:
        if name not in CONSTANT and not name.startswith("custom."):
            raise MappingError(_("constants: “%(field)s” cannot be the same for all leads.") % {"field": name})
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in told.items()}


def fold(text: str) -> str:
    """Words and headers compare without regard to case, blanks around and between, and invisible characters."""
    return " ".join(tidy(text).split()).casefold()


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise MappingError(_("“%(name)s” must be a table.") % {"name": name})
    return table


def _known(place: str, table: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in table:
        if name not in names:
            raise MappingError(
                _("%(place)s: “%(name)s” is unknown; there are %(names)s.")
                % {"place": place or _("mapping"), "name": name, "names": ", ".join(names)}
            )


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str):
        raise MappingError(_("%(place)s: “%(value)s” is no text.") % {"place": place, "value": value})
    return value


def _strings(place: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise MappingError(_("%(place)s: “%(value)s” is no list.") % {"place": place, "value": value})
    return [_text(place, one) for one in value]


def _words(place: str, value: Any) -> frozenset[str]:
    return frozenset(fold(word) for word in _strings(place, value))


def _one_of(place: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        names = ", ".join(repr(one) for one in allowed if one)
        raise MappingError(
            _("%(place)s: “%(value)s” is none of %(names)s.") % {"place": place, "value": value, "names": names}
        )
    return str(value)


def _occurrence(place: str, value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise MappingError(_("%(place)s: “occurrence” counts from 1.") % {"place": place})
    return value


def _zone(place: str, name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(_text(place, name))
    except (KeyError, ValueError, OSError) as error:
        raise MappingError(
            _("%(place)s: there is no time zone “%(name)s”.") % {"place": place, "name": name}
        ) from error


def _delimiter(value: Any) -> str:
    text = _text("file.delimiter", value)
    if len(text) > 1:
        raise MappingError(_('file.delimiter must be one character, such as ",", ";" or "\\t".'))
    return text
