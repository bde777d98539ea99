"""What Celery runs for the facts: read the clock, call a service."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from leads.tracking.visitors import forget_anonymous


@shared_task(name="leads.tasks.forget_visitors", ignore_result=True)
def forget_visitors() -> None:
    forget_anonymous(now=timezone.now(), after=timedelta(days=settings.BATON_VISITOR_DAYS))
