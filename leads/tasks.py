"""What Celery runs for imports; each finds its own work."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from leads.services import import_files, imports


@shared_task(name="leads.tasks.work_imports", ignore_result=True)
def work_imports() -> None:
    """Check, import and undo what waits."""
    while imports.work(now=timezone.now()):
        pass


@shared_task(name="leads.tasks.delete_old_files", ignore_result=True)
def delete_old_files() -> None:
    """Asked every hour, so that a restart at a bad moment loses nothing."""
    import_files.delete_old(now=timezone.now())
