"""One cell → one value. Each parser raises BadValueError with a sentence that names the cell's content."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from leads.imports.mapping import fold
from leads.models import Lead
from leads.services.errors import EARLIEST
from leads.text import normalise_email, tidy

if TYPE_CHECKING:
    from django.db.models import TextChoices

    from leads.imports.mapping import Column

_POINT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d+)?([eE][+-]?\d{1,2})?")
_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?(,\d+)?([eE][+-]?\d{1,2})?")
_BLANKS = re.compile(r"[\s\u00a0\u2009\u202f'’]+")
_CURRENCY = re.compile(r"^([+-]?)\s*(?:[$€£¥₹]|[A-Z]{3}\b)\s*|\s*(?:[$€£¥₹zł]{1,2}|\b[A-Z]{3})$")
SHOWN = 60


class BadValueError(ValueError):
    """A cell that cannot be what its column is."""


def shown(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def text(cell: str, limit: int) -> str:
    value = tidy(cell) if not (cell.isascii() and cell.isprintable()) else cell.strip()
    if len(value) > limit:
        raise BadValueError(
            _("“%(value)s” is longer than %(limit)d characters.") % {"value": shown(value), "limit": limit}
        )
    return value


def email(cell: str) -> str:
    value = normalise_email(cell)
    try:
        validate_email(value)
    except ValidationError as error:
        raise BadValueError(_("“%(value)s” is no e-mail address.") % {"value": shown(value)}) from error
    if len(value) > 254:
        raise BadValueError(
            _("“%(value)s” is longer than %(limit)d characters.") % {"value": shown(value), "limit": 254}
        )
    return value


def number(cell: str, column: Column) -> Decimal:
    """With thousands in groups of three and a currency at either end: 1,234.50, or 1.234,50 for a decimal comma."""
    value = cell if cell.isdecimal() and cell.isascii() else _BLANKS.sub("", _CURRENCY.sub(r"\1", tidy(cell)))
    pattern = _COMMA if column.decimal == "," else _POINT
    if not value.strip("+-") or not pattern.fullmatch(value) or not any(char.isdigit() for char in value):
        raise BadValueError(_("“%(value)s” is no number.") % {"value": shown(cell)})
    if column.decimal == ",":
        value = value.replace(".", "").replace(",", ".")
    return Decimal(value.replace(",", ""))


def whole(cell: str, column: Column) -> int:
    value = number(cell, column)
    if value != value.to_integral_value() or not 0 <= value <= 2_147_483_647:
        raise BadValueError(_("“%(value)s” is no whole number.") % {"value": shown(cell)})
    return int(value)


def money(cell: str, column: Column) -> Decimal:
    value = number(cell, column)
    if abs(value) >= Decimal(10) ** 14:
        raise BadValueError(_("“%(value)s” is too large.") % {"value": shown(cell)})
    return value.quantize(Decimal("0.01"))


def yes_no(cell: str, column: Column) -> bool:
    word = fold(cell)
    if word in column.yes:
        return True
    if word in column.no:
        return False
    raise BadValueError(_("“%(value)s” is neither yes nor no.") % {"value": shown(cell)})


def moment(cell: str, column: Column) -> datetime:
    """A date with or without a time, in the column's formats, else ISO 8601; without an offset, in the column's zone.

    A local time that daylight saving skips or repeats is read with the offset from before the change.
    """
    value = tidy(cell)
    for form in column.formats:
        try:
            return _aware(datetime.strptime(value, form), column)  # noqa: DTZ007 - the zone follows in _aware
        except ValueError:
            continue
    try:
        return _aware(datetime.fromisoformat(value), column)
    except ValueError as error:
        raise BadValueError(_("“%(value)s” is no date.") % {"value": shown(cell)} + _hint(value, column)) from error


def _aware(value: datetime, column: Column) -> datetime:
    """In UTC. The year 1, with which some systems say never, need not even exist there."""
    if value.year < EARLIEST.year:
        raise BadValueError(_("“%(value)s” is too long ago.") % {"value": value.date()})
    try:
        return (value if value.tzinfo else value.replace(tzinfo=column.time_zone)).astimezone(UTC)
    except OverflowError as error:
        raise BadValueError(_("“%(value)s” is no date.") % {"value": value.date()}) from error


def _hint(value: str, column: Column) -> str:
    """What may help; a column whose dates are described already is not asked to be described."""
    if re.fullmatch(r"\d{5}(\.\d+)?", value):
        return " " + _("It looks like a spreadsheet's day number.")
    if not column.formats and re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}.*", value):
        return " " + _("Day or month first? Declare it: formats = [“%%d/%%m/%%Y”].") % ()
    return ""


def day(cell: str, column: Column) -> date:
    """The date as it is written, whatever the zone."""
    value = tidy(cell)
    for form in column.formats:
        try:
            return datetime.strptime(value, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(value).date()
    except ValueError as error:
        raise BadValueError(_("“%(value)s” is no date.") % {"value": shown(cell)} + _hint(value, column)) from error


def consent(cell: str, column: Column) -> str:
    """One of the three words, or yes (granted) and no (withdrawn: whoever said no is not to be mailed)."""
    word = fold(cell)
    if word in Lead.Consent.values:
        return word
    return str(Lead.Consent.GRANTED if yes_no(cell, column) else Lead.Consent.WITHDRAWN)


def words_of(choices: type[TextChoices]) -> dict[str, str]:
    """What a file may call each choice: its key or its name."""
    return {fold(str(label)): key for key, label in choices.choices} | {key: key for key in choices.values}


def choice(cell: str, choices: type[TextChoices]) -> str:
    found = words_of(choices).get(fold(cell))
    if found is None:
        names = ", ".join(str(label) for label in choices.labels)
        raise BadValueError(_("“%(value)s” is none of %(steps)s.") % {"value": shown(cell), "steps": names})
    return found


def journey_step(cell: str) -> str:
    word = fold(cell)
    if word not in Lead.JourneyStep.values:
        steps = ", ".join(Lead.JourneyStep.values)
        raise BadValueError(_("“%(value)s” is none of %(steps)s.") % {"value": shown(cell), "steps": steps})
    return word
