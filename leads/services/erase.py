"""Take the person out of a lead and leave what is counted. The top floor's ``sla.services.erase`` calls this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import F, Func, JSONField
from pghistory.models import Context

from leads.models import CustomField, Lead
from leads.models.lead import PERSONAL_TEXTS
from leads.personal import DELETE, tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from leads.personal import Handling

# A choice or a yes says something about many; a text, a number or a day may say who it is.
KEPT_KINDS = (CustomField.Kind.CHOICE, CustomField.Kind.YES_NO)


def addresses_of(lead: Lead) -> set[str]:
    """The e-mail address, and those that the lead had before."""
    before = apps.get_model("leads", "LeadBefore")._default_manager.filter(pgh_obj_id=lead.pk)
    return {lead.email, *before.values_list("email", flat=True)} - {""}


def erase_facts(*, lead: Lead, handled: Mapping[str, Handling], now: datetime) -> None:
    """Empty the lead, then every table that points to it as ``handled`` says; inside the caller's transaction.

    The lead first: emptying it writes one more row of its history, which is emptied with the others.
    """
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


def _empty_contexts(lead: Lead) -> None:
    """Who changed the lead stays known; from which page is nobody's business any more."""
    rows = apps.get_model("leads", "LeadBefore")._default_manager.filter(pgh_obj_id=lead.pk)
    without = Func(F("metadata"), template="%(expressions)s - 'url'", output_field=JSONField())
    Context.objects.filter(pk__in=rows.values("pgh_context"), metadata__has_key="url").update(metadata=without)
