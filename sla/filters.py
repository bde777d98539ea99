"""All that the list of leads can be narrowed by: facts, scores, and what was promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import django_filters
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from leads import filters as facts
from leads.filter_kinds import Asking, Offer, yes_no
from scoring import filters as scores
from sla.models import Clock, Handoff

if TYPE_CHECKING:
    from leads.models import CustomField

PROMISED = _("What was promised")


def _in_hand(rows: Any, _name: str, wanted: bool) -> Any:
    is_open = Exists(Handoff.objects.open().filter(lead=OuterRef("pk")))
    return rows.filter(is_open if wanted else ~is_open)


def _make_overdue(asking: Asking) -> django_filters.Filter:
    def overdue(rows: Any, _name: str, wanted: bool) -> Any:
        late = Exists(Clock.objects.breached(asking.now).filter(lead=OuterRef("pk")))
        return rows.filter(late if wanted else ~late)

    return yes_no("", overdue)(asking)


PROMISES = (
    Offer("handoff", _("Has an open hand-off"), PROMISED, yes_no("", method=_in_hand)),
    Offer("overdue", _("Promise overdue"), PROMISED, _make_overdue),
)


def offers(custom: Sequence[CustomField]) -> list[Offer]:
    """Everything that is offered by “Add a filter”, the groups one after the other as they stand in each."""
    return [*facts.OFFERS, *scores.OFFERS, *PROMISES, *facts.custom_offers(custom)]
