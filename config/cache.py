"""The cache, for which neither signing in nor the API depends on Redis."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

# allauth's, and those of leads/limits.py.
RATE_LIMITS = ("allauth:rl:", "baton:limit:")
T = TypeVar("T")

logger = logging.getLogger(__name__)


class Cache(RedisCache):
    """Redis; where it does not answer, the rate limits let everybody through.

    Whoever else asks must know that it is gone: /readyz, and the pulse of worker and beat.
    """

    def add(self, key: str, *args: Any, **kwargs: Any) -> bool:
        return _unless_limit(key, True, lambda: super(Cache, self).add(key, *args, **kwargs))

    def get(self, key: str, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        return _unless_limit(key, default, lambda: super(Cache, self).get(key, default, *args, **kwargs))

    def set(self, key: str, *args: Any, **kwargs: Any) -> None:
        return _unless_limit(key, None, lambda: super(Cache, self).set(key, *args, **kwargs))

    def incr(self, key: str, *args: Any, **kwargs: Any) -> int:
        return _unless_limit(key, 0, lambda: super(Cache, self).incr(key, *args, **kwargs))

    def delete(self, key: str, *args: Any, **kwargs: Any) -> bool:
        return _unless_limit(key, True, lambda: super(Cache, self).delete(key, *args, **kwargs))


def _unless_limit(key: str, otherwise: T, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except (RedisError, OSError) as error:
        if not key.startswith(RATE_LIMITS):
            raise
        logger.warning("nobody is held back, as Redis does not answer: %s", error)
        return otherwise
