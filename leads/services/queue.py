"""Mark leads whose facts changed; the flow of the top floor drains the marks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

logger = logging.getLogger(__name__)
BATCH = 5_000
# Held like a foreign key holds them, but at once and in the order of their ids: a lead that is being merged away is
# waited for, and then left out.
MARK = """
    INSERT INTO leads_changedlead (lead_id, queued_at, error)
    SELECT l.id, %s, '' FROM (SELECT id FROM leads_lead WHERE id {which} ORDER BY id FOR KEY SHARE) l
"""
MARK_THESE = MARK.format(which="= ANY(%s)")


@transaction.atomic
def mark_changed(*, lead_ids: Iterable[int], now: datetime) -> None:
    """Queue these leads in the transaction that changed them, and wake the flow once it is committed."""
    ids = sorted(set(lead_ids))
    for start in range(0, len(ids), BATCH):
        with connection.cursor() as cursor:
            cursor.execute(MARK_THESE, [now, ids[start : start + BATCH]])
    if ids:
        nudge()


@transaction.atomic
def mark_all_changed(*, leads: QuerySet[Any, Any], now: datetime) -> int:
    """Queue however many leads by one statement, without reading them; returns how many.

    ``leads`` are rows whose primary key is a lead's number: leads, or what is kept once for each.
    """
    rows, params = leads.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(MARK.format(which=f"IN ({rows})"), [now, *params])
        count = int(cursor.rowcount)
    if count:
        nudge()
    return count


def nudge() -> None:
    """Wake the flow after commit, once per transaction however many marks it wrote."""
    if any(hook[1] is _send for hook in connection.run_on_commit):
        return
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    """A nudge saves seconds and nothing else: beat sweeps the queue anyway, so a dead broker is no error here."""
    try:
        current_app.send_task(settings.BATON_FLOW_TASK, ignore_result=True, expires=60)
    except OperationalError as error:
        logger.warning("The flow was not nudged, beat will find the work: %s", error)
