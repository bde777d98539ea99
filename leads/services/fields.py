"""Changing a field of the company's own so that no value that leads have is lost."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Func, JSONField, Value
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.lists.usage import Use, counts_of_choices, naming
from leads.models import CustomField, Lead
from leads.services.custom import Kept, clean_value
from leads.services.lists import save_value
from leads.services.queue import mark_all_changed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

BATCH = 2_000
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a field: what it is called, what it was called (empty when new), and whether it is offered."""

    text: str
    was: str = ""
    is_active: bool = True


@transaction.atomic
def save_field(*, row: CustomField, choices: Sequence[Choice], now: datetime) -> CustomField:
    """Create a field or change it: its name, its choices, its kind when every value that leads have allows it.

    Raises ValidationError at ``kind`` (how many values stand against it) and at ``choices`` (one that is used cannot
    go, nor can one be there twice).
    """
    known = None if row._state.adding else CustomField.objects.select_for_update().get(pk=row.pk)
    if row.kind == CustomField.Kind.CHOICE:
        _set_choices(row, known, choices)
    else:
        row.choices, row.retired_choices = [], []
    if known is not None and known.kind != row.kind:
        _change_kind(known, row, now)
    elif known is not None:
        _rename_choices(known, choices, now)
    saved: CustomField = save_value(row=row, now=now)
    return saved


def misfits(known: CustomField, wanted: CustomField) -> int:
    """How many leads have a value that is none of the wanted kind."""
    return sum(count for value, count in _values(known) if _converted(wanted, value) is None)


def _values(field: CustomField) -> list[tuple[Any, int]]:
    values = Lead.objects.order_by().filter(custom__has_key=field.key).values_list(f"custom__{field.key}")
    return list(values.annotate(n=Count("pk")))


def _converted(field: CustomField, value: Any) -> Kept | None:
    """The value as one of the field's kind; None when it is none."""
    kind = CustomField.Kind(field.kind)
    if kind is CustomField.Kind.YES_NO:
        word = str(value).strip().lower()
        return True if word in YES else False if word in NO else None
    if isinstance(value, bool):
        value = "yes" if value else "no"
    try:
        return clean_value(_with_retired(field), str(value))
    except ValidationError:
        return None


def _with_retired(field: CustomField) -> CustomField:
    """A value that leads have may be a retired choice; only new ones may not."""
    whole = copy(field)
    whole.choices = [*field.choices, *field.retired_choices]
    return whole


def _change_kind(known: CustomField, wanted: CustomField, now: datetime) -> None:
    against = misfits(known, wanted)
    if against:
        raise ValidationError(
            {
                "kind": ngettext(
                    "%(n)d lead has a value that is no %(kind)s. Change it first.",
                    "%(n)d leads have a value that is no %(kind)s. Change those first.",
                    against,
                )
                % {"n": against, "kind": str(wanted.get_kind_display()).lower()}
            }
        )
    if rules := naming(f"custom.{known.key}"):
        raise ValidationError({"kind": _in_rules(rules)})
    _convert(known, wanted, now)


def _convert(known: CustomField, wanted: CustomField, now: datetime) -> None:
    """Batch by batch, in the order of the leads' ids, in the caller's transaction."""
    leads = Lead.objects.filter(custom__has_key=known.key).order_by("pk")
    last = 0
    while batch := list(leads.filter(pk__gt=last).select_for_update(of=("self",), no_key=True)[:BATCH]):
        for lead in batch:
            lead.custom = {**lead.custom, known.key: _converted(wanted, lead.custom[known.key])}
            lead.updated_at = now
        Lead.objects.bulk_update(batch, ["custom", "updated_at"])
        last = batch[-1].pk
    mark_all_changed(leads=Lead.objects.filter(custom__has_key=known.key), now=now)


def _set_choices(row: CustomField, known: CustomField | None, choices: Sequence[Choice]) -> None:
    texts = [choice.text for choice in choices]
    folded = [text.lower() for text in texts]
    twice = next((text for text in texts if folded.count(text.lower()) > 1), None)
    if twice is not None:
        raise ValidationError({"choices": _("“%(choice)s” is there twice.") % {"choice": twice}})
    if not any(choice.is_active for choice in choices):
        raise ValidationError({"choices": _("A choice needs at least one value to choose.")})
    if known is not None and known.kind == CustomField.Kind.CHOICE:
        _refuse_lost(known, {choice.was for choice in choices})
    row.choices = [choice.text for choice in choices if choice.is_active]
    row.retired_choices = [choice.text for choice in choices if not choice.is_active]


def _refuse_lost(known: CustomField, kept: set[str]) -> None:
    """A choice that leads have, or that a rule names, stays; it can be renamed or retired."""
    lost = [text for text in (*known.choices, *known.retired_choices) if text not in kept]
    used = counts_of_choices(known) if lost else {}
    for text in lost:
        if used.get(text):
            raise ValidationError(
                {
                    "choices": _("“%(choice)s” is used by %(n)d leads. It can be renamed or retired, not removed.")
                    % {"choice": text, "n": used[text]}
                }
            )
        if rules := naming(f"custom.{known.key}", text):
            raise ValidationError({"choices": _in_rules(rules)})


def _in_rules(rules: Sequence[Use]) -> str:
    return _("It is named by rules: %(rules)s.") % {"rules": "; ".join(map(str, rules[:6]))}


def _rename_choices(known: CustomField, choices: Sequence[Choice], now: datetime) -> None:
    """The leads that have a renamed choice have the new one; by one statement, so that two names may change places."""
    renamed = {choice.was: choice.text for choice in choices if choice.was and choice.was != choice.text}
    if known.kind != CustomField.Kind.CHOICE or not renamed:
        return
    leads = Lead.objects.filter(**{f"custom__{known.key}__in": list(renamed)})
    mark_all_changed(leads=leads, now=now)
    leads.update(
        custom=_Renamed(F("custom"), Value(known.key), Value(renamed, output_field=JSONField())), updated_at=now
    )


class _Renamed(Func):
    """``custom`` with the value of a key looked up in a small JSON object of old and new names."""

    template = "jsonb_set(%(expressions)s)"
    output_field = JSONField()

    def as_sql(self, compiler: Any, _connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # the stubs want the whole signature
        custom, key, names = (compiler.compile(each) for each in self.get_source_expressions())
        sql = f"jsonb_set({custom[0]}, ARRAY[{key[0]}::text], {names[0]}::jsonb -> ({custom[0]} ->> {key[0]}::text))"
        return sql, [*custom[1], *key[1], *names[1], *custom[1], *key[1]]
