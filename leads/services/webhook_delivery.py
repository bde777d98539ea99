"""Sending webhooks: claim, sign, send, write down what was answered; address by address, so that a slow one or a dead
one holds up nobody else's.

At least once: a worker that dies between the answer and its own commit leaves a claim that runs out, and the message
goes out again under the same id.
"""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import F
from standardwebhooks import Webhook

from leads import outgoing
from leads.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from leads.services.webhooks import CLOSED, OPEN, in_order, nudge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

BATCH = 20
ROUND_SECONDS = 20.0
# After each failed try; the last one again and again, until the message is too old.
BACK_OFF_SECONDS = (30, 120, 600, 1_800, 7_200, 21_600)
GIVE_UP_AFTER = timedelta(days=3)
# An address that has answered nothing good for so long is switched off, and shown as such.
DISABLE_AFTER = timedelta(days=5)
# While an address is down its messages wait together: half as long as it is down already, between these.
LEAST_QUIET, MOST_QUIET = timedelta(seconds=30), timedelta(hours=6)
MOST_REFUSED = 3
# What could not even be tried: its address was down, or switched off.
GIVE_UP_UNTRIED_AFTER = timedelta(days=4)
KEEP_FOR = timedelta(days=30)
LEASE_SECONDS = BATCH * (outgoing.CONNECT_SECONDS + outgoing.WHOLE_SECONDS + outgoing.READ_SECONDS)
USER_AGENT = "Baton-Webhooks/1"

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Result:
    """What a round came to; ``more`` says that it ended with work left."""

    delivered: int = 0
    failed: int = 0
    postponed: int = 0
    more: bool = False


@dataclass(slots=True)
class Round:
    """Its time runs on from the moment that was passed in."""

    start: datetime
    result: Result
    zero: float

    @property
    def elapsed(self) -> float:
        return monotonic() - self.zero

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed)


def deliver(*, now: datetime, seconds: float = ROUND_SECONDS) -> Result:
    """Send what is due, at most about ``seconds`` long; each address gets its turn, in an order of chance."""
    turn = Round(now, Result(), monotonic())
    waiting = list(WebhookEndpoint.objects.waiting(now).values_list("pk", flat=True))
    random.shuffle(waiting)
    while waiting:
        endpoint = waiting.pop(0)
        if turn.elapsed > seconds:
            turn.result.more = True
            break
        if _send_some(endpoint, turn):
            waiting.append(endpoint)
    return turn.result


def _send_some(endpoint_id: int, turn: Round) -> bool:
    """Claim and send a few messages of one address; whether there may be more for it now."""
    claimed, until = _claim(endpoint_id, turn.now)
    refused_in_a_row = 0
    for number, delivery in enumerate(claimed):
        reply = _send_recorded(delivery, until, turn)
        if reply is None:
            continue
        refused_in_a_row = 0 if reply.accepted else refused_in_a_row + 1
        if reply.status is None or refused_in_a_row >= MOST_REFUSED:
            _leave_alone(endpoint_id, claimed[number + 1 :], until, turn)
            return False
    return len(claimed) == BATCH


def _send_recorded(delivery: WebhookDelivery, until: datetime, turn: Round) -> outgoing.Reply | None:
    """The reply; None where nothing was sent, or what came back could not be written down: its claim runs out."""
    try:
        return _send(delivery, until, turn)
    except OperationalError:
        raise
    except DatabaseError:
        logger.exception("webhook message %s could not be recorded", delivery.pk)
        return None


def _claim(endpoint_id: int, now: datetime) -> tuple[list[WebhookDelivery], datetime]:
    until = now + timedelta(seconds=LEASE_SECONDS)
    with transaction.atomic():
        due = WebhookDelivery.objects.due(now).filter(endpoint=endpoint_id).order_by("next_try_at", "pk")
        ids = list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
        mine = WebhookDelivery.objects.filter(pk__in=ids)
        mine.update(state=WebhookDelivery.State.SENDING, claimed_until=until, tries=F("tries") + 1)
    return list(mine.select_related("endpoint").order_by("pk")), until


def _send(delivery: WebhookDelivery, until: datetime, turn: Round) -> outgoing.Reply | None:
    """Send one message and record the answer."""
    held = WebhookDelivery.objects.filter(pk=delivery.pk, state=WebhookDelivery.State.SENDING, claimed_until=until)
    if not held.exists():
        return None  # the claim ran out and somebody else has it, or it was forgotten
    reply = send(delivery.endpoint, delivery.message_id, delivery.payload, turn.now)
    with transaction.atomic():
        _record(delivery, reply, turn)
    return reply


def send(endpoint: WebhookEndpoint, message_id: str, payload: dict[str, Any], now: datetime) -> outgoing.Reply:
    """One signed request, to an address that was checked a moment ago."""
    try:
        target = outgoing.target_of(endpoint.url, private=settings.BATON_WEBHOOK_PRIVATE)
    except outgoing.RefusedError as error:
        return outgoing.Reply(0.0, error=f"refused: {error}"[:500])
    body = json.dumps(in_order(payload), ensure_ascii=False, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, now, body) for secret in _secrets(endpoint, now)
        ),
    }
    return outgoing.post(target, body.encode(), headers)


def _secrets(endpoint: WebhookEndpoint, now: datetime) -> Sequence[str]:
    """The secret, and for a while after a roll the one before."""
    if endpoint.old_secret and endpoint.old_secret_until is not None and endpoint.old_secret_until > now:
        return endpoint.secret, endpoint.old_secret
    return (endpoint.secret,)


def _record(delivery: WebhookDelivery, reply: outgoing.Reply, turn: Round) -> None:
    now = turn.now
    error = "" if reply.accepted else reply.error or f"HTTP {reply.status}"
    WebhookTry.objects.create(
        delivery=delivery,
        tried_at=now,
        seconds=round(reply.seconds, 3),
        status=reply.status,
        answer=reply.excerpt,
        error=error,
    )
    said: dict[str, Any] = {"status": reply.status, "error": error}
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    if reply.accepted:
        row.update(state=WebhookDelivery.State.DELIVERED, delivered_at=now, **said, **CLOSED)
        turn.result.delivered += 1
    elif now - delivery.created_at > GIVE_UP_AFTER and delivery.tries > len(BACK_OFF_SECONDS):
        row.update(state=WebhookDelivery.State.FAILED, **said, **CLOSED)
        turn.result.failed += 1
    else:
        row.update(
            state=WebhookDelivery.State.PENDING, next_try_at=now + _delay(delivery.tries), claimed_until=None, **said
        )
        turn.result.postponed += 1
    _note(delivery.endpoint_id, ok=reply.accepted, now=now)


def _note(endpoint_id: int, *, ok: bool, now: datetime) -> None:
    """Keep since when an address fails; one that has failed for days is switched off."""
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id)
    if ok:
        endpoint.filter(failing_since__isnull=False).update(failing_since=None, quiet_until=None)
        return
    endpoint.filter(failing_since__isnull=True).update(failing_since=now)
    if endpoint.filter(is_active=True, failing_since__lt=now - DISABLE_AFTER).update(is_active=False, disabled_at=now):
        logger.warning("webhook %s is switched off: it has failed since days", endpoint_id)


def _leave_alone(endpoint_id: int, rest: Sequence[WebhookDelivery], until: datetime, turn: Round) -> None:
    """The address is down: hand back what was claimed with it, as no try, and come again the later the longer it is."""
    mine = WebhookDelivery.objects.filter(
        pk__in=[one.pk for one in rest], state=WebhookDelivery.State.SENDING, claimed_until=until
    )
    waiting = {"state": WebhookDelivery.State.PENDING, "claimed_until": None}
    turn.result.postponed += mine.update(**waiting, tries=F("tries") - 1)
    endpoint = WebhookEndpoint.objects.get(pk=endpoint_id)
    failing = turn.now - (endpoint.failing_since or turn.now)
    quiet = min(max(failing / 2, LEAST_QUIET), MOST_QUIET)
    WebhookEndpoint.objects.filter(pk=endpoint_id).update(quiet_until=turn.now + quiet)


def _delay(tries: int) -> timedelta:
    """Longer each time, and never quite the same, so that many do not come back at once."""
    seconds = BACK_OFF_SECONDS[min(max(tries, 1), len(BACK_OFF_SECONDS)) - 1]
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - nobody gains by guessing it


def send_again(*, delivery: WebhookDelivery, now: datetime) -> bool:
    """Put a message that was delivered or has failed back among those that wait; whether there was one.

    It gets its three days anew, and the same id: whoever has it already can tell.
    """
    with transaction.atomic():
        again = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state__in=OPEN).exclude(payload={})
        done = again.update(
            state=WebhookDelivery.State.PENDING, next_try_at=now, delivered_at=None, tries=0, created_at=now, error=""
        )
        waiting = WebhookDelivery.objects.filter(pk=delivery.pk, state=WebhookDelivery.State.PENDING)
        done = done or waiting.update(next_try_at=now)
        if done:
            WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(quiet_until=None)
            nudge()
    return bool(done)


def give_up_old(*, now: datetime) -> int:
    """What has waited for days behind a dead or a switched-off address has failed; return how many."""
    waiting = WebhookDelivery.objects.filter(
        state=WebhookDelivery.State.PENDING, created_at__lt=now - GIVE_UP_UNTRIED_AFTER
    )
    return waiting.update(state=WebhookDelivery.State.FAILED, **CLOSED)


def forget_old(*, now: datetime) -> int:
    """Drop messages that are over and older than a month; return how many."""
    over = WebhookDelivery.objects.filter(created_at__lt=now - KEEP_FOR).exclude(state__in=OPEN)
    return drop(over)


@transaction.atomic
def drop(rows: QuerySet[WebhookDelivery]) -> int:
    """Delete messages with their tries, however many: in two statements, where Django would load them all."""
    WebhookTry.objects.filter(delivery__in=rows.order_by().values("pk")).delete()
    return rows.order_by()._raw_delete(rows.db)
