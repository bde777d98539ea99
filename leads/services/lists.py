"""Changing the configured lists. What is in use is renamed, merged or retired; only what nobody uses is deleted."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import CASCADE, ForeignObjectRel, ProtectedError
from django.utils.translation import gettext as _

from leads.lists.catalogue import BY_MODEL
from leads.lists.usage import uses
from leads.models import Campaign, ForbiddenMove, Lead, LeadType, LifecycleStage, Source
from leads.services.list_work import AT_ONCE, leads_of, move_batch, nudge
from leads.services.queue import mark_all_changed
from people.ordering import last_position

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from leads.lists.usage import Use

Named = TypeVar("Named", Source, Campaign)
KEY_LENGTH = 64


def key_for(model: Any, name: str) -> str:
    """A key made of the name, unlike any other of the list; it stays when the name changes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: KEY_LENGTH - 6]
    stem = stem if re.match(r"[a-z]", stem) else f"{BY_MODEL[model].slug.rstrip('s')}_{stem}".strip("_")
    taken = set(model._default_manager.filter(key__startswith=stem).values_list("key", flat=True))
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem}_{number}"
    return key


@transaction.atomic
def save_value(*, row: Any, now: datetime) -> Any:
    """Create a value (last in its list, with a key) or keep its new name. The row has been validated by its form.

    Leads of a renamed source or campaign are scored again: rules name those by what they are called.
    """
    kept = BY_MODEL[type(row)]
    if row._state.adding and kept.is_keyed:
        _hold(kept.rows)
        row.key = key_for(type(row), row.name)
        row.position = last_position(kept.rows)
    renamed = not row._state.adding and kept.is_mergeable and _name_before(row) != row.name
    row.save()
    if renamed:
        mark_all_changed(leads=leads_of(row), now=now)
    return row


@transaction.atomic
def retire(*, row: Any) -> None:
    """Offer it no more; old records keep it. Raises ValidationError when Baton cannot do without it."""
    if isinstance(row, LeadType):
        _hold(LeadType.objects.all())
    if reason := why_kept(row):
        raise ValidationError(reason)
    type(row)._default_manager.filter(pk=row.pk).update(is_active=False)


@transaction.atomic
def restore(*, row: Any, now: datetime) -> None:
    if getattr(row, "merged_into_id", None):
        raise ValidationError(_("It was merged into “%(name)s”.") % {"name": row.merged_into})
    type(row)._default_manager.filter(pk=row.pk).update(is_active=True)
    if isinstance(row, LifecycleStage):  # leads that qualified meanwhile were held back
        mark_all_changed(leads=Lead.objects.filter(score__target_stage=row).exclude(stage=row), now=now)


def why_kept(row: Any) -> str:
    """Why the row cannot be retired; empty when it can."""
    if isinstance(row, LeadType) and not LeadType.objects.filter(is_active=True).exclude(pk=row.pk).exists():
        return _("It is the last lead type in use, and every new lead has one.")
    kept = BY_MODEL[type(row)].kept.get(getattr(row, "key", ""))
    return str(kept) if kept else ""


def why_not_deleted(row: Any, found: Sequence[Use]) -> str:
    """Why the row cannot be deleted, naming what uses it (``found``, see ``leads.lists.usage``); empty when it can."""
    if getattr(row, "key", "") in BY_MODEL[type(row)].known:
        return _("Baton itself works with it. It can be renamed.")
    if not found:
        return ""
    return _("It is used – %(uses)s. It can be renamed or retired.") % {"uses": "; ".join(map(str, found[:6]))}


@transaction.atomic
def delete_value(*, row: Any) -> None:
    """Delete what nobody uses. The database refuses what begins to be used at this moment."""
    if reason := why_not_deleted(row, uses(row)):
        raise ValidationError(reason)
    try:
        with transaction.atomic():
            row.delete()
    except (ProtectedError, IntegrityError) as error:
        raise ValidationError(_("Somebody began to use it a moment ago.")) from error


@transaction.atomic
def merge_named(*, row: Named, into: Named, now: datetime) -> int:
    """Count the leads of one source (or campaign) for another, also those that come later under its name.

    Returns how many leads are still to be moved: many are moved in the background (``leads.services.list_work``).
    What else points to it (forms, imports) points to the other one at once.
    """
    held = type(row)._default_manager.select_for_update().in_bulk([row.pk, into.pk])
    row, into = held[row.pk], held[into.pk]
    if row == into or row.merged_into_id is not None or into.merged_into_id is not None:
        raise ValidationError(_("Choose another one that is not merged itself."))
    _point_to(into, row)
    row.is_active, row.merged_into = False, into
    row.save(update_fields=["is_active", "merged_into"])
    left = leads_of(row).count()
    if left > AT_ONCE:
        nudge()
        return left
    move_batch(row, now)
    return 0


def _point_to(into: Any, row: Any) -> None:
    """Whatever else refers to the row, now or in an app that is added later; histories keep what was."""
    for relation in row._meta.get_fields(include_hidden=True):
        plain = isinstance(relation, ForeignObjectRel) and relation.on_delete is not CASCADE
        if plain and relation.related_model is not Lead and not hasattr(relation.related_model, "pgh_tracked_model"):
            relation.related_model._default_manager.filter(**{relation.field.name: row}).update(
                **{relation.field.name: into}
            )


def _hold(rows: Any) -> None:
    """One person at a time adds to a list or takes from it: so two do not get one place, nor both take the last."""
    list(rows.select_for_update().order_by("pk").values_list("pk"))


def _name_before(row: Any) -> str:
    found = type(row)._default_manager.filter(pk=row.pk).values_list("name", flat=True).first()
    return str(found or "")


@transaction.atomic
def forbid_moves(*, forbidden: Iterable[tuple[int, int]], among: Collection[int], now: datetime) -> int:
    """Make exactly these moves between the stages ``among`` forbidden; others are left. Returns how many changed.

    Leads that were held back by a move that is allowed now are looked at again.
    """
    wanted = set(forbidden)
    rows = ForbiddenMove.objects.select_for_update().filter(from_stage__in=among, to_stage__in=among)
    known = {(row.from_stage_id, row.to_stage_id): row.pk for row in rows}
    allowed = [pair for pair in known if pair not in wanted]
    added = sorted(wanted - known.keys())
    ForbiddenMove.objects.filter(pk__in=[known[pair] for pair in allowed]).delete()
    ForbiddenMove.objects.bulk_create(
        [ForbiddenMove(from_stage_id=start, to_stage_id=end) for start, end in added], ignore_conflicts=True
    )
    for start, end in allowed:
        mark_all_changed(leads=Lead.objects.filter(stage=start, score__target_stage=end), now=now)
    return len(allowed) + len(added)
