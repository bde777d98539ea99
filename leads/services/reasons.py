"""The reasons that a status offers, kept as a whole list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from leads.models import LeadStatus, StatusReason

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Reason:
    """``pk`` is that of a reason which is there already and gets these words."""

    text: str
    is_active: bool = True
    pk: int | None = None


@transaction.atomic
def save_reasons(*, status: LeadStatus, reasons: Sequence[Reason]) -> None:
    """Make these the reasons of the status, in this order; others go. Leads keep the words they were given.

    Raises ValidationError when one is there twice.
    """
    texts = [reason.text.lower() for reason in reasons]
    if len(set(texts)) != len(texts):
        raise ValidationError(_("A reason is there twice."))
    known = {row.pk: row for row in StatusReason.objects.select_for_update().filter(status=status)}
    rows = [_row(status, known, reason, place) for place, reason in enumerate(reasons, start=1)]
    kept = [row.pk for row in rows if row.pk]
    StatusReason.objects.filter(status=status).exclude(pk__in=kept).delete()
    _step_aside(status, rows)
    for row in rows:
        row.save()


def _row(status: LeadStatus, known: dict[int, StatusReason], reason: Reason, place: int) -> StatusReason:
    row = known.get(reason.pk or 0) or StatusReason(status=status)
    row.text, row.is_active, row.position = reason.text, reason.is_active, place * 10
    return row


def _step_aside(status: LeadStatus, rows: Sequence[StatusReason]) -> None:
    """Reasons that take each other's words are in each other's way until all are saved."""
    for row in rows:
        others = StatusReason.objects.filter(status=status, text__iexact=row.text).exclude(pk=row.pk)
        others.update(text=Concat(Value("… "), Cast("pk", CharField())))
