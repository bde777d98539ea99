"""The language in which rules, profiles, policies and routing say *which leads*: pure values, no Django.

A condition is ``{"field", "op", "value"}``; a list of them holds when each one holds. Text is compared without regard
to case. A missing value (never entered, or empty text) satisfies only ``is_not_set``, ``is_not`` and ``not_in``.
Days are days of UTC. ``within_last_days: 7`` means today or one of the seven days before; ``older_than_days: 7``
means a day before those. ``between`` includes both ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NoReturn

MAX_CONDITIONS = 30
MAX_VALUES = 500
MAX_TEXT = 500
MAX_NUMBER = Decimal(10) ** 15
MAX_DAYS = 36_500


def gettext_noop(text: str) -> str:
    """Mark a sentence for translation; whoever shows it translates it."""
    return text


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    OPEN = "open"  # a property of an event: the operator says what it is read as


class Op(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    WITHIN_LAST_DAYS = "within_last_days"
    OLDER_THAN_DAYS = "older_than_days"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"


Part = StrEnum("Part", {"FIELD": "field", "OP": "op", "VALUE": "value"})

_SETNESS = (Op.IS_SET, Op.IS_NOT_SET)
_EQUALITY = (Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN)
_ORDER = (Op.GT, Op.GTE, Op.LT, Op.LTE, Op.BETWEEN)
_WORDS = (Op.CONTAINS, Op.STARTS_WITH)
_TRUTH = (Op.IS_TRUE, Op.IS_FALSE)
_AGE = (Op.WITHIN_LAST_DAYS, Op.OLDER_THAN_DAYS)

OPERATORS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.TEXT: (*_EQUALITY, *_WORDS, *_SETNESS),
    Kind.NUMBER: (*_EQUALITY, *_ORDER, *_SETNESS),
    Kind.DATE: (Op.IS, Op.IS_NOT, *_ORDER, *_AGE, *_SETNESS),
    Kind.BOOLEAN: (*_TRUTH, *_SETNESS),
    Kind.CHOICE: (*_EQUALITY, *_SETNESS),
    Kind.OPEN: (*_EQUALITY, *_WORDS, *_ORDER, *_TRUTH, *_SETNESS),
}
NO_VALUE = frozenset((*_TRUTH, *_SETNESS))
LISTS = frozenset((Op.IN, Op.NOT_IN))
TIMED = frozenset(_AGE)

Value = str | Decimal | date | int | tuple[str, ...] | tuple[Decimal, ...] | tuple[date, ...] | None


@dataclass(frozen=True, slots=True)
class FieldType:
    """What the language must know of a field. ``choices`` maps what is stored to what people read; None: any."""

    kind: Kind
    label: str = ""
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One checked condition. ``kind`` is how it is compared: that of the field, or what ``OPEN`` turned out to be."""

    field: str
    op: Op
    value: Value
    kind: Kind

    def as_dict(self) -> dict[str, Any]:
        """The stored form: JSON, without ``value`` where the operator takes none."""
        row: dict[str, Any] = {"field": self.field, "op": str(self.op)}
        return row if self.op in NO_VALUE else {**row, "value": _plain(self.value)}


class ConditionError(ValueError):
    """What is wrong with one condition: ``index`` counts from 0, ``part`` is "field", "op" or "value".

    ``template % params`` is the sentence; whoever shows it may translate ``template`` first.
    """

    def __init__(self, index: int, part: str, template: str, **params: object) -> None:
        super().__init__(template % params if params else template)
        self.index = index
        self.part = Part(part)
        self.template = template
        self.params = params

    @property
    def message(self) -> str:
        return str(self)


def parse(rows: Sequence[Any], fields: Mapping[str, FieldType]) -> list[Condition]:
    """The conditions, checked and typed. Raises the first ``ConditionError``."""
    conditions, errors = check(rows, fields)
    if errors:
        raise errors[0]
    return conditions


def check(rows: Sequence[Any], fields: Mapping[str, FieldType]) -> tuple[list[Condition], list[ConditionError]]:
    """The conditions that are sound and, for each other row, what is wrong with it."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        return [], [ConditionError(0, "field", gettext_noop("Conditions are a list."))]
    if len(rows) > MAX_CONDITIONS:
        sentence = gettext_noop("At most %(limit)d conditions fit in one rule.")
        return [], [ConditionError(MAX_CONDITIONS, "field", sentence, limit=MAX_CONDITIONS)]
    conditions, errors = [], []
    for index, row in enumerate(rows):
        try:
            conditions.append(_Row(index, row, fields).condition())
        except ConditionError as error:
            errors.append(error)
    return conditions, errors


class _Row:
    """One row on its way to a condition."""

    def __init__(self, index: int, row: Any, fields: Mapping[str, FieldType]) -> None:
        self.index = index
        self.row = row if isinstance(row, Mapping) else {}
        self.fields = fields

    def fail(self, part: str, template: str, **params: object) -> NoReturn:
        raise ConditionError(self.index, part, template, **params)

    def condition(self) -> Condition:
        name = self.row.get("field")
        if not isinstance(name, str) or not name.strip():
            self.fail("field", gettext_noop("Choose a field."))
        name = name.strip()
        field = self.fields.get(name)
        if field is None:
            self.fail("field", gettext_noop("There is no field “%(name)s”."), name=name[:MAX_TEXT])
        op = self.op(field)
        kind = _compared_as(op) if field.kind is Kind.OPEN else field.kind
        return Condition(name, op, self.value(op, kind, field), kind)

    def op(self, field: FieldType) -> Op:
        given = self.row.get("op")
        if given in (None, ""):
            self.fail("op", gettext_noop("Choose how to compare."))
        if given not in list(Op):
            self.fail("op", gettext_noop("“%(op)s” is no way to compare."), op=str(given)[:MAX_TEXT])
        op = Op(given)
        if op not in OPERATORS[field.kind]:
            sentence = gettext_noop("“%(op)s” does not go with a field of the kind “%(kind)s”.")
            self.fail("op", sentence, op=str(op), kind=str(field.kind))
        return op

    def value(self, op: Op, kind: Kind, field: FieldType) -> Any:
        if op in NO_VALUE:
            return None
        given = self.row.get("value")
        if given is None or given in ("", [], ()) or (isinstance(given, str) and not given.strip()):
            self.fail("value", gettext_noop("Say what to compare with."))
        if op in TIMED:
            return self.days(given)
        if op in LISTS:
            return tuple(dict.fromkeys(self.one(part, kind, field) for part in self.several(given)))
        if op is Op.BETWEEN:
            return self.bounds(given, kind, field)
        if isinstance(given, list | tuple):
            self.fail("value", gettext_noop("Give one value."))
        return self.one(given, kind, field)

    def several(self, given: Any) -> list[Any]:
        """A list as it is, or a text whose values are separated by commas, semicolons or lines."""
        parts = list(given) if isinstance(given, list | tuple) else re.split(r"[,;\n]", str(given))
        parts = [part for part in parts if not isinstance(part, str) or part.strip()]
        if not parts:
            self.fail("value", gettext_noop("Say what to compare with."))
        if len(parts) > MAX_VALUES:
            self.fail("value", gettext_noop("At most %(limit)d values can be listed."), limit=MAX_VALUES)
        return parts

    def bounds(self, given: Any, kind: Kind, field: FieldType) -> Value:
        parts = given if isinstance(given, list | tuple) else re.split(r"[,;\n]|\.\.", str(given))
        if len(parts) != 2 or any(str(part).strip() == "" for part in parts):
            self.fail("value", gettext_noop("Give two values, the lower and the upper one, separated by a comma."))
        between: tuple[Any, Any] = (self.one(parts[0], kind, field), self.one(parts[1], kind, field))
        if between[0] > between[1]:
            self.fail("value", gettext_noop("The lower value comes first."))
        return between

    def days(self, given: Any) -> int:
        text = str(given).strip()
        if isinstance(given, bool) or not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= MAX_DAYS:
            self.fail("value", gettext_noop("“%(value)s” is no number of days."), value=text[:MAX_TEXT])
        return int(text)

    def one(self, given: Any, kind: Kind, field: FieldType) -> Any:
        """A single value, typed as the kind says."""
        if isinstance(given, list | tuple | dict | bool):
            self.fail("value", gettext_noop("“%(value)s” is no value to compare with."), value=str(given)[:MAX_TEXT])
        text = str(given).strip()
        if len(text) > MAX_TEXT:
            self.fail("value", gettext_noop("A value has at most %(limit)d characters."), limit=MAX_TEXT)
        if not _storable(text):
            self.fail("value", gettext_noop("The value contains a character that no text can have."))
        if kind is Kind.NUMBER:
            return self.number(text)
        if kind is Kind.DATE:
            return self.date(text)
        return text if field.choices is None else self.choice(text, field.choices, field.label)

    def number(self, text: str) -> Decimal:
        try:
            number = Decimal(text.replace("\N{MINUS SIGN}", "-"))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or "_" in text:
            self.fail("value", gettext_noop("“%(value)s” is not a number."), value=text)
        if abs(number) >= MAX_NUMBER:
            self.fail("value", gettext_noop("“%(value)s” is too large a number."), value=text)
        return number

    def date(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fail("value", gettext_noop("“%(value)s” is not a date such as 2026-11-30."), value=text)

    def choice(self, text: str, choices: Mapping[str, str], label: str) -> str:
        """What is stored, given that or what people read, in any case."""
        meant = [stored for stored, shown in choices.items() if text.lower() in (stored.lower(), shown.lower())]
        if not meant:
            offered = ", ".join(list(choices.values())[:12])
            sentence = gettext_noop("“%(value)s” is none of the choices of “%(label)s”: %(offered)s.")
            self.fail("value", sentence, value=text, label=label, offered=offered)
        return text if text in meant else meant[0]


def _compared_as(op: Op) -> Kind:
    """What a property of an event is read as."""
    if op in _ORDER:
        return Kind.NUMBER
    return Kind.BOOLEAN if op in _TRUTH else Kind.TEXT


def _storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _plain(value: Any) -> Any:
    """As JSON can say it."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value
