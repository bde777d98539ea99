"""How often somebody may ask, counted in the cache; when the cache is away, nobody is held back (config/cache.py)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

# config/cache.py knows it by heart: the floors below cannot import it, nor it them.
PREFIX = "baton:limit:"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``number`` in each period of so many seconds."""

    name: str
    number: int
    seconds: int

    def wait(self, who: str, now: datetime) -> int:
        """Count one more; 0 when it is allowed, else in how many seconds it will be.

        ``who`` is kept as a keyed hash, for one period.
        """
        at = int(now.timestamp())
        period, gone = divmod(at, self.seconds)
        digest = salted_hmac(f"{PREFIX}{self.name}", f"{who}|{period}").hexdigest()[:32]
        key = f"{PREFIX}{self.name}:{digest}"
        if cache.add(key, 1, timeout=self.seconds + 1):
            return 0
        return self.seconds - gone if _one_more(key) > self.number else 0


def _one_more(key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:  # it ran out in this very moment
        return 1


def address_of(request: HttpRequest) -> str:
    """Who asks: behind a proxy of our own network the nearest address that is not one of ours.

    What a client claims by itself stands further left in X-Forwarded-For and is not looked at. Of the new kind of
    addresses everybody has billions: what counts is the network that their provider gave them.
    """
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    if _is_ours(nearest):
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        nearest = next((part for part in reversed(forwarded) if part and not _is_ours(part)), nearest)
    return _of_one(nearest)


def _of_one(address: str) -> str:
    try:
        known = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    return str(known.ipv4_mapped or ipaddress.IPv6Network((int(known), 64), strict=False))


def _is_ours(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False
