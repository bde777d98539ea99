"""Addresses whose owners were erased and are not to come back, known by a fingerprint and by nothing else."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.models import ErasedAddress
from leads.text import normalise_email

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def fingerprint(email: str) -> str:
    """The same for the same address however it is written; worthless without the secret."""
    secret, address = settings.BATON_ERASURE_SECRET.encode(), normalise_email(email).encode()
    return hmac.new(secret, address, hashlib.sha256).hexdigest()


def block(emails: Iterable[str], *, now: datetime) -> None:
    """Do not let these come back, by whichever door."""
    digests = {fingerprint(email) for email in emails if email}
    ErasedAddress.objects.bulk_create(
        [ErasedAddress(digest=digest, erased_on=now.date()) for digest in sorted(digests)], ignore_conflicts=True
    )


def unblock(email: str) -> bool:
    """Let the owner of this address come back; False when nobody kept them out."""
    return bool(ErasedAddress.objects.filter(digest=fingerprint(email)).delete()[0])


def blocked(emails: Iterable[str]) -> set[str]:
    """Those of the addresses that are not to come back. Costs one small query while nobody was erased."""
    if not ErasedAddress.objects.exists():
        return set()
    by_digest = {fingerprint(email): email for email in emails if email}
    found = ErasedAddress.objects.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return {by_digest[digest] for digest in found}


def refuse_blocked(email: str) -> None:
    """Raises ValidationError at ``email`` for an address whose owner asked to be erased."""
    if email and blocked([email]):
        raise ValidationError({"email": refusal()})


def refusal() -> str:
    return _("Whoever has this address was erased and is not to be stored again.")
