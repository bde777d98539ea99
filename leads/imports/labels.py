"""The fields of an import in words, for choosing and for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from leads.models import CustomField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LEAD: dict[str, _StrPromise] = {
    "email": _("E-mail address"),
    "external_id": _("Number in another system"),
    "full_name": _("Full name"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "phone": _("Phone"),
    "job_title": _("Job title"),
    "country": _("Country"),
    "city": _("City"),
    "language": _("Language"),
    "source": _("Source"),
    "campaign": _("Campaign"),
    "lead_type": _("Lead type"),
    "status": _("Status"),
    "status_reason": _("Reason of the status"),
    "stage": _("Lifecycle stage"),
    "owner": _("Owner (by e-mail address)"),
    "journey_step": _("Buyer's journey"),
    "captured_at": _("Captured at"),
    "bant_budget": _("Budget"),
    "bant_authority": _("Authority"),
    "bant_need": _("Need"),
    "bant_timeline": _("Timeline"),
    "consent": _("Consent to be mailed"),
    "consent_at": _("Consent given or withdrawn at"),
    "consent_source": _("Where consent was given"),
    "do_not_email": _("Do not e-mail"),
    "do_not_call": _("Do not call"),
}
COMPANY: dict[str, _StrPromise] = {
    "company.name": _("Company"),
    "company.domain": _("Web domain"),
    "company.industry": _("Industry"),
    "company.employees": _("Employees"),
    "company.annual_revenue": _("Revenue a year"),
    "company.country": _("Company's country"),
    "company.region": _("Company's region"),
    "company.city": _("Company's city"),
    "company.technologies": _("Technologies"),
}
ATTEMPT: dict[str, _StrPromise] = {
    "attempt.at": _("Attempt: when"),
    "attempt.channel": _("Attempt: channel"),
    "attempt.outcome": _("Attempt: outcome"),
    "attempt.note": _("Attempt: note"),
    "attempt.by": _("Attempt: by whom (e-mail address)"),
}
ALL = LEAD | COMPANY | ATTEMPT
NEW = "new:"

Choices = list[tuple[str, str]]


def targets() -> list[tuple[str, Choices | str]]:
    """What a column may become, in groups."""
    own = [(f"custom.{field.key}", field.name) for field in CustomField.objects.filter(is_active=True)]
    made = [(f"{NEW}{key}", str(_("New field: %(kind)s") % {"kind": name})) for key, name in CustomField.Kind.choices]
    groups = [
        (_("Lead"), [(key, str(name)) for key, name in LEAD.items()]),
        (_("Company"), [(key, str(name)) for key, name in COMPANY.items()]),
        (_("Attempt"), [(key, str(name)) for key, name in ATTEMPT.items()]),
        (_("Own fields"), own),
        (_("Make an own field of this column"), made),
    ]
    return [("", str(_("Do not import"))), *((str(name), choices) for name, choices in groups if choices)]


def label(to: str, name: str = "") -> str:
    """A field's name; an own field's is its column's until it is made."""
    if to.startswith("custom."):
        field = CustomField.objects.filter(key=to.removeprefix("custom.")).first()
        return field.name if field else name or to.removeprefix("custom.")
    return str(ALL.get(to, to))
