"""Signs of life of the worker and of beat, kept in the cache for a few seconds, read by /readyz."""

from __future__ import annotations

import logging
from typing import Any

from celery import bootsteps
from celery.beat import Scheduler
from django.core.cache import cache
from redis.exceptions import RedisError

from people import pulse

EVERY_SECONDS = 5.0
LASTS_SECONDS, WORKER, BEAT = pulse.LASTS_SECONDS, pulse.WORKER, pulse.BEAT

logger = logging.getLogger(__name__)


def give(name: str) -> None:
    """Say that this process lives. A cache that is down must not take it along."""
    try:
        cache.set(name, 1, LASTS_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("no sign of life: %s", error)


def forget() -> None:
    """Drop the signs of a stack that has ended, so that the next one is not taken for ready too early."""
    cache.delete_many([WORKER, BEAT])


class WorkerPulse(bootsteps.StartStopStep):
    """A step of Celery's worker: gives the pulse from the timer that also drives its heartbeat."""

    requires = ("celery.worker.components:Timer",)

    def start(self, parent: Any) -> None:
        give(WORKER)
        self.entry = parent.timer.call_repeatedly(EVERY_SECONDS, give, (WORKER,), priority=10)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        self.entry.cancel()
        cache.delete(WORKER)


class PulsingScheduler(Scheduler):
    """Beat without a file: the schedule consists of intervals, which need no memory of the last run."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        give(BEAT)
        wait: float = super().tick(*args, **kwargs)
        return min(wait, EVERY_SECONDS)
