"""A merge is undone: the loser is there again, with what was its own; the winner is as it was, as far as untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from leads.models import Company, CompanyMerge, DuplicatePair, FormerEmail, Lead, Merge, StageChange, ToCompare
from leads.services.moving import column_of, move_back, put_back, row_of
from leads.services.queue import mark_changed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import Field, Model

    from leads.models.merging import MergeRecord
    from people.models import User

# The merge's own traces on the winner; they say when, not what.
UNCOMPARED = {"id", "updated_at"}
# Goes with another field, which is named.
ALONG = {"stage_since"}


def undo(*, merge: Merge, by: User | None, now: datetime) -> list[str]:
    """Undo it, inside the caller's transaction that holds the winner; the fields that stay as changed since.

    Raises ValidationError when a later merge must be undone first, or the loser's place is taken.
    """
    refuse_undo(merge)
    winner, loser_id = merge.winner_id, merge.loser_number
    FormerEmail.objects.filter(pk__in=merge.made.get("leads.formeremail", []), lead=winner).delete()
    restored, kept = back(Lead, merge)
    _unmove_stage(merge, restored)
    if restored:
        Lead.objects.filter(pk=winner).update(**restored, updated_at=now)
    bring_back(Lead, merge)
    _drop_made_pairs(merge)
    connection.check_constraints()
    merge.undone_at, merge.undone_by = now, by
    merge.save(update_fields=["undone_at", "undone_by"])
    mark_changed(lead_ids=[winner, loser_id], now=now)
    ToCompare.objects.bulk_create([ToCompare(lead_id=pk, queued_at=now) for pk in (winner, loser_id)])
    return [name for name in kept if name not in ALONG]


def refuse_undo(merge: Merge) -> None:
    """Say why a merge cannot be undone (now), by a ValidationError."""
    if merge.undone_at is not None:
        raise ValidationError(_("This merge was undone already."))
    if not merge.loser:
        raise ValidationError(_("What was known of it is erased; it cannot come back."))
    later = Merge.objects.standing().filter(winner=merge.winner_id, pk__gt=merge.pk).order_by("-pk").first()
    if later is not None:
        raise ValidationError(
            _("%(lead)s was merged later with %(other)s: undo that first.")
            % {"lead": merge.winner, "other": later.loser_name}
        )
    if merge.loser["email"] and _is_taken(merge):
        raise ValidationError(_("The e-mail address %(email)s is in use by now.") % {"email": merge.loser["email"]})


def forget(*, lead_ids: Iterable[int]) -> None:
    """Erase what the merges of these leads remember of the person; that there were some stays, without an undo."""
    ids = list(lead_ids)
    empty: dict[str, Any] = {name: {} for name in ("loser", "winner_before", "winner_after", "dropped")}
    Merge.objects.filter(winner__in=ids).update(loser_name="", **empty)
    FormerEmail.objects.filter(lead__in=ids).delete()
    DuplicatePair.objects.filter(Q(low__in=ids) | Q(high__in=ids)).delete()


def back(model: type[Model], merge: MergeRecord) -> tuple[dict[str, Any], list[str]]:
    """What the winner's columns go back to, and the fields that somebody changed since (or whose value is gone)."""
    now_is = row_of(model, merge.winner_id)  # type: ignore[attr-defined]  # every record has a winner, each of its own model
    restored: dict[str, Any] = {}
    kept: list[str] = []
    for field in model._meta.concrete_fields:
        column = column_of(field)
        before, after = merge.winner_before.get(column), merge.winner_after.get(column)
        if column in UNCOMPARED or column not in merge.winner_before or before == after:
            continue
        if now_is[column] != after or not _exists(field, before):
            kept.append(field.name)
        else:
            restored[field.attname] = field.to_python(before)
    return restored, kept


def bring_back(model: type[Model], merge: MergeRecord) -> None:
    """The loser with its number and values, what was moved, and what had no room."""
    winner: int = merge.winner_id  # type: ignore[attr-defined]  # as above
    row = {column_of(field): _still(field, merge.loser.get(column_of(field))) for field in model._meta.concrete_fields}
    known = {column: value for column, value in row.items() if column in merge.loser}
    if not put_back(model, [known]):
        raise ValidationError(_("The place of %(name)s is taken by now.") % {"name": merge.loser_name})
    move_back(model, merge.moved, loser=merge.loser_number, winner=winner)
    for label, rows in merge.dropped.items():
        put_back(apps.get_model(label), [each for each in rows if _has_ends(apps.get_model(label), each)])


def _is_taken(merge: Merge) -> bool:
    email = merge.loser["email"]
    by_lead = Lead.objects.filter(email=email)
    if merge.winner_after["email"] == email:
        by_lead = by_lead.exclude(pk=merge.winner_id)
    former = FormerEmail.objects.filter(email=email).exclude(pk__in=merge.made.get("leads.formeremail", []))
    return by_lead.exists() or former.exists()


def _unmove_stage(merge: Merge, restored: dict[str, Any]) -> None:
    """The merge's own line of stage history goes while the stage is where the merge put it; later moves build on it."""
    if "stage_id" in restored:
        StageChange.objects.filter(pk__in=merge.made.get("leads.stagechange", [])).delete()
    else:
        restored.pop("stage_since", None)


def _drop_made_pairs(merge: Merge) -> None:
    DuplicatePair.objects.filter(pk__in=merge.made.get("leads.duplicatepair", [])).delete()


def _still(field: Field[Any, Any], value: Any) -> Any:
    """The value, or what stands for it now: a company that was merged, nothing for one that is gone."""
    if value is None or field.remote_field is None:
        return value
    if field.remote_field.model is Company:
        heir = CompanyMerge.objects.standing().filter(loser_number=value).values_list("winner_id", flat=True).first()
        value = heir or value
    if _exists(field, value):
        return value
    if not field.null:
        raise ValidationError(
            _("What it had as “%(field)s” no longer exists; it cannot come back without.")
            % {"field": field.verbose_name}
        )
    return None


def _exists(field: Field[Any, Any], value: Any) -> bool:
    if value is None or field.remote_field is None:
        return True
    return bool(field.remote_field.model._base_manager.filter(pk=value).exists())


def _has_ends(model: type[Model], row: dict[str, Any]) -> bool:
    """Whether everything that a row points to is there (a pair's other lead may be gone)."""
    return all(_exists(field, row.get(column_of(field))) for field in model._meta.concrete_fields)
