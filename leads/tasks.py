"""What Celery runs for the leads: read the clock, call a service. Each finds its own work."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from leads.services import duplicates, import_files, imports, list_work, webhook_delivery, webhooks
from leads.services.answers import forget_answers as forget_stored_answers
from leads.tracking.visitors import forget_anonymous

# Of comparing, so many batches at a time; then others of the worker's tasks have their turn, and beat begins the next.
BATCHES = 20


@shared_task(name="leads.tasks.webhooks", ignore_result=True)
def send_webhooks() -> None:
    if webhook_delivery.deliver(now=timezone.now()).more:
        webhooks.nudge()


@shared_task(name="leads.tasks.forget_answers", ignore_result=True)
def forget_answers() -> None:
    """Stored answers live a day, messages wait for days and are kept for a month."""
    now = timezone.now()
    webhook_delivery.give_up_old(now=now)
    forget_stored_answers(now=now)
    webhook_delivery.forget_old(now=now)


@shared_task(name="leads.tasks.forget_visitors", ignore_result=True)
def forget_visitors() -> None:
    forget_anonymous(now=timezone.now(), after=timedelta(days=settings.BATON_VISITOR_DAYS))


@shared_task(name=duplicates.TASK, ignore_result=True)
def find_duplicates() -> None:
    """Compare what is new or has changed; a lost or doubled run costs nothing."""
    for _batch in range(BATCHES):
        if not duplicates.look(now=timezone.now()):
            break


@shared_task(name=list_work.TASK, ignore_result=True)
def work_lists() -> None:
    """Change the leads that a change of a list concerns; the next run goes on where this one stopped."""
    for _batch in range(BATCHES):
        if not list_work.work(now=timezone.now()):
            break


@shared_task(name="leads.tasks.work_imports", ignore_result=True)
def work_imports() -> None:
    """Check, import and undo what waits."""
    while imports.work(now=timezone.now()):
        pass


@shared_task(name="leads.tasks.delete_old_files", ignore_result=True)
def delete_old_files() -> None:
    """Asked every hour, so that a restart at a bad moment loses nothing."""
    import_files.delete_old(now=timezone.now())
