"""Conditions meet the database: as a filter over leads, as errors in a form, as words on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Q, Value
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scoring.expressions import Sql, moment
from scoring.fields import EVENT_FIELDS, Types, lead_fields
from scoring.language import LISTS, NO_VALUE, TIMED, Condition, ConditionError, Kind, Op, check, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from scoring.expressions import Slot
    from scoring.fields import Field

OPERATOR_LABELS = {
    Op.IS: _("is"),
    Op.IS_NOT: _("is not"),
    Op.IN: _("is one of"),
    Op.NOT_IN: _("is none of"),
    Op.CONTAINS: _("contains"),
    Op.STARTS_WITH: _("starts with"),
    Op.GT: _("is more than"),
    Op.GTE: _("is at least"),
    Op.LT: _("is less than"),
    Op.LTE: _("is at most"),
    Op.BETWEEN: _("is between"),
    Op.WITHIN_LAST_DAYS: _("is within the last … days"),
    Op.OLDER_THAN_DAYS: _("is longer ago than … days"),
    Op.IS_TRUE: _("is yes"),
    Op.IS_FALSE: _("is no"),
    Op.IS_SET: _("is known"),
    Op.IS_NOT_SET: _("is not known"),
}

_DAY_LABELS = {
    Op.GT: _("is after"),
    Op.GTE: _("is on or after"),
    Op.LT: _("is before"),
    Op.LTE: _("is on or before"),
}

# {0} is the field; a negation holds for a missing value too, whose comparison is neither true nor false.
_PATTERNS = {
    Op.IS: "{0} = {1}",
    Op.IS_NOT: "({0} = {1}) IS NOT TRUE",
    Op.CONTAINS: "strpos({0}, {1}) > 0",
    Op.STARTS_WITH: "starts_with({0}, {1})",
    Op.GT: "{0} > {1}",
    Op.GTE: "{0} >= {1}",
    Op.LT: "{0} < {1}",
    Op.LTE: "{0} <= {1}",
    Op.BETWEEN: "{0} BETWEEN {1} AND {2}",
    Op.IS_TRUE: "{0}",
    Op.IS_FALSE: "NOT {0}",
}
_DAYS = {
    Op.WITHIN_LAST_DAYS: (
        "{0} BETWEEN to_char(({1} AT TIME ZONE 'UTC')::date - {2}::int, 'YYYY-MM-DD')"
        " AND to_char({1} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    ),
    Op.OLDER_THAN_DAYS: "{0} < to_char(({1} AT TIME ZONE 'UTC')::date - {2}::int, 'YYYY-MM-DD')",
}


def to_q(
    conditions: Sequence[Any], *, at: datetime | Slot | None = None, fields: Mapping[str, Field] | None = None
) -> Q:
    """The leads for whom all conditions hold at that moment (default: the database's now). Raises ConditionError."""
    known = lead_fields() if fields is None else fields
    return _all(parse(conditions, Types(known, strict=False)), known, at)


def event_q(conditions: Sequence[Any]) -> Q:
    """The events for which all conditions on their properties hold. Raises ConditionError."""
    return _all(parse(conditions, Types(EVENT_FIELDS)), EVENT_FIELDS, None)


def validate(conditions: Sequence[Any], *, of_event: bool = False) -> list[dict[str, Any]]:
    """The conditions as they are to be stored.

    Raises ValidationError with one message per unsound row; each carries ``params["index"]`` (from 0) and
    ``params["part"]`` ("field", "op", "value").
    """
    types = Types(EVENT_FIELDS if of_event else lead_fields())
    sound, errors = check(conditions, types)
    if errors:
        raise ValidationError([as_validation_error(error) for error in errors])
    return [condition.as_dict() for condition in sound]


def as_validation_error(error: ConditionError) -> ValidationError:
    params = {**_shown(error.params), "index": error.index, "part": str(error.part), "row": error.index + 1}
    return ValidationError(_(error.template), code="condition", params=params)


def in_words(conditions: Sequence[Any], *, of_event: bool = False) -> list[str]:
    """Each condition as people say it: “Industry is one of Manufacturing, Energy”; unsound ones say what is wrong."""
    fields: Mapping[str, Field] = EVENT_FIELDS if of_event else lead_fields()
    return [_row_in_words(row, fields) for row in conditions]


def operator_label(op: Op, kind: Kind) -> str:
    """The operator in words, as they are said of that kind of field."""
    return str((_DAY_LABELS if kind is Kind.DATE else OPERATOR_LABELS).get(op, OPERATOR_LABELS[op]))


def sentence(condition: Condition, field: Field) -> str:
    """One checked condition as people say it."""
    operator = operator_label(condition.op, condition.kind)
    if condition.op in TIMED:
        return f"{field.label} {operator.replace('…', str(condition.value))}"
    if condition.op in NO_VALUE:
        return f"{field.label} {operator}"
    return f"{field.label} {operator} {_values_in_words(condition, field)}"


def shown_value(value: Any, kind: Kind, choices: Mapping[str, str] | None = None) -> str:
    """A value of a field for people's eyes."""
    if kind is Kind.NUMBER:
        return number_format(_short(value), use_l10n=True, force_grouping=True)
    if kind is Kind.BOOLEAN:
        return gettext("yes") if value else gettext("no")
    return str((choices or {}).get(str(value), value))


def _all(conditions: Sequence[Condition], fields: Mapping[str, Field], at: datetime | Slot | None) -> Q:
    found = Q()
    for condition in conditions:
        found &= Q(_holds(condition, fields[condition.field], at))
    return found


def _holds(condition: Condition, field: Field, at: datetime | Slot | None) -> Sql:
    kind, op = condition.kind, condition.op
    value = field.build(kind)
    if op in {Op.IS_SET, Op.IS_NOT_SET}:
        worth = "{0} IS NOT NULL" if kind in {Kind.NUMBER, Kind.BOOLEAN} else "COALESCE({0}, '') <> ''"
        return Sql(worth if op is Op.IS_SET else f"NOT ({worth})", value)
    if op in TIMED:
        return Sql(_DAYS[op], value, moment(at), Value(condition.value))
    sides = [_side(part) for part in (condition.value if isinstance(condition.value, tuple) else [condition.value])]
    wrap = _lowered if kind is Kind.TEXT else _as_is
    places = [wrap(number) for number in range(1 + (0 if op in NO_VALUE else len(sides)))]
    if op in LISTS:
        pattern = f"{places[0]} IN ({', '.join(places[1:])})"
        return Sql(pattern if op is Op.IN else f"({pattern}) IS NOT TRUE", value, *sides)
    return Sql(_PATTERNS[op].format(*places), value, *([] if op in NO_VALUE else sides))


def _lowered(number: int) -> str:
    return f"lower({{{number}}})"


def _as_is(number: int) -> str:
    return f"{{{number}}}"


def _side(value: Any) -> Value:
    """Days are compared as text, as custom fields keep them."""
    return Value(value.isoformat() if hasattr(value, "isoformat") else value)


def _row_in_words(row: Any, fields: Mapping[str, Field]) -> str:
    try:
        (condition,) = parse([row], Types(fields, strict=False))
    except ConditionError as error:
        return gettext(error.template) % _shown(error.params)
    return sentence(condition, fields[condition.field])


def _values_in_words(condition: Condition, field: Field) -> str:
    choices = field.choices() if field.choices else None
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    words = [shown_value(value, condition.kind, choices) for value in values]
    return gettext(" and ").join(words) if condition.op is Op.BETWEEN else ", ".join(words)


def _shown(params: Mapping[str, object]) -> dict[str, object]:
    """An operator in an error is named as the menu names it."""
    op = str(params.get("op", ""))
    return {**params, "op": str(OPERATOR_LABELS[Op(op)])} if op in list(Op) else dict(params)


def _short(value: Decimal | float | int) -> str:
    """The number without zeros behind the point that say nothing."""
    text = f"{value:f}" if not isinstance(value, int) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
