"""What travels with a form instead of a cookie: who a mail was written to, and what a page asked and when.

In a frame of another site a browser sends no cookie, so the usual protection against forged requests has nothing to
compare. A signed ticket takes its place: only a page that we served holds one, it says when that was, and it grows old.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing

LEAD_SALT, TICKET_SALT = "leads.capture.lead", "leads.capture.ticket"
KNOWN_FOR = timedelta(days=365)
LONGEST_TICKET = 20_000
TICKET_LASTS = timedelta(hours=12)
# Reading a form and typing an address takes longer; a script does it at once.
QUICKEST = timedelta(seconds=2)


def known_lead_token(lead: Any) -> str:
    """What a link in a mail to this lead carries as ``?k=``, so that the form knows what it need not ask."""
    return signing.dumps(lead.pk, salt=LEAD_SALT)


def lead_id_of(token: str) -> int | None:
    """Whom a ``?k=`` stands for; nobody when it is forged or a year old."""
    try:
        lead_id = signing.loads(token, salt=LEAD_SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return None
    return lead_id if isinstance(lead_id, int) else None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One showing of a form: when, what it asked, and where its reader came from."""

    form: str
    shown_at: datetime
    asked: tuple[int, ...]
    consent_text: str = ""
    consent_version: int = 0
    page: str = ""
    referrer: str = ""
    utm: dict[str, str] = field(default_factory=dict)
    number: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def signed(self) -> str:
        content = asdict(self) | {"shown_at": self.shown_at.timestamp()}
        return signing.dumps(content, salt=TICKET_SALT, compress=True)

    def is_too_quick(self, now: datetime) -> bool:
        return now - self.shown_at < QUICKEST

    def is_stale(self, now: datetime) -> bool:
        return now - self.shown_at > TICKET_LASTS


def ticket_of(token: str, form_key: str) -> Ticket | None:
    """The ticket as it was signed, however old; none when it is not ours, or is that of another form."""
    if len(token) > LONGEST_TICKET:
        return None
    try:
        content = signing.loads(token, salt=TICKET_SALT)
    except signing.BadSignature:
        return None
    content["shown_at"] = datetime.fromtimestamp(content["shown_at"], tz=UTC)
    content["asked"] = tuple(content["asked"])
    return Ticket(**content) if content["form"] == form_key else None
