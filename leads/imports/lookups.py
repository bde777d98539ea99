"""The configured lists that rows refer to, read once per import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from leads.imports.mapping import MappingError, fold
from leads.imports.values import BadValueError, shown, words_of
from leads.models import CustomField, Lead, LeadStatus, LeadType, LifecycleStage
from leads.models.facts import Channel, Outcome
from people.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leads.imports.mapping import Column, Mapping
    from leads.models.lists import Listed


@dataclass(frozen=True, slots=True)
class Lookups:
    """Ids by what a file may call them: key or name, an owner's e-mail address."""

    lists: dict[str, dict[str, int]]
    need_reason: frozenset[int]
    reasons: dict[int, frozenset[str]]  # of statuses that take no others
    custom: dict[str, CustomField]

    def find(self, name: str, cell: str) -> int:
        """The id of a lead type, status, stage or owner. Raises BadValueError for one that is not there."""
        found = self.lists["owner" if name == "attempt.by" else name].get(fold(cell))
        if found is not None:
            return found
        words = {
            "lead_type": _("There is no lead type “%(value)s”."),
            "status": _("There is no status “%(value)s”."),
            "stage": _("There is no stage “%(value)s”."),
            "owner": _("Nobody with the address “%(value)s” signs in here."),
            "attempt.by": _("Nobody with the address “%(value)s” signs in here."),
        }
        raise BadValueError(words[name] % {"value": shown(cell)})


def load(mapping: Mapping) -> Lookups:
    """Read the lists, and create the custom fields that the mapping declares and nobody has made yet."""
    for column in mapping.columns:
        if column.custom_key:
            _ensure_custom(column)
    statuses = LeadStatus.objects.prefetch_related("reasons")
    return Lookups(
        lists={
            "lead_type": _by_name(LeadType.objects.all()),
            "status": _by_name(statuses),
            "stage": _by_name(LifecycleStage.objects.all()),
            "owner": {fold(email): pk for pk, email in User.objects.active().values_list("pk", "email")},
        },
        need_reason=frozenset(status.pk for status in statuses if status.needs_reason),
        reasons={status.pk: status.only_reasons for status in statuses if status.only_reasons},
        custom=_custom(mapping),
    )


def known_values() -> dict[str, frozenset[str]]:
    """The words that cells of these fields may say as they are, folded; for asking about the others."""
    lists = {"lead_type": LeadType, "status": LeadStatus, "stage": LifecycleStage}
    return {name: frozenset(_by_name(model._default_manager.all())) for name, model in lists.items()} | {
        "attempt.channel": frozenset(words_of(Channel)),
        "attempt.outcome": frozenset(words_of(Outcome)),
        "journey_step": frozenset(Lead.JourneyStep.values),
    }


def _by_name(rows: Iterable[Listed]) -> dict[str, int]:
    found = list(rows)
    return {fold(row.name): row.pk for row in found} | {row.key: row.pk for row in found}


def _ensure_custom(column: Column) -> None:
    """A declared kind creates the field; a field that is there must be of that kind."""
    known = CustomField.objects.filter(key=column.custom_key).first()
    if known is None and column.kind:
        if column.kind == CustomField.Kind.CHOICE and not column.choices:
            raise MappingError(_("“%(field)s”: a choice needs its choices.") % {"field": column.to})
        if (other := CustomField.objects.filter(name__iexact=column.name[:120]).first()) is not None:
            raise MappingError(
                _("There is a custom field named “%(name)s” already; its key is %(key)s.")
                % {"name": other.name, "key": other.key}
            )
        CustomField.objects.get_or_create(
            key=column.custom_key,
            defaults={"name": column.name[:120], "kind": column.kind, "choices": list(column.choices)},
        )
    elif known is None:
        raise MappingError(
            _("There is no custom field “%(key)s”; declare its kind to have it made.") % {"key": column.custom_key}
        )
    elif column.kind and column.kind != known.kind:
        raise MappingError(
            _("The custom field “%(key)s” is of the kind %(known)s, not %(kind)s.")
            % {"key": column.custom_key, "known": known.kind, "kind": column.kind}
        )


def _custom(mapping: Mapping) -> dict[str, CustomField]:
    keys = [column.custom_key for column in mapping.columns if column.custom_key]
    keys += [name.removeprefix("custom.") for name in mapping.constants if name.startswith("custom.")]
    fields = {row.key: row for row in CustomField.objects.filter(key__in=keys)}
    for key in keys:
        if key not in fields:
            raise MappingError(_("There is no custom field “%(key)s”.") % {"key": key})
    return fields
