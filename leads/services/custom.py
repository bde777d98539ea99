"""Custom fields: what their values may be, and how they are kept in ``Lead.custom``."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.models import CustomField
from leads.text import tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LARGEST = Decimal(10) ** 15
TEXT_LENGTH = 10_000
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})
Kept = str | int | float | bool


def clean_custom(values: Mapping[str, Any], fields: Mapping[str, CustomField]) -> dict[str, Kept]:
    """The values in the form they are stored (see ``clean_value``), empty ones left out.

    Raises ValidationError with a message per key ``custom.<key>``; an unknown key is an error too.
    """
    kept: dict[str, Kept] = {}
    errors: dict[str, Any] = {}
    for key, value in values.items():
        if key not in fields:
            errors[f"custom.{key}"] = _("There is no custom field “%(key)s”.") % {"key": key}
        elif not is_empty(value):
            try:
                kept[key] = clean_value(fields[key], value)
            except ValidationError as error:
                errors[f"custom.{key}"] = error.messages
    if errors:
        raise ValidationError(errors)
    return kept


def is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def clean_value(field: CustomField, value: object) -> Kept:
    """One value: text and choice as text, number and money as numbers, a date as YYYY-MM-DD, yes/no as a boolean."""
    return _CLEANERS[CustomField.Kind(field.kind)](field, value)


def converted(field: CustomField, value: object) -> Kept | None:
    """A value that a lead has as one of the field's kind (a retired choice is one too); None when it is none."""
    if CustomField.Kind(field.kind) is CustomField.Kind.YES_NO:
        word = str(value).strip().lower()
        return True if word in YES else False if word in NO else None
    if isinstance(value, bool):
        value = "yes" if value else "no"
    whole = copy(field)
    whole.choices = [*field.choices, *field.retired_choices]
    try:
        return clean_value(whole, str(value))
    except ValidationError:
        return None


def _text(_field: CustomField, value: object) -> Kept:
    text = tidy(str(value))
    if "\x00" in text:
        raise ValidationError(_("Holds a NUL character."))
    if len(text) > TEXT_LENGTH:
        raise ValidationError(_("Is longer than %(limit)d characters.") % {"limit": TEXT_LENGTH})
    return text


def _choice(field: CustomField, value: object) -> Kept:
    text = tidy(str(value))
    if text not in field.choices:
        raise ValidationError(_("“%(value)s” is not one of the choices.") % {"value": text})
    return text


def _number(_field: CustomField, value: object) -> Kept:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise ValidationError(_("“%(value)s” is not a number.") % {"value": value})
    if abs(number) >= LARGEST:
        raise ValidationError(_("The number is too large."))
    return int(number) if number == number.to_integral_value() else float(number)


def _date(_field: CustomField, value: object) -> Kept:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError as error:
        raise ValidationError(_("“%(value)s” is not a date (YYYY-MM-DD).") % {"value": value}) from error


def _yes_no(_field: CustomField, value: object) -> Kept:
    if isinstance(value, bool):
        return value
    raise ValidationError(_("“%(value)s” is neither yes nor no.") % {"value": value})


_CLEANERS: dict[CustomField.Kind, Callable[[CustomField, object], Kept]] = {
    CustomField.Kind.TEXT: _text,
    CustomField.Kind.CHOICE: _choice,
    CustomField.Kind.NUMBER: _number,
    CustomField.Kind.MONEY: _number,
    CustomField.Kind.DATE: _date,
    CustomField.Kind.YES_NO: _yes_no,
}
