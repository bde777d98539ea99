"""Answers kept under an ``Idempotency-Key``: who asks the same again is told the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from leads.models import StoredAnswer

if TYPE_CHECKING:
    from datetime import datetime

    from leads.models import ApiKey

LIVES = timedelta(days=1)


class OtherRequestError(Exception):
    """The key was used for another request before."""


def claim(*, api_key: ApiKey, key: str, fingerprint: str, now: datetime) -> StoredAnswer | None:
    """Reserve the key for this request, inside its transaction: None, or the answer that was given under it before.

    Somebody who asks the same at the same moment waits here until the first is done. Raises OtherRequestError.
    """
    StoredAnswer.objects.filter(api_key=api_key, key=key, created_at__lt=now - LIVES).delete()
    row = StoredAnswer(api_key=api_key, key=key, fingerprint=fingerprint, created_at=now)
    StoredAnswer.objects.bulk_create([row], ignore_conflicts=True)
    kept = StoredAnswer.objects.get(api_key=api_key, key=key)
    if kept.fingerprint != fingerprint:
        raise OtherRequestError
    return kept if kept.status is not None else None


def keep(*, api_key: ApiKey, key: str, status: int, body: Any) -> None:
    """Store what was answered, in the transaction of what was done."""
    StoredAnswer.objects.filter(api_key=api_key, key=key).update(status=status, body=body)


def forget_answers(*, now: datetime) -> int:
    """Drop the answers older than a day; return how many."""
    gone, _kinds = StoredAnswer.objects.filter(created_at__lt=now - LIVES).delete()
    return gone
