"""An import from upload to report: what people ask of it, and the work that a background task finds to do."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pghistory
from celery import current_app
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from leads.imports import mapping as mappings
from leads.imports import run
from leads.imports.encoding import FileError
from leads.imports.files import local
from leads.imports.ledger import (
    MOST_TRIES,
    CheckLedger,
    Claim,
    LostClaimError,
    PausedError,
    RunLedger,
    claim_next,
    worker_stops,
)
from leads.imports.mapping import Mapping, MappingError
from leads.imports.report import Report
from leads.models import ImportJob, ImportMapping
from leads.services import imports_undo

if TYPE_CHECKING:
    from collections.abc import Mapping as Table
    from datetime import datetime

    from people.models import User

State = ImportJob.State
logger = logging.getLogger(__name__)


@transaction.atomic
def save_mapping(*, job: ImportJob, tables: Table[str, Any], name: str, by: User, now: datetime) -> None:
    """What the columns mean, checked; with a name it is kept for the next file with these headers.

    Raises ValidationError when it cannot be used, or when the import is no draft any more.
    """
    try:
        mappings.parse(dict(tables))
    except MappingError as error:
        raise ValidationError(str(error)) from error
    changed = ImportJob.objects.filter(pk=job.pk, state__in=(State.DRAFT, State.FAILED), line=0, created=0, updated=0)
    if not changed.update(
        tables=tables, mapping_name=name, forecast={}, error="", state=State.DRAFT, started_at=None, finished_at=None
    ):
        raise ValidationError(_("This import has been started; its columns cannot be changed any more."))
    job.rejects.all().delete()
    if name:
        kept = {part: table for part, table in tables.items() if part != "file"}  # the next one is written otherwise
        ImportMapping.objects.update_or_create(
            name=name, defaults={"headers": job.headers, "tables": kept, "saved_by": by, "saved_at": now}
        )


def check(*, job: ImportJob) -> bool:
    """Have the whole file counted in the background, writing nothing. False when it is no draft (any more)."""
    drafts = ImportJob.objects.filter(pk=job.pk, state=State.DRAFT).exclude(tables={}).exclude(file="")
    return _queue(drafts, state=State.CHECKING, forecast={}, error="", tries=0, total=0, cancel_asked_at=None)


def start(*, job: ImportJob, now: datetime) -> bool:
    """Import it in the background: a draft from its first row, one that was stopped from where it was."""
    ready = ImportJob.objects.filter(pk=job.pk, state__in=(State.DRAFT, State.CANCELLED, State.FAILED))
    ready = ready.exclude(tables={}).exclude(file="")
    # The moment of the beginning marks everything that the import writes, also when it goes on later.
    return _queue(
        ready,
        state=State.RUNNING,
        started_at=job.started_at or now,
        finished_at=None,
        error="",
        tries=0,
        cancel_asked_at=None,
    )


def cancel(*, job: ImportJob, now: datetime) -> bool:
    """Stop after the batch that is being written; at once when no worker has begun. False when it is not working."""
    mine = ImportJob.objects.filter(pk=job.pk)
    waiting = mine.filter(claim__isnull=True)
    if waiting.filter(state=State.CHECKING).update(state=State.DRAFT):
        return True
    if waiting.filter(state=State.RUNNING).update(state=State.CANCELLED, finished_at=now):
        return True
    return bool(mine.filter(state__in=(State.CHECKING, State.RUNNING)).update(cancel_asked_at=now))


def undo(*, job: ImportJob, by: User, now: datetime, untouched_only: bool) -> bool:
    """Take everything back in the background, or only what nobody has touched. False when it cannot be undone."""
    ended = ImportJob.objects.filter(pk=job.pk, state__in=(State.DONE, State.CANCELLED, State.FAILED))
    return _queue(
        ended,
        state=State.UNDOING,
        undone_by=by,
        undone_at=now,
        undo_all=not untouched_only,
        error="",
        tries=0,
        cancel_asked_at=None,
    )


def _queue(jobs: Any, **changes: Any) -> bool:
    """From one state to the next, if nobody was faster; then wake a worker, once that is committed."""
    done = bool(jobs.update(**changes))
    if done:
        transaction.on_commit(nudge, robust=True)
    return done


def nudge() -> None:
    """A nudge saves seconds and nothing else: beat looks for work anyway."""
    try:
        current_app.send_task("leads.tasks.work_imports", ignore_result=True, expires=60)
    except OperationalError as error:
        logger.warning("No import was started, beat will: %s", error)


def work(*, now: datetime) -> bool:
    """Do the oldest job that waits, from where it was left. False when there was none, or the worker is to stop."""
    claim = None if worker_stops() else claim_next(now)
    if claim is None:
        return False
    try:
        if claim.job.tries > MOST_TRIES:
            _give_up(claim)
        else:
            _WORK[State(claim.job.state)](claim)
    except PausedError:
        claim.release()
    except LostClaimError:
        logger.warning("Import %s was taken over by another worker.", claim.job.pk)
    return True


def _give_up(claim: Claim) -> None:
    text = _("It was begun %(n)d times and never got any further; what was imported stays.") % {"n": MOST_TRIES}
    if claim.job.state == State.CHECKING:
        claim.end(State.DRAFT, error=text)
    else:
        claim.end(State.FAILED, error=text, finished_at=claim.now, undone_by=None, undone_at=None)


def _check(claim: Claim) -> None:
    job = claim.job
    job.rejects.filter(is_forecast=True).delete()
    ledger = CheckLedger(claim)
    stopped = _carried_out(claim, ledger, dry=True)
    if stopped is None:
        claim.end(State.DRAFT, forecast={})
    else:
        claim.end(State.DRAFT, forecast={} if stopped else ledger.counts | {"complete": True}, error=stopped)


def _import(claim: Claim) -> None:
    job = claim.job
    job.rejects.filter(is_forecast=True).delete()
    stopped = _carried_out(claim, RunLedger(claim, after=job.line), dry=False)
    if stopped is None:
        claim.end(State.CANCELLED, finished_at=claim.now)
    else:
        claim.end(State.FAILED if stopped else State.DONE, error=stopped, finished_at=claim.now)


def _carried_out(claim: Claim, ledger: RunLedger | CheckLedger, *, dry: bool) -> str | None:
    """Run the file through. Nothing when it was asked to stop, else why it could not be read (empty: it was)."""
    job = claim.job
    report = _Progress(claim)
    by = {"import": job.pk, "user": job.uploaded_by_id}
    try:
        with local(job.sheet_file or job.file) as path, pghistory.context(**by):
            order = run.Order(
                path,
                mapping_of(job),
                job.started_at if job.started_at and not dry else claim.now,
                name=job.file_name,
                by=job.uploaded_by_id,
                job=None if dry else job.pk,
                dry=dry,
            )
            run.run(order, listeners=[report], report=Report(), ledger=ledger)
    except (FileError, MappingError) as error:
        return str(error)
    except FileNotFoundError:
        return _("The file is not there any more.")
    return None if ImportJob.objects.filter(pk=job.pk, cancel_asked_at__isnull=False).exists() else ""


class _Progress:
    """Says in the job how many rows the file has, once it is known."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim

    def begin(self, shape: Any) -> None:
        self._claim.write(total=shape.rows, warnings=shape.warnings, lease_until=self._claim.until)

    def reject(self, reject: Any) -> None:
        """The ledger keeps it."""

    def advance(self, rows: int) -> None:
        """The ledger counts them."""


def mapping_of(job: ImportJob) -> Mapping:
    """The job's mapping as the engine wants it. Raises MappingError."""
    told = replace(mappings.parse(job.tables), mended=job.mends_id is not None)
    return mappings.of_sheet(told) if job.sheet_file else told


_WORK = {State.CHECKING: _check, State.RUNNING: _import, State.UNDOING: imports_undo.carry_out}
