"""What a page for merging shows: two rows field by field, and what hangs on the one that goes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Field
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from leads.models import Company, CompanyMerge, CustomField, Lead, Merge
from leads.services import company_merging, merge_fields
from leads.services.merge_fields import CHOSEN, CUSTOM, FLAGS, LOSER, WINNER
from leads.services.moving import links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from django.db.models import Model, QuerySet
    from django.http import QueryDict

PREFIX = "take-"
RECENT = 10
M = TypeVar("M", Merge, CompanyMerge)


@dataclass(frozen=True, slots=True)
class Line:
    """A field of both. ``side`` is the one that is taken; ``fixed`` says why there is nothing to choose."""

    name: str
    label: str
    winner: str
    loser: str
    side: str
    fixed: str = ""

    @property
    def differs(self) -> bool:
        return self.winner != self.loser

    @property
    def field(self) -> str:
        return f"{PREFIX}{self.name}"


def lead_lines(winner: Lead, loser: Lead, *, in_hand: str, given: Mapping[str, str]) -> list[Line]:
    """The fields of two leads, with what is taken of each: as ``given``, else by default."""
    taken = merge_fields.defaults(winner, loser, in_hand=in_hand)
    forced = merge_fields.forced(winner, loser)
    names = {field.key: field.name for field in CustomField.objects.all()}
    lines = []
    for name in (*CHOSEN, *merge_fields.custom_names(winner, loser)):
        custom = name.startswith(CUSTOM)
        label = names.get(name.removeprefix(CUSTOM), name) if custom else _label(Lead, name)
        fixed = _("A withdrawal is never lost by a merge.") if name in forced else ""
        side = taken[name] if fixed else given.get(name, taken[name])
        lines.append(Line(name, label, _lead_text(winner, name), _lead_text(loser, name), side, fixed))
    return lines + [_flag(winner, loser, name) for name in FLAGS]


def company_lines(winner: Company, loser: Company, *, given: Mapping[str, str]) -> list[Line]:
    taken = company_merging.defaults(winner, loser)
    return [
        Line(name, _label(Company, name), _text(winner, name), _text(loser, name), given.get(name, taken[name]))
        for name in company_merging.CHOSEN
    ]


def choices_of(data: QueryDict, lines: Iterable[Line]) -> dict[str, str]:
    """What was chosen on the page, of the fields that there are and that differ."""
    return {
        line.name: str(data[line.field]) for line in lines if line.field in data and line.differs and not line.fixed
    }


def hanging_on(model: type[Model], pk: int, *, but: Collection[str]) -> list[str]:
    """What will move, in words: “12 events”, “3 notes”."""
    found: dict[str, tuple[int, type[Model]]] = {}
    for link in links(model):
        if link.label not in but:
            count = link.model._base_manager.filter(**{link.field.name: pk}).count()
            if count:
                found[link.label] = (count, link.model)
    return [
        f"{number_format(count)} {one._meta.verbose_name if count == 1 else one._meta.verbose_name_plural}"
        for count, one in found.values()
    ]


def recent(merges: QuerySet[M]) -> list[M]:
    """The last few merges, undone ones as well, without what their undoing needs."""
    light = merges.select_related("winner", "by", "undone_by").order_by("-pk")
    return list(light.defer("loser", "winner_before", "winner_after", "moved", "dropped", "made")[:RECENT])


def seen(*rows: Model) -> str:
    """Stands for what the page showed; a merge of what looks different by now is refused."""
    values = [[str(row.serializable_value(each.attname)) for each in row._meta.concrete_fields] for row in rows]
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=8).hexdigest()


def field_names(model: type[Model], names: Iterable[str]) -> str:
    """Fields as people call them, in a row."""
    return ", ".join(_label(model, name).lower() for name in names)


def _label(model: type[Model], name: str) -> str:
    field = model._meta.get_field(name)
    return capfirst(str(field.verbose_name)) if isinstance(field, Field) else name


def _lead_text(lead: Lead, name: str) -> str:
    if name.startswith(CUSTOM):
        value = lead.custom.get(name.removeprefix(CUSTOM), "")
        return (_("yes") if value else _("no")) if isinstance(value, bool) else str(value)
    if name == "status" and lead.status_reason:
        return f"{lead.status} ({lead.status_reason})"
    if name == "consent" and lead.consent_at is not None:
        when = date_format(localtime(lead.consent_at), "j M Y, H:i")
        return ", ".join(filter(None, (str(lead.get_consent_display()), when, lead.consent_source)))
    return _text(lead, name)


def _text(row: Any, name: str) -> str:
    value = getattr(row, name)
    shown: Any = dict(getattr(row._meta.get_field(name), "flatchoices", ())).get(value, value)
    if isinstance(value, int) and not isinstance(value, bool):
        shown = number_format(value, force_grouping=True)
    return "" if shown is None else str(shown)


def _flag(winner: Lead, loser: Lead, name: str) -> Line:
    """A do-not flag of either holds for both."""
    first, second = (_("yes") if getattr(lead, name) else _("no") for lead in (winner, loser))
    side = LOSER if getattr(loser, name) and not getattr(winner, name) else WINNER
    return Line(name, _label(Lead, name), first, second, side, _("Said once, it holds for the person."))
