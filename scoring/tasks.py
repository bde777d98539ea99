"""What beat asks of scoring."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from scoring.services.queue import queue_stale

STALE = timedelta(days=1)


@shared_task(name="scoring.tasks.refresh_stale")
def refresh_stale() -> None:
    """Queue the leads whose score has aged; asked every hour, so that a restart at a bad moment loses nothing."""
    queue_stale(older_than=STALE, now=timezone.now())
