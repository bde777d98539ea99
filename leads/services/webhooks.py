"""Webhooks: ``announce`` writes what happened with the fact itself, ``deliver`` sends it afterwards.

Detecting and delivering are apart, as for notices: a message is a row in the transaction of its fact, so that none is
told that did not happen and none is lost. It goes out at least once, under the same id at every try.
"""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from leads.models import Lead, LeadStatus, LifecycleStage, StageChange, WebhookDelivery, WebhookEndpoint, WebhookKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

TASK = "leads.tasks.webhooks"
BATCH = 1_000
OPEN = (WebhookDelivery.State.PENDING, WebhookDelivery.State.SENDING)
CLOSED: dict[str, Any] = {"next_try_at": None, "claimed_until": None}
# What is told of a lead: enough to find it and to know where it stands. The API has the rest.
FACTS = {
    "id": "pk",
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company__name",
    "source": "source__name",
    "stage": "stage__key",
    "status": "status__key",
    "status_reason": "status_reason",
    "owner": "owner__email",
}

logger = logging.getLogger(__name__)


def is_heard(*kinds: str) -> bool:
    """Whether anybody wants to hear of one of these: one query, to ask before collecting much."""
    return WebhookEndpoint.objects.hearing(*kinds).exists()


def announce(
    *, kind: str, lead_ids: Iterable[int], now: datetime, detail: Sequence[Mapping[str, Any]] | None = None
) -> int:
    """Write a message for each of these leads to each address that hears of the kind; return how many.

    Call it in the transaction of the fact, after it: a message tells the lead as it stands then. ``detail`` holds what
    else there is to tell, one mapping per lead and in their order. Without an address that hears it costs one query.
    """
    endpoints = list(WebhookEndpoint.objects.hearing(kind).values_list("pk", flat=True))
    ids = list(lead_ids) if endpoints else []
    if not ids:
        return 0
    with transaction.atomic():
        written = 0
        pairs = iter(zip(ids, detail or [{}] * len(ids), strict=True))
        while batch := list(islice(pairs, BATCH)):
            rows = list(_messages(kind, batch, endpoints, now))
            WebhookDelivery.objects.bulk_create(rows, batch_size=BATCH)
            written += len(rows)
        nudge()
    return written


def _messages(
    kind: str, batch: Sequence[tuple[int, Mapping[str, Any]]], endpoints: Sequence[int], now: datetime
) -> Iterator[WebhookDelivery]:
    found = Lead.objects.filter(pk__in={pk for pk, _more in batch}).order_by().values(*FACTS.values())
    leads = {row["pk"]: {name: row[field] for name, field in FACTS.items()} for row in found}
    for pk, more in batch:
        if pk in leads:
            payload = message(kind, now, {"lead": leads[pk], **more})
            event_id = uuid4()
            for endpoint in endpoints:
                yield WebhookDelivery(
                    endpoint_id=endpoint,
                    event_id=event_id,
                    kind=kind,
                    lead_id=pk,
                    payload=payload,
                    created_at=now,
                    next_try_at=now,
                )


def message(kind: str, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """The body, in the shape that Standard Webhooks recommends."""
    return {"type": kind, "timestamp": at.isoformat(), "data": dict(data)}


def in_order(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A message as it was written: the database keeps what it holds, not in which order."""
    return {name: payload[name] for name in ("type", "timestamp", "data") if name in payload}


def announce_stages(*, changes: Sequence[StageChange], now: datetime) -> None:
    """Tell of leads that moved, and of those among them that became customers."""
    if not changes or not is_heard(WebhookKind.STAGE_CHANGED, WebhookKind.WON):
        return
    keys: dict[int | None, str | None] = dict(LifecycleStage.objects.values_list("pk", "key"))
    details = [
        {
            "from": keys.get(change.from_stage_id),
            "to": keys[change.to_stage_id],
            "reason": change.reason,
            "detail": change.detail,
            "version": change.version,
        }
        for change in changes
    ]
    announce(kind=WebhookKind.STAGE_CHANGED, lead_ids=[change.lead_id for change in changes], now=now, detail=details)
    won = [change.lead_id for change in changes if keys[change.to_stage_id] == "customer"]
    announce(kind=WebhookKind.WON, lead_ids=won, now=now)


def announce_status(*, lead_ids: Iterable[int], before: LeadStatus | None, after: LeadStatus, now: datetime) -> None:
    """Tell of leads that took another status: returned to marketing, or lost where the new one is closed."""
    if after.key == "returned" and (before is None or before.key != "returned"):
        announce(kind=WebhookKind.RETURNED, lead_ids=lead_ids, now=now)
    elif after.is_closed and not (before is not None and before.is_closed):
        announce(kind=WebhookKind.LOST, lead_ids=lead_ids, now=now)


def nudge() -> None:
    """Start a delivery after commit, once per transaction however much it announced."""
    if any(hook[1] is _send_task for hook in connection.run_on_commit):
        return
    transaction.on_commit(_send_task, robust=True)


def _send_task() -> None:
    """It saves seconds: beat starts a delivery anyway, so a dead broker is no error here."""
    try:
        current_app.send_task(TASK, ignore_result=True, expires=60)
    except OperationalError as error:
        logger.warning("no webhook delivery was started, beat will: %s", error)


@transaction.atomic
def forget_leads(*, lead_ids: Iterable[int]) -> int:
    """Take what was told of these people out of the log, and do not tell what was not told yet; return how many.

    For erasure: the figures stay (when, to whom, what kind, how it fared), the person does not.
    """
    rows = WebhookDelivery.objects.filter(lead__in=list(lead_ids))
    rows.filter(state__in=OPEN).update(state=WebhookDelivery.State.FAILED, error="", **CLOSED)
    return rows.update(payload={}, lead=None)
