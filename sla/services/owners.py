"""Giving a lead to somebody, whether it was handed off or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Lead
from leads.services.locks import lock_leads
from leads.services.queue import mark_changed
from leads.text import tidy
from people.models import Role
from sla.models import Handoff
from sla.services.handoffs import reassign

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User


@transaction.atomic
def give_lead(*, lead: Lead, to: User, by: User, now: datetime, reason: str = "") -> None:
    """The open hand-off goes to them (its clock runs on, domain rule 5); without one just the lead does.

    Raises ValidationError when the person cannot take leads. The reason stands in the history of the owner.
    """
    if "\x00" in reason:
        raise ValidationError({"reason": _("Holds a NUL character.")})
    with pghistory.context(reason=tidy(reason)[:250]):
        handoff = Handoff.objects.open().filter(lead=lead).first()
        if handoff is not None:
            reassign(handoff=handoff, to=to, by=by, now=now)
            return
        if not to.is_active or to.role not in {Role.SDR, Role.MANAGER}:
            raise ValidationError(_("%(name)s cannot take leads.") % {"name": to})
        lock_leads([lead.pk])
        if Lead.objects.filter(pk=lead.pk).exclude(owner=to).update(owner=to, updated_at=now):
            mark_changed(lead_ids=[lead.pk], now=now)
