"""The places of a lead's page that are edited on the spot: which fields of the form, and whose history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from leads.models import CustomField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CUSTOM = "custom_"


@dataclass(frozen=True, slots=True)
class Slot:
    """``fields`` of ``leads.forms.LeadForm``; ``tracked`` are the names under which ``leads.changes`` tells them."""

    key: str
    label: str | _StrPromise
    fields: tuple[str, ...]
    tracked: tuple[str, ...]


def _slot(key: str, label: _StrPromise, *fields: str, tracked: tuple[str, ...] = ()) -> Slot:
    fields = fields or (key,)
    return Slot(key, label, fields, tracked or fields)


SLOTS: dict[str, Slot] = {
    slot.key: slot
    for slot in (
        _slot("name", _("Name"), "first_name", "last_name"),
        _slot("job_title", _("Job")),
        _slot("company", _("Company"), "company_name", "company_domain", tracked=("company",)),
        _slot("phone", _("Phone")),
        _slot("do_not_call", _("Calls")),
        _slot("email", _("E-mail")),
        _slot("do_not_email", _("E-mails")),
        _slot("place", _("Place"), "city", "country"),
        _slot("language", _("Language")),
        _slot("source", _("Source")),
        _slot("campaign", _("Campaign")),
        _slot("lead_type", _("Type")),
        _slot("stage", _("Stage"), "stage", "stage_reason", tracked=("stage",)),
        _slot("status", _("Status"), "status", "status_reason"),
        _slot("owner", _("Owner")),
        _slot("journey_step", _("Journey")),
        _slot("bant_budget", _("Budget")),
        _slot("bant_authority", _("Authority")),
        _slot("bant_need", _("Need")),
        _slot("bant_timeline", _("Timeline")),
        _slot("consent", _("Consent to be mailed"), "consent", "consent_at", "consent_source"),
    )
}


def find(key: str) -> Slot | None:
    """The place of that name, a custom field's (``custom_<key>``) included."""
    if key in SLOTS:
        return SLOTS[key]
    if not key.startswith(CUSTOM):
        return None
    name = key.removeprefix(CUSTOM)
    custom = CustomField.objects.filter(key=name).first()
    return Slot(key, custom.name, (key,), (f"custom.{name}",)) if custom else None
