"""What becomes of a form that was sent: one lead, its consent, its event, its visitor – all in one transaction."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError
from django.db.models import F

from leads.capture.questions import EMAIL, MESSAGE
from leads.capture.touch import Touch, host_of, utm_of
from leads.capture.words import words
from leads.forms import named
from leads.imports.companies import resolve
from leads.imports.rows import Row
from leads.imports.staging import let_batch_pass
from leads.models import Campaign, CaptureForm, Company, Lead, Source, Submission, TrackedSite, Visitor
from leads.services.erased import blocked
from leads.services.errors import constraint_of
from leads.services.events import record_event
from leads.services.identity import current_id, find_by_email, hold_living
from leads.services.leads import create_lead, update_lead
from leads.services.locks import patiently
from leads.services.queue import mark_changed
from leads.text import company_domain, is_free_mail, normalise_domain, tidy
from leads.tracking.visitors import hold, identify

if TYPE_CHECKING:
    from uuid import UUID

    from leads.capture.tokens import Ticket
    from leads.services.leads import LeadData

TRIES = 3
MOST_NAMES = 1_000
Listed = TypeVar("Listed", Source, Campaign)
# What two senders may write in the same moment; the second try finds what the first one wrote.
RACES = frozenset({"company_domain_unique", "submission_once"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came back valid: whose it is as far as links and cookies say, what was answered, and how."""

    form: CaptureForm
    ticket: Ticket
    answers: dict[str, Any]
    consents: bool = False
    visitor: UUID | None = None
    known: Lead | None = None
    touch: Touch = field(default_factory=Touch)

    @property
    def key(self) -> str:
        """The same answers by the same page are one submission, however often the button is pressed."""
        text = json.dumps([self.answers, self.consents], sort_keys=True, cls=DjangoJSONEncoder)
        return f"form:{self.ticket.number}:{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def submit(*, sent: Sent, now: datetime) -> Submission:
    """Keep what was sent. The address given decides which lead it is, else the one that is known.

    Raises ValidationError at the question (by its key) when the lead's own rules refuse an answer.
    """
    for _turn in range(TRIES - 1):
        try:
            return patiently(lambda: _submit(sent, now))
        except IntegrityError as error:
            if constraint_of(error) not in RACES:
                raise
    return patiently(lambda: _submit(sent, now))


def _submit(sent: Sent, now: datetime) -> Submission:
    """In the caller's transaction. The lead is held before the visitor (``leads.tracking.visitors``)."""
    let_batch_pass()
    before = Submission.objects.filter(idempotency_key=sent.key).first()
    if before is not None:
        return before
    found = _found(sent)
    held = hold(uuid=sent.visitor, site_id=None, consent=False, now=now) if sent.visitor else None
    visitor = Visitor.objects.get(pk=held.id) if held else None
    lead = _lead(sent, found, _first_touch(sent, visitor), now)
    visitor = identify(visitor=visitor, lead=lead, now=now) if visitor else None
    submission = Submission.objects.create(
        form=sent.form,
        lead=lead,
        visitor=visitor,
        submitted_at=now,
        values=_plain(sent.answers),
        consent_given=sent.consents,
        consent_text=sent.ticket.consent_text,
        consent_version=sent.ticket.consent_version,
        utm=sent.touch.utm,
        referrer=sent.touch.referrer,
        page=sent.touch.page,
        idempotency_key=sent.key,
    )
    _record(sent, lead, now)
    return submission


def count_bot(form: CaptureForm) -> None:
    """Somebody filled in what no person sees; that is all that is kept of it."""
    CaptureForm.objects.filter(pk=form.pk).update(bots_caught=F("bots_caught") + 1)


def _lead(sent: Sent, found: Lead | None, first: Touch, now: datetime) -> Lead:
    """The lead as it is after this submission; two at once for one new address make one lead."""
    if found is None:
        try:
            return _create(sent, first, now)
        except ValidationError:
            found = _found(sent)
            if found is None:
                raise
    return update_lead(lead=found, now=now, by=None, data=_facts(sent, found, now))


def _found(sent: Sent) -> Lead | None:
    """Who has this address, else who is known, held until the end; of one that is merged meanwhile its winner."""
    email = str(sent.answers.get(EMAIL, ""))
    asked = find_by_email(email) if email else sent.known
    pk = current_id(asked.pk) if asked is not None else 0
    return Lead.objects.filter(pk=hold_living([pk]).get(pk, 0)).first() if pk else None


def _create(sent: Sent, first: Touch, now: datetime) -> Lead:
    if not sent.answers.get(EMAIL):
        raise ValidationError({EMAIL: words(sent.form.language).required})
    if blocked([str(sent.answers[EMAIL])]):  # who asked to be erased is nothing that a public page tells
        raise ValidationError({EMAIL: words(sent.form.language).not_taken})
    data = _facts(sent, None, now)
    data["captured_at"] = now
    source, campaign = _named(Source, first.source), _named(Campaign, first.campaign)
    data["source"], data["campaign"] = source or sent.form.source, campaign or sent.form.campaign
    if sent.form.lead_type is not None:
        data["lead_type"] = sent.form.lead_type
    data.setdefault("language", sent.form.language)
    return create_lead(now=now, by=None, data=data)


def _named(model: type[Listed], name: str) -> Listed | None:
    """The source or campaign that the link names. A link can say anything, so that beyond many names no more are made.

    What it said is kept with the event and the submission in any case.
    """
    if model.objects.count() >= MOST_NAMES and not model.objects.filter(name__iexact=tidy(name)).exists():
        return None
    return named(model, name)


def _facts(sent: Sent, lead: Lead | None, now: datetime) -> LeadData:
    """What was answered, as facts of a lead; a question left empty says nothing."""
    given = sent.answers
    data: dict[str, Any] = {what: value for what, value in given.items() if "." not in what and what != MESSAGE}
    custom = {what.removeprefix("custom."): value for what, value in given.items() if what.startswith("custom.")}
    if custom:
        data["custom"] = custom
    company, is_guess = _company(sent, lead, now)
    if company is not None and (not is_guess or lead is None or lead.company_id is None):
        data["company"] = Company.objects.get(pk=company)
    if sent.consents:
        data |= {"consent": Lead.Consent.GRANTED, "consent_at": now, "consent_source": consent_source(sent.form)}
    return data  # type: ignore[return-value]  # the keys are those of LeadData by construction


def consent_source(form: CaptureForm) -> str:
    return f"{form.name} (v{form.consent_version})"[:200]


def _company(sent: Sent, lead: Lead | None, now: datetime) -> tuple[int | None, bool]:
    """The company by the same rules as an import's row (docs/import.md): id, and whether only the address says so."""
    told = {what.removeprefix("company."): value for what, value in sent.answers.items() if what.startswith("company.")}
    domain = normalise_domain(str(told.pop("domain", "")))
    if domain and not is_free_mail(domain):
        told["domain"] = domain
    email = str(sent.answers.get(EMAIL, "")) or (lead.email if lead else "")
    row = Row(1, [], values={"email": email}, company={name: value for name, value in told.items() if value})
    if row.company and not row.company.keys() & {"name", "domain"}:
        row.company |= _meant(lead, email)
    found = resolve([row], now)
    if found.filled:
        mark_changed(lead_ids=Lead.objects.filter(company__in=found.filled).values_list("pk", flat=True), now=now)
    return found.by_line.get(1, (None, True))


def _meant(lead: Lead | None, email: str) -> dict[str, str]:
    """Whose facts were told without its name: the lead's company, else the one of the address's domain."""
    if lead is not None and lead.company is not None:
        return {"name": lead.company.name, "domain": lead.company.domain}
    domain = company_domain(email)
    return {"domain": domain} if domain else {}


def _first_touch(sent: Sent, visitor: Visitor | None) -> Touch:
    """What brought somebody here: this page's own link, else the first one on record of the anonymous visitor."""
    own = _own_hosts(sent.form)
    touch = replace(sent.touch, own=own)
    if touch.says_something or visitor is None:
        return touch
    for told in visitor.events.values_list("properties", flat=True)[:50]:
        page, referrer = str(told.get("page", "")), str(told.get("referrer", ""))
        earlier = Touch(page=page, referrer=referrer, utm=utm_of(told), own=own)
        if earlier.says_something:
            return earlier
    return touch


def _own_hosts(form: CaptureForm) -> frozenset[str]:
    """Our sites: coming from one of them is no source."""
    tracked = (origin for origins in TrackedSite.objects.values_list("origins", flat=True) for origin in origins)
    return frozenset(host_of(origin) for origin in (*tracked, *form.allowed_sites))


def _record(sent: Sent, lead: Lead, now: datetime) -> None:
    """The event on the lead, with the form, the page, this touch, and what was said about consent."""
    message = str(sent.answers.get(MESSAGE, ""))
    told: dict[str, Any] = {"form": sent.form.name, "page": sent.touch.page, "message": message}
    told |= {"referrer": sent.touch.referrer, **sent.touch.utm}
    if sent.consents:
        told["consent"] = Lead.Consent.GRANTED.value
        told["do_not_email"] = "kept" if lead.do_not_email else ""
    record_event(
        lead=lead,
        event_type=sent.form.event_type,
        occurred_at=now,
        now=now,
        idempotency_key=sent.key,
        properties={name: value for name, value in told.items() if value},
    )


def _plain(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as JSON keeps them: a number as a number, a date as it is written."""
    numbers = {what: float(value) for what, value in answers.items() if isinstance(value, Decimal)}
    plain: dict[str, Any] = json.loads(json.dumps(answers | numbers, cls=DjangoJSONEncoder))
    return plain
