"""What was changed of a lead or a company, by whom, from what to what: read from the rows kept *before* each change."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import ForeignKey
from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from leads.models import CompanyMerge, CustomField
from leads.models.company import TRACKED_FIELDS as OF_COMPANY
from leads.models.lead import TRACKED_FIELDS as OF_LEAD
from people.models import User

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.db.models import Field, Model, QuerySet

MOST = 500
CUSTOM = "custom"
NOTHING = "–"
TRACKED = {"lead": OF_LEAD, "company": OF_COMPANY}
Raw = tuple[str, Any, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one change, in words; ``name`` of a custom field is ``custom.<key>``."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """``who`` is empty when neither a person nor a program with a name asked for it."""

    at: datetime
    who: str
    why: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """When a field was last changed, and by whom."""

    at: datetime
    who: str


def before(row: Model, *, numbers: Collection[int] = ()) -> QuerySet[Any]:
    """The rows kept of a lead or company, each as it was before a change, newest first.

    ``numbers`` asks for those of other rows of the same kind instead, such as the leads merged into this one.
    """
    rows: QuerySet[Any] = apps.get_model("leads", f"{row._meta.object_name}Before")._default_manager.all()
    return rows.filter(pgh_obj__in=numbers or [row.pk]).select_related("pgh_context").order_by("-pgh_id")


def changes(row: Model, *, names: Collection[str] = (), most: int = MOST) -> list[Change]:
    """The newest changes of a lead or company, newest first; only those of some fields when they are named."""
    kept = list(before(row)[:most])
    pairs = list(zip(kept, [row, *kept], strict=False))
    people = people_of(kept)
    told = [
        Change(old.pgh_created_at, by_whom(old, people), metadata(old).get("reason", ""), differences)
        for (old, _new), differences in zip(pairs, differences_of(row, pairs, names=names), strict=True)
    ]
    return [change for change in told if change.differences]


def marks(row: Model, *, most: int = 100, known: Mapping[int, str] = MappingProxyType({})) -> dict[str, Mark]:
    """By field, when it was last changed and by whom, as far as the newest changes tell.

    ``known`` are names of people whom the caller has at hand: they need not be asked for.
    """
    kept = list(before(row)[:most])
    people = people_of(kept, known)
    found: dict[str, Mark] = {}
    after: Any = row
    for old in kept:
        for name, _old, _new in raw_differences(row, old, after):
            found.setdefault(name, Mark(old.pgh_created_at, by_whom(old, people)))
        after = old
    return found


def raw_differences(model: Model | type[Model], old: Any, new: Any) -> list[Raw]:
    """Field by field, values as they are stored; each custom field for itself."""
    found: list[Raw] = []
    for name, attname in _columns(str(model._meta.model_name)):
        was, became = getattr(old, attname), getattr(new, attname)
        if was == became:
            continue
        found += _custom(was, became) if name == CUSTOM else [(name, was, became)]
    return found


def differences_of(
    model: Model | type[Model], pairs: Sequence[tuple[Any, Any]], *, names: Collection[str] = ()
) -> list[tuple[Difference, ...]]:
    """Each pair (before, after) in words, with one query per table that is pointed to and differs."""
    found = [[raw for raw in raw_differences(model, old, new) if not names or raw[0] in names] for old, new in pairs]
    words = _Words(model, [raw for raws in found for raw in raws])
    return [tuple(words.difference(raw) for raw in raws) for raws in found]


def by_whom(row: Any, people: Mapping[int, str]) -> str:
    """Who asked for the change of a kept row: a person, an API key, an import (and who began it); or nothing."""
    known = metadata(row)
    if known.get("import") or known.get("command") == "import_leads":
        name = people.get(known.get("user") or 0, "")
        return _("an import by %(name)s") % {"name": name} if name else _("an import")
    if known.get("user"):
        return people.get(known["user"], "")
    if known.get("api_key"):
        return _("API key %(name)s") % {"name": known["api_key"]}
    return ""


def people_of(rows: Iterable[Any], known: Mapping[int, str] = MappingProxyType({})) -> Mapping[int, str]:
    """The names of those who changed these rows, besides those that are ``known``."""
    ids = {metadata(row).get("user") for row in rows} - {None, *known}
    return {**known, **dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))} if ids else known


def metadata(row: Any) -> dict[str, Any]:
    return row.pgh_context.metadata if row.pgh_context else {}


def _custom(was: dict[str, Any], became: dict[str, Any]) -> list[Raw]:
    keys = sorted({*was, *became})
    return [(f"{CUSTOM}.{key}", was.get(key), became.get(key)) for key in keys if was.get(key) != became.get(key)]


@cache
def _columns(kind: str) -> tuple[tuple[str, str], ...]:
    """The tracked fields of leads or companies, each with the attribute that holds its stored value."""
    model = apps.get_model("leads", kind)
    return tuple((name, _field(model, name).attname) for name in TRACKED[kind])


def _field(model: Model | type[Model], name: str) -> Field[Any, Any]:
    return model._meta.get_field(name)  # type: ignore[return-value]  # no relation of another table is tracked


class _Words:
    """Puts values of a table's fields into words; whatever they point to is read once."""

    def __init__(self, model: Model | type[Model], raws: Sequence[Raw]) -> None:
        self.model = model
        keys = {name.partition(".")[2] for name, _was, _became in raws if name.startswith(f"{CUSTOM}.")}
        self.custom = dict(CustomField.objects.filter(key__in=keys).values_list("key", "name")) if keys else {}
        self.names = self._names(raws)

    def difference(self, raw: Raw) -> Difference:
        name, was, became = raw
        return Difference(name, self._label(name), self._text(name, was), self._text(name, became))

    def _names(self, raws: Sequence[Raw]) -> dict[str, dict[Any, str]]:
        ids: dict[str, set[Any]] = defaultdict(set)
        for name, was, became in raws:
            if not name.startswith(f"{CUSTOM}.") and isinstance(_field(self.model, name), ForeignKey):
                ids[name] |= {was, became} - {None}
        found = {
            name: {pk: str(one) for pk, one in _related(self.model, name)._base_manager.in_bulk(wanted).items()}
            for name, wanted in ids.items()
        }
        if gone := ids["company"] - found.get("company", {}).keys():
            merged = CompanyMerge.objects.filter(loser_number__in=gone).order_by("pk")
            found["company"] |= dict(merged.values_list("loser_number", "loser_name"))
        return found

    def _label(self, name: str) -> str:
        key = name.partition(".")[2]
        return self.custom.get(key, key) if key else capfirst(str(_field(self.model, name).verbose_name))

    def _text(self, name: str, value: Any) -> str:
        if name in self.names:
            return self.names[name].get(value, f"#{value}") if value is not None else NOTHING
        choices = {} if name.startswith(f"{CUSTOM}.") else dict(getattr(_field(self.model, name), "flatchoices", ()))
        return in_words(choices.get(value, value) if isinstance(value, str) else value)


def in_words(value: Any) -> str:
    """A stored value for a reader: in their language and zone, a dash for nothing."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return f"{in_words(local.date())}, {local:%H:%M}"
    if isinstance(value, date):
        return f"{value.day} {str(MONTHS_3[value.month]).title()} {value.year}"
    if isinstance(value, int | float | Decimal):
        return number_format(value, use_l10n=True, force_grouping=True)
    return str(value)


def _related(model: Model | type[Model], name: str) -> type[Model]:
    related: type[Model] = _field(model, name).related_model  # type: ignore[assignment]  # a foreign key has one
    return related
