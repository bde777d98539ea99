"""How far an import job is, kept in the transaction of each batch; and the claim by which a worker holds a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from celery.worker import state as worker_state
from django.conf import settings
from django.db import transaction
from django.db.models import F

from leads.imports.report import keepable
from leads.models import ImportJob, ImportReject

if TYPE_CHECKING:
    from leads.imports.staging import Written

MOST_TRIES = 5


class LostClaimError(Exception):
    """Another worker has the job: this one was too slow, and must not write any more."""


class PausedError(Exception):
    """This worker is told to stop; the next one goes on at once."""


def worker_stops() -> bool:
    """Whether Celery was told to stop and waits for what is running (zero is an exit status, not a no)."""
    asked: object = worker_state.should_stop
    return asked is not None and asked is not False


@dataclass(slots=True)
class Claim:
    """A job held until a moment; every batch holds it for longer, and nobody writes for a job that is not theirs."""

    job: ImportJob
    start: datetime
    token: UUID = field(default_factory=uuid4)
    zero: float = field(default_factory=monotonic)

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=monotonic() - self.zero)

    @property
    def until(self) -> datetime:
        return self.now + timedelta(seconds=settings.BATON_IMPORT_LEASE_SECONDS)

    def write(self, **changes: Any) -> None:
        """Change the job, if it is still held. Raises LostClaimError."""
        if not ImportJob.objects.filter(pk=self.job.pk, claim=self.token).update(**changes):
            raise LostClaimError

    def go_on(self) -> bool:
        """Hold it for longer; False when somebody asked to stop. Raises PausedError when the worker has to."""
        self.write(lease_until=self.until)
        if worker_stops():
            raise PausedError
        asked = ImportJob.objects.filter(pk=self.job.pk, cancel_asked_at__isnull=False)
        return not asked.exists()

    def release(self) -> None:
        """Leave it to whoever comes next, where it is."""
        self.write(claim=None, lease_until=None, tries=0)

    def end(self, state: str, **changes: Any) -> None:
        self.write(state=state, claim=None, lease_until=None, tries=0, cancel_asked_at=None, **changes)


def claim_next(now: datetime) -> Claim | None:
    """Take the oldest job that nobody works on; one that was tried too often without progress is given up."""
    with transaction.atomic():
        waiting = ImportJob.objects.to_do(now).select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        job = waiting.first()
        if job is None:
            return None
        claim = Claim(job, now)
        job.tries += 1
        ImportJob.objects.filter(pk=job.pk).update(claim=claim.token, lease_until=claim.until, tries=job.tries)
    return claim


@dataclass(slots=True)
class RunLedger:
    """Of an import: counts, rejected rows and the last line, each batch with what it wrote."""

    claim: Claim
    after: int = 0

    def keep(self, written: Written) -> None:
        _keep_rejects(self.claim.job, written, is_forecast=False)
        self.claim.write(
            created=F("created") + written.created,
            updated=F("updated") + written.updated,
            unchanged=F("unchanged") + written.unchanged,
            rejected=F("rejected") + len(written.rejects),
            line=written.line,
            tries=0,
            lease_until=self.claim.until,
        )

    def go_on(self) -> bool:
        return self.claim.go_on()


@dataclass(slots=True)
class CheckLedger:
    """Of a check: what the import would count, and the rows it would reject."""

    claim: Claim
    after: int = 0
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("created", "updated", "unchanged", "rejected", "repeated"), 0)
    )

    def keep(self, written: Written) -> None:
        _keep_rejects(self.claim.job, written, is_forecast=True)
        self.counts["created"] += written.created
        self.counts["updated"] += written.updated
        self.counts["unchanged"] += written.unchanged
        self.counts["rejected"] += len(written.rejects)
        self.counts["repeated"] += sum(reject.repeats for reject in written.rejects)
        self.claim.write(forecast=self.counts, tries=0, lease_until=self.claim.until)

    def go_on(self) -> bool:
        return self.claim.go_on()


def _keep_rejects(job: ImportJob, written: Written, *, is_forecast: bool) -> None:
    rows = (
        ImportReject(
            job=job,
            line=reject.line,
            reason=keepable(reject.reason),
            cells=[keepable(cell) for cell in reject.cells],
            is_forecast=is_forecast,
        )
        for reject in written.rejects
    )
    ImportReject.objects.bulk_create(rows, batch_size=1_000)
