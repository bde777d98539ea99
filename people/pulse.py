"""The signs of life of the worker and of beat: their names in the cache, and reading them (config.pulse gives them)."""

from __future__ import annotations

from django.core.cache import cache
from redis.exceptions import RedisError

LASTS_SECONDS = 15
WORKER = "pulse:worker"
BEAT = "pulse:beat"


def alive(name: str) -> bool | None:
    """Whether the process has given a sign lately; None when Redis, where the signs are kept, does not answer."""
    try:
        return bool(cache.get(name))
    except (RedisError, OSError):
        return None
