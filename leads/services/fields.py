"""Changing a field of the company's own so that no value that leads have is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.lists.usage import Use, counts_of_choices, naming
from leads.models import CustomField, FieldWork, Lead
from leads.services.custom import converted
from leads.services.list_work import begin
from leads.services.lists import save_value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a field: what it is called, what it was called (empty when new), and whether it is offered."""

    text: str
    was: str = ""
    is_active: bool = True


@transaction.atomic
def save_field(*, row: CustomField, choices: Sequence[Choice], now: datetime) -> CustomField:
    """Create a field or change it: its name, its choices, its kind when every value that leads have allows it.

    The values of many leads follow in the background (``leads.services.list_work``).

    Raises ValidationError at ``kind`` (how many values stand against it) and at ``choices`` (one that is used cannot
    go, nor can one be there twice).
    """
    known = None if row._state.adding else CustomField.objects.select_for_update().get(pk=row.pk)
    if FieldWork.objects.filter(field=row.pk).exists():
        raise ValidationError(_("Leads are still being changed after the last change. Wait until that is done."))
    if row.kind == CustomField.Kind.CHOICE:
        _set_choices(row, known, choices)
    else:
        row.choices, row.retired_choices = [], []
    is_other_kind = known is not None and known.kind != row.kind
    if known is not None and is_other_kind:
        _refuse_kind(known, row)
    saved: CustomField = save_value(row=row, now=now)
    renames = _renamed(known, choices) if known is not None and not is_other_kind else {}
    if is_other_kind or renames:
        begin(field=saved, renames=renames, now=now)
    return saved


def misfits(known: CustomField, wanted: CustomField) -> int:
    """How many leads have a value that is none of the wanted kind."""
    return sum(count for value, count in _values(known) if converted(wanted, value) is None)


def _values(field: CustomField) -> list[tuple[Any, int]]:
    values = Lead.objects.order_by().filter(custom__has_key=field.key).values_list(f"custom__{field.key}")
    return list(values.annotate(n=Count("pk")))


def _refuse_kind(known: CustomField, wanted: CustomField) -> None:
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


def _renamed(known: CustomField, choices: Sequence[Choice]) -> dict[str, str]:
    """The choices that leads have under another name from now on."""
    if known.kind != CustomField.Kind.CHOICE:
        return {}
    return {choice.was: choice.text for choice in choices if choice.was and choice.was != choice.text}
