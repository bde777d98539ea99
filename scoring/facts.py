"""The facts behind points, as data that is kept with a hand-off and in words for whoever reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict

from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from scoring.conditions import shown_value
from scoring.fields import BUILT_IN
from scoring.language import Condition, Kind
from scoring.models import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.fields import Field

_LABELS = {field.name: field.label for field in BUILT_IN}


class Fact(TypedDict, total=False):
    """One fact, plain enough for JSON.

    About the lead: ``field``, ``label`` (as it was called then) and ``value`` (None: not known). About what it did:
    ``event`` (the type's name), ``count``, ``last`` (ISO, UTC), and, where they apply, ``window_days``, ``full``
    points before they ``faded`` to what is left, and the ``cap`` that cut them off.
    """

    field: str
    label: str
    value: str | float | bool | None
    event: str
    count: int
    last: str
    window_days: int
    full: float
    faded: float
    cap: int


def field_fact(condition: Condition, field: Field, value: Any) -> Fact:
    """What the lead's field says. ``value`` is the field as the database holds it."""
    missing = value is None or value == ""
    if missing or condition.kind is Kind.BOOLEAN:
        shown: str | float | bool | None = None if missing else bool(value)
    elif condition.kind is Kind.NUMBER:
        shown = float(value)
    else:
        with translation.override("en"):
            shown = shown_value(value, condition.kind, field.choices() if field.choices else None)
    return Fact(field=field.name, label=str(field.label), value=shown)


def event_fact(rule: Rule, *, count: int, worth: int | None, last: datetime) -> Fact:
    """What the lead did. ``worth`` is what fading events still give, in ten-thousandths of a point."""
    fact = Fact(event=str(rule.event_type), count=count, last=last.astimezone(UTC).isoformat())
    if rule.window_days:
        fact["window_days"] = rule.window_days
    left = Decimal(count * rule.points) if worth is None else Decimal(worth) / 10_000
    if worth is not None:
        fact["full"], fact["faded"] = float(count * rule.points), float(round(left, 2))
    if rule.cap is not None and abs(left) > rule.cap:
        fact["cap"] = rule.cap
    return fact


def in_words(facts: Sequence[Fact]) -> str:
    """The facts in the reader's language and zone: “3 × Pricing page viewed, last 2 Nov 2026, 14:05 UTC”."""
    return "; ".join(_event_in_words(fact) if "event" in fact else _field_in_words(fact) for fact in facts)


def in_plain_words(facts: Sequence[Fact]) -> str:
    """The facts in English and UTC, for what is stored."""
    with translation.override("en"), timezone.override(UTC):
        return in_words(facts)


def points_in_words(points: Decimal | float) -> str:
    """12.5, not 12.50; 30, not 30.00."""
    text = f"{points:.2f}".rstrip("0").rstrip(".")
    return number_format(text, use_l10n=True)


def _field_in_words(fact: Fact) -> str:
    label, value = _LABELS.get(fact["field"], fact["label"]), fact["value"]
    if value is None:
        return _("%(field)s is not known") % {"field": label}
    kind = Kind.BOOLEAN if isinstance(value, bool) else Kind.TEXT if isinstance(value, str) else Kind.NUMBER
    return _("%(field)s is %(value)s") % {"field": label, "value": shown_value(value, kind)}


def _event_in_words(fact: Fact) -> str:
    when = _moment(datetime.fromisoformat(fact["last"]))
    words = {"event": fact["event"], "count": fact["count"], "when": when, "days": fact.get("window_days")}
    if fact["count"] == 1:
        said = _("%(event)s on %(when)s") % words
    elif "window_days" in fact:
        said = _("%(count)d × %(event)s within %(days)d days, last on %(when)s") % words
    else:
        said = _("%(count)d × %(event)s, last on %(when)s") % words
    return ", ".join([said, *_limits(fact)])


def _limits(fact: Fact) -> list[str]:
    """Why the points are not simply count times points."""
    said = []
    if "faded" in fact and fact["faded"] != fact["full"]:
        points = {"full": points_in_words(fact["full"]), "left": points_in_words(fact["faded"])}
        said.append(_("faded from %(full)s to %(left)s points") % points)
    if "cap" in fact:
        said.append(_("cut off at %(cap)d points") % {"cap": fact["cap"]})
    return said


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{date_format(local, 'j M Y, H:i')} {local.tzname()}"
