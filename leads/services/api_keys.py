"""Keys of the API: given out once, recognised by their hash, taken back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from leads.models import ApiKey
from leads.services.errors import refuse_nul
from leads.text import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from people.models import User

PREFIX = "bt_"
SHOWN = 11
USE_NOTED_EVERY = timedelta(minutes=1)


def digest_of(secret: str) -> str:
    """A plain hash is enough: 256 bits of chance cannot be guessed, however fast one hashes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@transaction.atomic
def issue_key(*, name: str, scopes: Sequence[str], per_minute: int, by: User, now: datetime) -> tuple[ApiKey, str]:
    """A new key and its secret, which is nowhere afterwards but with whoever was told."""
    refuse_nul({"name": name})
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        name=tidy(name),
        prefix=secret[:SHOWN],
        digest=digest_of(secret),
        scopes=sorted(scopes),
        per_minute=per_minute,
        created_by=by,
        created_at=now,
    )
    key.full_clean()
    key.save(force_insert=True)
    return key, secret


@transaction.atomic
def change_key(*, key: ApiKey, name: str, scopes: Sequence[str], per_minute: int) -> None:
    refuse_nul({"name": name})
    key.name, key.scopes, key.per_minute = tidy(name), sorted(scopes), per_minute
    key.full_clean()
    key.save(update_fields=["name", "scopes", "per_minute"])


def revoke_key(*, key: ApiKey, now: datetime) -> bool:
    """From now on the key opens nothing, for good; whether it did until now."""
    return bool(ApiKey.objects.valid().filter(pk=key.pk).update(revoked_at=now))


def key_of(secret: str) -> ApiKey | None:
    """The valid key that has this secret."""
    if not secret.startswith(PREFIX) or len(secret) > 200:
        return None
    return ApiKey.objects.valid().filter(digest=digest_of(secret)).first()


def note_use(*, key: ApiKey, now: datetime) -> None:
    """Write that the key was used, at most once a minute whoever else does."""
    if key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
