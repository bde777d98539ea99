"""What a form about a lead asks for, the whole of it or one field in place, done in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction

from leads.services.leads import create_lead, update_lead
from leads.services.stages import move_by_hand

if TYPE_CHECKING:
    from datetime import datetime

    from leads.forms import LeadForm
    from leads.models import Lead


def save_lead(form: LeadForm, now: datetime) -> Lead | None:
    """The lead as written; None when it was refused, with the reasons at the form's fields."""
    try:
        with transaction.atomic():
            data = form.data_for(now)
            if form.lead is None:
                return create_lead(now=now, by=form.by, data=data)
            lead = update_lead(lead=form.lead, now=now, by=form.by, data=data)
            if "stage" in form.changed_data and form.cleaned_data["stage"]:
                reason = form.cleaned_data["stage_reason"]
                move_by_hand(lead=lead, to_stage=form.cleaned_data["stage"], by=form.by, reason=reason, now=now)
            return lead
    except ValidationError as error:
        form.refuse(error)
        return None
