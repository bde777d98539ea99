"""Everything that is held on a person, in one piece: what they may ask for, and read.

It is put together from the tables themselves, so that a table somebody adds is in it without being told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy
from pghistory.models import Event as HistoryRow

from leads.models import Company, CustomField, Lead
from leads.personal import tables
from leads.services.consent import consent_history
from sla.personal import FURTHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import Field, Model

Entry = dict[str, Any]
# What a history needs for itself and says nothing about anybody.
OF_HISTORY = ("pgh_id", "pgh_obj", "pgh_context", "pgh_label")


@dataclass(frozen=True, slots=True)
class Part:
    """A heading, and what stands under it: one entry per row, of ``model`` where it is one table's."""

    key: str
    title: str
    entries: list[Entry]
    model: type[Model] | None = None

    @property
    def to_read(self) -> list[list[tuple[str, str]]]:
        """The entries as people read them: names of fields and values in words, what is empty left out."""
        fields = {each.name: each for each in self.model._meta.get_fields()} if self.model else {}
        return [
            [
                (_label(name, fields.get(name)), shown)
                for name, value in entry.items()
                if (shown := _shown(value, fields.get(name)))
            ]
            for entry in self.entries
        ]


def held_on(lead: Lead) -> list[Part]:
    """Who they are, what they agreed to, and every row about them, oldest first."""
    parts = [
        Part("person", str(capfirst(Lead._meta.verbose_name)), _entries(Lead, [lead], labelled=True), Lead),
        Part("custom", str(capfirst(CustomField._meta.verbose_name_plural)), _custom(lead)),
        Part("company", str(capfirst(Company._meta.verbose_name)), _company(lead), Company),
        Part("consent", str(Lead._meta.get_field("consent").verbose_name).capitalize(), _consent(lead), Lead),
    ]
    parts += [_part(table.model, table.rows(lead), table.column) for table in tables()]
    for label, way in FURTHER.items():
        model = apps.get_model(label)
        parts.append(_part(model, model._default_manager.filter(**{way: lead.pk}).distinct()))
    return [part for part in parts if part.entries]


def as_json(lead: Lead, now: datetime) -> dict[str, Any]:
    """The same for a machine: dates as ISO 8601 in UTC, one list per table."""
    return {"generated_at": now, "lead": lead.pk} | {part.key: part.entries for part in held_on(lead)}


def _part(model: type[Model], rows: Any, without: str = "") -> Part:
    found = list(rows.order_by("pk").prefetch_related(*(each.name for each in model._meta.many_to_many)))
    title = gettext("Earlier values") if issubclass(model, HistoryRow) else model._meta.verbose_name_plural
    return Part(model._meta.label, str(capfirst(title)), _entries(model, found, without), model)


def _entries(model: type[Model], rows: Sequence[Any], without: str = "", *, labelled: bool = False) -> list[Entry]:
    """The rows' own fields; what a foreign key points to is told by its name, with one query per table."""
    fields = [each for each in model._meta.concrete_fields if each.name not in {without, *OF_HISTORY}]
    names = _names(fields, rows)
    many = [each for each in model._meta.many_to_many if isinstance(each, ManyToManyField)] if not labelled else []
    return [
        {each.name: _value(each, row, names) for each in fields}
        | {each.name: [str(one) for one in getattr(row, each.name).all()] for each in many}
        for row in rows
    ]


def _names(fields: Iterable[Field[Any, Any]], rows: Sequence[Any]) -> dict[type[Model], dict[Any, str]]:
    wanted: dict[type[Model], set[Any]] = defaultdict(set)
    for each in fields:
        if isinstance(each, ForeignKey):
            wanted[each.related_model] |= {getattr(row, each.attname) for row in rows} - {None}
    return {
        model: {pk: str(one) for pk, one in model._base_manager.in_bulk(ids).items()}
        for model, ids in wanted.items()
        if ids
    }


def _value(each: Field[Any, Any], row: Any, names: dict[type[Model], dict[Any, str]]) -> Any:
    value = getattr(row, each.attname)
    if isinstance(each, ForeignKey) and value is not None:
        return names[each.related_model].get(value, f"#{value}")
    return value


LABELS = {
    "noted_at": gettext_lazy("Noted at"),
    "noted_by": gettext_lazy("Noted by"),
    "at": gettext_lazy("At"),
    "pgh_created_at": gettext_lazy("Held until"),
}


def _label(name: str, field: Any) -> str:
    label = str(LABELS.get(name, "")) or str(getattr(field, "verbose_name", name))
    return capfirst(label)


def _shown(value: Any, field: Any = None) -> str:
    """A value in words; a list or an object by its parts."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return date_format(localtime(value), "j N Y, H:i T")
    if isinstance(value, dict):
        return "; ".join(f"{key}: {shown}" for key, each in value.items() if (shown := _shown(each)))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_shown, value)))
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))


def _custom(lead: Lead) -> list[Entry]:
    labels = dict(CustomField.objects.filter(key__in=lead.custom).values_list("key", "name"))
    return [{labels.get(key, key): value for key, value in lead.custom.items()}] if lead.custom else []


def _company(lead: Lead) -> list[Entry]:
    return _entries(Company, [lead.company]) if lead.company is not None else []


def _consent(lead: Lead) -> list[Entry]:
    return [
        {
            "noted_at": entry.noted_at,
            "consent": entry.consent,
            "at": entry.at,
            "source": entry.source,
            "do_not_email": entry.do_not_email,
            "do_not_call": entry.do_not_call,
            "noted_by": entry.who,
        }
        for entry in reversed(consent_history(lead))
    ]
