"""What is held on a person, table by table, and what becomes of it when they are erased.

Every table that points to a lead is listed, here or on the floor where it is (``sla.personal``); a test fails for one
that is not. Until then the export shows it as it is and the erasure deletes its rows: nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import ForeignObjectRel, Q

from leads.models import Lead
from leads.models.lead import PERSONAL_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model, QuerySet


@dataclass(frozen=True, slots=True)
class Handling:
    """Rows stay with these fields emptied (where ``only`` holds), or go altogether."""

    blank: Mapping[str, Any] = field(default_factory=dict)
    only: Q = field(default_factory=Q)
    delete: bool = False


KEEP = Handling()
DELETE = Handling(delete=True)

# Of the values that only people write: a detail of a stage move made by a score names a rule.
_BY_PEOPLE = Q(reason__in=("by_hand", "imported"))
HANDLED: dict[str, Handling] = {
    "leads.Event": Handling({"properties": {}, "idempotency_key": ""}),
    "leads.Attempt": Handling({"note": ""}),
    "leads.Note": Handling({"body": ""}),
    "leads.StageChange": Handling({"detail": ""}, only=_BY_PEOPLE),
    "leads.LeadBefore": Handling({**dict.fromkeys(PERSONAL_TEXTS, ""), "custom": {}}),
    "leads.ExternalId": DELETE,
    "leads.ChangedLead": DELETE,
    "leads.PrivacyAct": KEEP,
    "leads.Submission": Handling({"values": {}, "referrer": "", "page": ""}),
    "leads.Visitor": DELETE,
    "leads.FormerEmail": DELETE,
    "leads.LeadKey": DELETE,
    "leads.LeadIndex": KEEP,  # the database writes it anew from what the lead is
    "leads.DuplicatePair": DELETE,
    # That there was a merge, or a message, is counted; ``leads.services.erase`` empties what they hold.
    "leads.Merge": KEEP,
    "leads.WebhookDelivery": KEEP,
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table with rows about a lead; ``column`` points to it."""

    model: type[Model]
    column: str

    @property
    def label(self) -> str:
        return self.model._meta.label

    def rows(self, lead: Lead) -> QuerySet[Any]:
        return self.model._default_manager.filter(**{self.column: lead.pk})


def tables() -> Iterator[Table]:
    """All tables that point to a lead, whichever app they are in, histories and hidden relations among them."""
    for relation in Lead._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and not relation.many_to_many:
            yield Table(relation.related_model, relation.field.name)
