"""Take the person out of a lead and leave what is counted. The top floor's ``sla.services.erase`` calls this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import F, Func, JSONField, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from pghistory.models import Context

from leads.models import CustomField, FormerEmail, ImportChange, ImportReject, Lead
from leads.models.lead import PERSONAL_TEXTS
from leads.personal import DELETE, tables
from leads.services import unmerging, webhooks
from leads.services.identity import lineage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.db.models import QuerySet

    from leads.personal import Handling

# A choice or a yes says something about many; a text, a number or a day may say who it is.
KEPT_KINDS = (CustomField.Kind.CHOICE, CustomField.Kind.YES_NO)


def addresses_of(lead: Lead) -> set[str]:
    """The e-mail address, those that the lead had before, and those of the leads that were merged into it."""
    former = FormerEmail.objects.filter(lead=lead).values_list("email", flat=True)
    return {lead.email, *_before(lead).values_list("email", flat=True), *former} - {""}


def _before(lead: Lead) -> QuerySet[Any]:
    history: QuerySet[Any] = apps.get_model("leads", "LeadBefore")._default_manager.all()
    return history.filter(pgh_obj_id__in=lineage(lead.pk))


def erase_facts(*, lead: Lead, handled: Mapping[str, Handling], now: datetime) -> None:
    """Empty the lead, then every table that points to it as ``handled`` says; inside the caller's transaction.

    The lead first: emptying it writes one more row of its history, which is emptied with the others.
    """
    addresses = addresses_of(lead)
    kept = set(CustomField.objects.filter(kind__in=KEPT_KINDS).values_list("key", flat=True))
    empty: dict[str, Any] = dict.fromkeys(PERSONAL_TEXTS, "")
    Lead.objects.filter(pk=lead.pk).update(
        **empty,
        custom={key: value for key, value in lead.custom.items() if key in kept},
        do_not_email=True,
        do_not_call=True,
        erased_at=now,
        updated_at=now,
    )
    _empty_contexts(lead)
    for table in tables():
        handling = handled.get(table.label, DELETE)
        if handling.delete:
            table.rows(lead).delete()
        elif handling.blank:
            table.rows(lead).filter(handling.only).update(**handling.blank)
    _before(lead).update(**handled["leads.LeadBefore"].blank)
    unmerging.forget(lead_ids=[lead.pk])
    forget_told(lead_id=lead.pk)
    _forget_rejects(addresses)


def forget_told(*, lead_id: int) -> None:
    """What webhooks told of a lead, and what imports kept to be undone: they outlive the lead itself."""
    webhooks.forget_leads(lead_ids=[lead_id])
    ImportChange.objects.filter(lead_id__in=lineage(lead_id)).update(before={})


def _forget_rejects(addresses: set[str]) -> None:
    for address in addresses:
        rejects = ImportReject.objects.alias(told=Cast("cells", TextField())).filter(told__icontains=address)
        rejects.update(cells=[], reason=_("The row named a person who was erased."))


def _empty_contexts(lead: Lead) -> None:
    """Who changed the lead stays known; from which page is nobody's business any more."""
    rows = _before(lead)
    without = Func(F("metadata"), template="%(expressions)s - 'url'", output_field=JSONField())
    Context.objects.filter(pk__in=rows.values("pgh_context"), metadata__has_key="url").update(metadata=without)
