"""What uses a row of a list: the tables that point to it, whichever app they are in, and the rules that name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection
from django.db.models import CASCADE, Count, ForeignObjectRel, JSONField
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from pghistory.models import Event as HistoryRow

from leads.lists.catalogue import BY_MODEL
from leads.models import Campaign, CustomField, Event, EventType, FieldWork, Lead, Source
from leads.services.list_work import leads_of, merged_with_leads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

    from leads.lists.catalogue import ConfiguredList


@dataclass(frozen=True, slots=True)
class Use:
    """``count`` rows called ``what``, or a rule by its name (then ``count`` is 0)."""

    what: str
    count: int = 0
    of_leads: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.count}" if self.count else self.what


def counts(of: ConfiguredList) -> dict[int, int]:
    """How many leads have each value (for event types: how many events); one query for the whole list."""
    if of.model is CustomField:
        return _counts_of_fields()
    rows: Any = Event.objects if of.model is EventType else Lead.objects
    column = next(each.name for each in rows.model._meta.concrete_fields if each.related_model is of.model)
    found = rows.order_by().exclude(**{column: None}).values_list(column).annotate(n=Count("pk"))
    return dict(found)


def _counts_of_fields() -> dict[int, int]:
    sql = "SELECT key, count(*) FROM leads_lead, jsonb_object_keys(custom) AS key WHERE custom <> '{}' GROUP BY key"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        by_key = dict(cursor.fetchall())
    return {row.pk: by_key.get(row.key, 0) for row in CustomField.objects.all()}


def counts_of_choices(field: CustomField) -> dict[str, int]:
    """How many leads have each choice of a field."""
    values = Lead.objects.order_by().filter(custom__has_key=field.key).values_list(f"custom__{field.key}")
    return dict(values.annotate(n=Count("pk")))


def work_of(of: ConfiguredList) -> list[str]:
    """What is still being done to leads after a change of this list, and how far it is."""
    if of.model is CustomField:
        said = _("%(field)s: %(done)d of %(n)d leads are changed.")
        jobs = FieldWork.objects.select_related("field")
        return [said % {"field": one.field, "done": one.done, "n": one.total} for one in jobs]
    if of.model not in (Source, Campaign):
        return []
    return [
        _("“%(name)s” is being merged into “%(into)s”: %(n)d leads are left.")
        % {"name": row, "into": row.merged_into, "n": leads_of(row).count()}
        for row in merged_with_leads(of.model).select_related("merged_into")
    ]


def uses(row: Any) -> list[Use]:
    """Everything that keeps the row from being deleted."""
    found = [Use(str(capfirst(label)), count, of_leads) for label, count, of_leads in _pointing(row) if count]
    if isinstance(row, CustomField):
        number = Lead.objects.filter(custom__has_key=row.key).count()
        found += [Use(str(capfirst(Lead._meta.verbose_name_plural)), number, of_leads=True)] if number else []
    return found + naming(*BY_MODEL[type(row)].term(row))


def naming(field: str, value: str = "") -> list[Use]:
    """The rules, policies, profiles … with a condition about this field (and this value of it)."""
    if not field:
        return []
    found = []
    for model, column in _conditions():
        rules = model._default_manager.filter(**{f"{column}__contains": [{"field": field}]})
        named = [rule for rule in rules if any(_names(each, field, value) for each in getattr(rule, column))]
        found += [Use(_told(rule)) for rule in named]
    return found


def _pointing(row: Any) -> Iterator[tuple[Any, int, bool]]:
    """Rows of other tables by what they are called; parts of the row itself (that go with it) are none."""
    for relation in row._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.on_delete is CASCADE:
            continue
        model = relation.related_model
        if issubclass(model, HistoryRow) and model.pgh_tracked_model is not Lead:
            continue  # the history of a rule says “#12” of what is gone
        label = _("earlier values of leads") if issubclass(model, HistoryRow) else model._meta.verbose_name_plural
        yield label, model._default_manager.filter(**{relation.field.name: row}).count(), model is Lead


def _conditions() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        if not issubclass(model, HistoryRow):
            names = {each.name for each in model._meta.concrete_fields if isinstance(each, JSONField)}
            yield from ((model, name) for name in names & {"conditions"})


def _names(condition: Any, field: str, value: str) -> bool:
    if not isinstance(condition, dict) or condition.get("field") != field:
        return False
    given = condition.get("value")
    return not value or given == value or (isinstance(given, list) and value in given)


def _told(rule: Any) -> str:
    """“Rule “Came by Google”, Scoring 3”."""
    whole = getattr(rule, "model", None) or getattr(rule, "icp", None)
    name = f"{capfirst(str(rule._meta.verbose_name))} “{rule}”"
    return f"{name}, {whole}" if whole is not None else name
