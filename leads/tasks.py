"""What beat asks of the leads."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from leads.services.duplicates import TASK, look

# So many batches at a time; then others of the worker's tasks have their turn, and beat begins the next.
BATCHES = 20


@shared_task(name=TASK, ignore_result=True)
def find_duplicates() -> None:
    """Compare what is new or has changed; a lost or doubled run costs nothing."""
    for _batch in range(BATCHES):
        if not look(now=timezone.now()):
            break
