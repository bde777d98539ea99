"""Who changed what and when, read from the rows that pghistory's triggers keep (domain rule 20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Field, ForeignKey
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from people.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import Model, QuerySet

Show = Callable[[Any], str]
MOST = 500
_OURS = {"id", "updated_at"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row written, changed or deleted; ``who`` is empty when no person asked for it."""

    at: datetime
    who: str
    kind: str
    thing: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class Told:
    """Rows of a history table that belong to a page, and how to show the values that would not explain themselves."""

    rows: QuerySet[Any]
    show: Mapping[str, Show] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Any, show: Mapping[str, Show] | None = None) -> Told:
        """The history of one row of a model tracked as ``<Model>History``."""
        return cls(events(row._meta.app_label, f"{row._meta.object_name}History").filter(pgh_obj_id=row.pk), show or {})


def events(app: str, model: str) -> QuerySet[Any]:
    """The rows of a history table, by the name of its model."""
    rows: QuerySet[Any] = apps.get_model(app, model)._default_manager.all()
    return rows


def history_of(*told: Told, most: int = 50) -> list[Change]:
    """The latest changes of all these rows, newest first."""
    changes = [change for one in told for change in _changes(one)]
    # Turned round after sorting, so that of one row's changes in one transaction the last stands first.
    return _gathered(sorted(changes, key=attrgetter("at"))[::-1])[:most]


def _gathered(changes: list[Change]) -> list[Change]:
    """What was added, or removed, at one go is told as one thing."""
    gathered = []
    for (at, who, kind), alike in groupby(changes, key=attrgetter("at", "who", "kind")):
        group = list(alike)
        if kind == "update" or len(group) == 1:
            gathered += group
        else:
            gathered.append(Change(at, who, kind, _several([change.thing for change in group]), ()))
    return gathered


def _several(things: list[str], named: int = 3) -> str:
    """The first few by name, the rest by number."""
    shown = ", ".join(things[-1 : -named - 1 : -1])
    rest = len(things) - named
    return _("%(things)s and %(n)d more") % {"things": shown, "n": rest} if rest > 0 else shown


def _changes(told: Told) -> list[Change]:
    newest = list(told.rows.select_related("pgh_context").order_by("-pgh_id")[:MOST])
    rows = sorted(newest, key=attrgetter("pgh_obj_id", "pgh_id"))
    if not rows:
        return []
    teller = _Teller(rows, told.show)
    changes = []
    for _key, versions in groupby(rows, key=attrgetter("pgh_obj_id")):
        first, *others = versions
        changes.append(teller.change(None, first))
        changes += [teller.change(before, after) for before, after in pairwise([first, *others])]
    return [change for change in changes if change.kind != "update" or change.fields]


class _Teller:
    """Puts versions of one table's rows into words, with one query per table they point to."""

    def __init__(self, rows: list[Any], show: Mapping[str, Show]) -> None:
        self.tracked: type[Model] = rows[0].pgh_tracked_model
        self.fields: list[Field[Any, Any]] = [
            f for f in self.tracked._meta.fields if f.name not in _OURS and hasattr(rows[0], f.attname)
        ]
        self.show = show
        self.names = self._names(rows)
        self.people = _people(rows)

    def change(self, before: Any | None, after: Any) -> Change:
        fields = () if before is None or after.pgh_label == "delete" else tuple(self._differences(before, after))
        return Change(
            at=after.pgh_created_at,
            who=self.people.get(_by(after), "") or program_of(after),
            kind=after.pgh_label,
            thing=self._thing(after),
            fields=fields,
        )

    def _differences(self, before: Any, after: Any) -> Iterable[FieldChange]:
        for each in self.fields:
            old, new = getattr(before, each.attname), getattr(after, each.attname)
            if old != new:
                label = capfirst(str(each.verbose_name))
                yield FieldChange(label, self._text(each, old), self._text(each, new))

    def _thing(self, row: Any) -> str:
        kind = capfirst(str(self.tracked._meta.verbose_name))
        name = getattr(row, "name", "") or getattr(row, "term", "")
        return f"{kind} “{name}”" if name else kind

    def _text(self, each: Field[Any, Any], value: Any) -> str:
        if each.name in self.show:
            return self.show[each.name](value)
        if value is None or value in ("", []):
            return "–"
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(each, ForeignKey):
            return self.names[each.name].get(value, f"#{value}")
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return str(dict(each.flatchoices).get(value, value))

    def _names(self, rows: list[Any]) -> dict[str, dict[Any, str]]:
        names: dict[str, dict[Any, str]] = defaultdict(dict)
        for each in self.fields:
            if isinstance(each, ForeignKey):
                ids = {getattr(row, each.attname) for row in rows} - {None}
                found = each.related_model._base_manager.in_bulk(ids)
                names[each.name] = {pk: str(one) for pk, one in found.items()}
        return names


def _by(row: Any) -> int | None:
    return row.pgh_context.metadata.get("user") if row.pgh_context else None


def program_of(row: Any) -> str:
    """What wrote it when no person did: a key of the API by its name."""
    key = row.pgh_context.metadata.get("api_key") if row.pgh_context else None
    return _("API key %(name)s") % {"name": key} if key else ""


def _people(rows: list[Any]) -> dict[int | None, str]:
    return dict(User.objects.filter(pk__in={_by(row) for row in rows} - {None}).values_list("pk", "name"))
