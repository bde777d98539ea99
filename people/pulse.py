"""Who of Baton's parts answers: the broker when asked, worker and beat by the signs of life that config.pulse gives."""

from __future__ import annotations

from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

CONNECT_SECONDS = 1
LASTS_SECONDS = 15
WORKER = "pulse:worker"
BEAT = "pulse:beat"


def alive(name: str) -> bool | None:
    """Whether the process has given a sign lately; None when Redis, where the signs are kept, does not answer."""
    try:
        return bool(cache.get(name))
    except (RedisError, OSError):
        return None


def broker_answers() -> bool:
    """Asked by a connection made anew: one opened before the broker went away proves nothing."""
    try:
        with current_app.connection_for_write() as fresh:
            fresh.ensure_connection(max_retries=1, timeout=CONNECT_SECONDS, interval_start=0)
    except (OperationalError, RedisError, OSError):
        return False
    return True
