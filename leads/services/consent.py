"""May we write to them, may we call them: what was agreed, when and where, and the one gate that senders ask.

Whoever sends something to leads takes them from ``Lead.objects.mailable()`` (or ``callable_()``), or asks
``may_email`` (``may_call``) about one; no other test of these facts is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.changes import by_whom, people_of
from leads.models import Lead
from leads.services.errors import refuse_erased, refuse_impossible, refuse_long, refuse_nul
from leads.services.identity import hold_lead
from leads.services.queue import mark_changed
from leads.text import tidy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

UNSUBSCRIBED = "unsubscribed"
SOURCE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """What held from ``noted_at`` on; ``at`` is when they said so, ``who`` is empty when nobody is known to have."""

    noted_at: datetime
    consent: str
    at: datetime | None
    source: str
    do_not_email: bool
    do_not_call: bool
    who: str = ""

    @property
    def says(self) -> str:
        return str(Lead.Consent(self.consent).label)


def may_email(lead: Lead) -> bool:
    """Whether anything may be mailed to this lead now; the same as ``Lead.objects.mailable()``."""
    agreed = lead.consent == Lead.Consent.GRANTED or (
        lead.consent == Lead.Consent.UNKNOWN and settings.BATON_MAIL_WITHOUT_CONSENT
    )
    reachable = bool(lead.email) and not lead.is_erased and not lead.status.is_closed
    return agreed and reachable and not lead.do_not_email


def may_call(lead: Lead) -> bool:
    """Whether this lead may be called now; the same as ``Lead.objects.callable_()``."""
    return bool(lead.phone) and not lead.is_erased and not lead.status.is_closed and not lead.do_not_call


def grant(*, lead: Lead, now: datetime, source: str, at: datetime | None = None) -> bool:
    """They agreed to be mailed. False when they withdrew it at that time or later, or it was known already.

    “Do not e-mail” stays: it was set by a person or by an unsubscription, and a person takes it away.
    """
    return _say(lead=lead, consent=Lead.Consent.GRANTED, now=now, source=source, at=at or now)


def withdraw(*, lead: Lead, now: datetime, source: str, at: datetime | None = None) -> bool:
    """They take it back. False when they agreed again later, or it was known already; at the same moment a no wins."""
    return _say(lead=lead, consent=Lead.Consent.WITHDRAWN, now=now, source=source, at=at or now)


@transaction.atomic
def _say(*, lead: Lead, consent: str, now: datetime, source: str, at: datetime) -> bool:
    source = tidy(source)
    refuse_nul({"consent_source": source})
    refuse_long(field="consent_source", text=source, limit=SOURCE_LENGTH)
    refuse_impossible(field="consent_at", at=at, now=now)
    current = Lead.objects.select_for_update(of=("self",), no_key=True).get(pk=hold_lead(lead).pk)
    refuse_erased(current)
    if not _is_news(current, consent, at):
        return False
    Lead.objects.filter(pk=current.pk).update(consent=consent, consent_at=at, consent_source=source, updated_at=now)
    mark_changed(lead_ids=[current.pk], now=now)
    return True


def _is_news(lead: Lead, consent: str, at: datetime) -> bool:
    """What was said later holds; of two things said at once, the no."""
    known_at = lead.consent_at
    if lead.consent == Lead.Consent.UNKNOWN or known_at is None:
        return True
    if lead.consent == consent:
        return at > known_at
    return at >= known_at if consent == Lead.Consent.WITHDRAWN else at > known_at


def refuse_older_grant(before: str, before_at: datetime | None, lead: Lead) -> None:
    """For those who write consent as one of many fields: a yes does not undo a no that came later."""
    if before != Lead.Consent.WITHDRAWN or lead.consent != Lead.Consent.GRANTED:
        return
    if before_at is not None and lead.consent_at is not None and lead.consent_at <= before_at:
        raise ValidationError({"consent_at": _("They withdrew their consent later than that.")})


@transaction.atomic
def obey_unsubscribes(*, times: Mapping[int, datetime], now: datetime) -> None:
    """Leads that unsubscribed at these times: mailed no more, their consent withdrawn (unless they agreed later).

    ``record_event`` calls it; whoever writes many events at once calls it for those of the type ``unsubscribed``.
    """
    held = Lead.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=times, erased_at__isnull=True)
    changed = []
    for lead in held.order_by("pk"):
        at = times[lead.pk]
        if lead.consent == Lead.Consent.GRANTED and lead.consent_at is not None and lead.consent_at > at:
            continue
        lead.do_not_email = True
        if _is_news(lead, Lead.Consent.WITHDRAWN, at):
            lead.consent, lead.consent_at, lead.consent_source = Lead.Consent.WITHDRAWN, at, UNSUBSCRIBED
        lead.updated_at = now
        changed.append(lead)
    Lead.objects.bulk_update(changed, ["do_not_email", "consent", "consent_at", "consent_source", "updated_at"])


def consent_history(lead: Lead) -> list[ConsentEntry]:
    """What was agreed, newest first, one entry per change."""
    rows = list(
        apps.get_model("leads", "LeadBefore")
        ._default_manager.filter(pgh_obj_id=lead.pk)
        .select_related("pgh_context")
        .order_by("pgh_id")
    )
    since = [lead.created_at, *(row.pgh_created_at for row in rows)]
    told: list[ConsentEntry] = []
    people = people_of(rows)
    authors = ["", *(by_whom(row, people) for row in rows)]
    for at, who, state in zip(since, authors, [*rows, lead], strict=True):
        entry = _entry(at, who, state)
        if not told or _facts(told[-1]) != _facts(entry):
            told.append(entry)
    return told[::-1]


def _entry(at: datetime, who: str, row: Lead) -> ConsentEntry:
    return ConsentEntry(at, row.consent, row.consent_at, row.consent_source, row.do_not_email, row.do_not_call, who)


def _facts(entry: ConsentEntry) -> tuple[object, ...]:
    return entry.consent, entry.at, entry.source, entry.do_not_email, entry.do_not_call
