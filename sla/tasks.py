"""What Celery runs: read the clock, call a service. A lost or doubled task costs nothing, each finds its own work."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from sla import flow as main_flow
from sla.services import bulk as bulk_jobs
from sla.services import compose as composing
from sla.services import deliver as delivery
from sla.services import retention as keeping
from sla.services import sweep as sweeping

logger = logging.getLogger(__name__)


@shared_task(name="sla.tasks.flow", ignore_result=True)
def flow() -> None:
    while main_flow.run(now=timezone.now()).drained:
        pass


@shared_task(name="sla.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Record what is due, write the notices of it, have them delivered."""
    now = timezone.now()
    sweeping.sweep(now=now)
    if composing.compose(now=now):
        _nudge()


@shared_task(name="sla.tasks.deliver", ignore_result=True)
def deliver() -> None:
    if delivery.deliver(now=timezone.now()).more:
        _nudge()


@shared_task(name="sla.tasks.retention", ignore_result=True)
def retention() -> None:
    while keeping.erase_due(now=timezone.now()):
        pass


@shared_task(name="sla.tasks.bulk", ignore_result=True)
def bulk() -> None:
    """Go on with the acts on many leads that were asked for, until nothing is left to do."""
    while bulk_jobs.run_batch(now=timezone.now()):
        pass


def _nudge() -> None:
    """Start a delivery at once. It saves seconds: beat starts one anyway, so a dead broker is no error here."""
    try:
        deliver.apply_async(expires=60)
    except OperationalError as error:
        logger.warning("no delivery was started, beat will: %s", error)
