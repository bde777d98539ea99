"""Doing the same to many leads: in batches, each lead once, whoever is killed and however many workers there are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from leads.models import Lead
from people.models import Role
from people.permissions import Can, may
from sla.models import BulkItem, BulkJob
from sla.services.bulk_acts import ACTS, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from people.models import User

logger = logging.getLogger(__name__)
AT_ONCE = 200
TASK = "sla.tasks.bulk"
NEEDS: dict[str, Can] = {
    BulkJob.Act.ASSIGN: Can.REASSIGN,
    BulkJob.Act.STATUS: Can.CREATE_LEADS,
    BulkJob.Act.STAGE: Can.CREATE_LEADS,
    BulkJob.Act.NURTURE: Can.CREATE_LEADS,
    BulkJob.Act.DELETE: Can.DELETE_LEADS,
}
FREEZE = """
INSERT INTO sla_bulkitem (job_id, lead_id, state, reason)
SELECT DISTINCT %s::bigint, found.id, 'pending', '' FROM
"""
# Who moves a lead by hand on its own page.
MOVERS = frozenset({Role.MARKETER, Role.MANAGER, Role.ADMINISTRATOR})
UNDOABLE = frozenset({BulkJob.Act.ASSIGN, BulkJob.Act.STATUS})


def acts_of(user: User) -> list[BulkJob.Act]:
    """What this person may do to many leads."""
    return [
        BulkJob.Act(act)
        for act, can in NEEDS.items()
        if may(user, can) and (act != BulkJob.Act.STAGE or user.role in MOVERS)
    ]


@transaction.atomic
def start_job(
    *, act: str, by: User, leads: Any, params: dict[str, Any], summary: str, now: datetime, query: str = ""
) -> BulkJob:
    """Write down which leads it is about, as they are found now. A few are done at once, many in the background."""
    job = BulkJob.objects.create(
        act=act, by=by, params=params, summary=summary[:400], query=query, total=0, created_at=now
    )
    return _freeze(job, leads, now)


@transaction.atomic
def undo_job(*, job: BulkJob, by: User, now: datetime) -> BulkJob:
    """An act that puts back what another did. Raises ValidationError where that cannot be, or has been asked."""
    held = BulkJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if held.act not in UNDOABLE or held.is_waiting or held.done == 0:
        raise ValidationError(_("There is nothing to take back."))
    if BulkJob.objects.filter(undoes=held).exists():
        raise ValidationError(_("This is being taken back already."))
    undoing = BulkJob.objects.create(
        act=BulkJob.Act.UNDO,
        by=by,
        undoes=held,
        summary=_("Take back: %(what)s") % {"what": held.summary},
        total=0,
        created_at=now,
    )
    done = held.items.filter(state=BulkItem.State.DONE).order_by()
    return _freeze(undoing, done.values("lead_id"), now)


def cancel_job(*, job: BulkJob, now: datetime) -> bool:
    """Stop before the next batch; what was done stays done. False when it had come to its end."""
    cancelled = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.WAITING).update(
        state=BulkJob.State.CANCELLED, finished_at=now
    )
    return bool(cancelled)


def run_batch(*, now: datetime, job: BulkJob | None = None, limit: int = AT_ONCE) -> int:
    """One batch of the oldest job that has work nobody else is doing; returns how many leads were looked at.

    A lead is claimed, changed and ticked off in one transaction: a killed worker leaves it to do, and never half done.
    """
    jobs = BulkJob.objects.waiting() if job is None else BulkJob.objects.waiting().filter(pk=job.pk)
    for waiting in jobs.select_related("by", "undoes"):
        if worked := _batch(waiting, now, limit):
            return worked
        _finish(waiting, now)
    return 0


def nudge() -> None:
    """Have the worker begin at once; beat sees to it anyway, so a dead broker is no error here."""
    try:
        current_app.send_task(TASK, ignore_result=True, expires=60)
    except BrokerError as error:
        logger.warning("Acts on many leads were not nudged, beat will find them: %s", error)


def _freeze(job: BulkJob, leads: Any, now: datetime) -> BulkJob:
    sql, values = leads.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        # Written out by the database: a million ids do not pass through here.
        cursor.execute(f"{FREEZE} ({sql}) AS found (id)", [job.pk, *values])
        job.total = cursor.rowcount
    job.save(update_fields=["total"])
    if job.total <= AT_ONCE:
        while run_batch(now=now, job=job):
            pass
        job.refresh_from_db()
    else:
        transaction.on_commit(nudge, robust=True)
    return job


@transaction.atomic
def _batch(job: BulkJob, now: datetime, limit: int) -> int:
    claimed = list(
        job.items.filter(state=BulkItem.State.PENDING, job__state=BulkJob.State.WAITING)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("lead_id")[:limit]
    )
    if not claimed:
        return 0
    outcome = _outcome(job, [item.lead_id for item in claimed], now)
    for item in claimed:
        item.reason = outcome.skipped.get(item.lead_id, "")[:250]
        item.state = BulkItem.State.SKIPPED if item.reason else BulkItem.State.DONE
        item.before = outcome.before.get(item.lead_id)
    BulkItem.objects.bulk_update(claimed, ["state", "reason", "before"])
    skipped = sum(1 for item in claimed if item.reason)
    BulkJob.objects.filter(pk=job.pk).update(done=F("done") + len(claimed) - skipped, skipped=F("skipped") + skipped)
    return len(claimed)


def _outcome(job: BulkJob, lead_ids: Sequence[int], now: datetime) -> Outcome:
    """All at once; where one breaks it, each by itself, so that the others are done and this one is named."""
    try:
        with transaction.atomic():
            return ACTS[job.act](job, lead_ids, now)
    except OperationalError:
        raise  # the server's trouble, not a lead's: the next run tries again
    except Exception as error:
        if len(lead_ids) == 1:
            logger.exception("lead %s was skipped by act %s", lead_ids[0], job.pk)
            return Outcome(skipped={lead_ids[0]: f"{type(error).__name__}: {error}"[:250]})
        parts = [_outcome(job, [lead_id], now) for lead_id in lead_ids]
        whole = Outcome()
        for part in parts:
            whole.before |= part.before
            whole.skipped |= part.skipped
        return whole


def _finish(job: BulkJob, now: datetime) -> None:
    """Done when nothing is left, in other hands neither."""
    if not job.items.filter(state=BulkItem.State.PENDING).exists():
        BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.WAITING).update(state=BulkJob.State.DONE, finished_at=now)


def names_of(lead_ids: Sequence[int], user: User) -> dict[int, str]:
    """The names of those leads that this person may see."""
    return {lead.pk: str(lead) for lead in Lead.objects.visible_to(user).filter(pk__in=lead_ids)}
