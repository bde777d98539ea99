"""An import as a job: killed and taken over, two workers at once, cancelled, gone on with, given up."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from celery.worker import state as worker_state
from django.db import IntegrityError, connection
from django.utils import timezone

from leads.imports import run
from leads.imports.ledger import Claim, RunLedger, claim_next
from leads.imports.staging import Written
from leads.models import ChangedLead, Company, CustomField, ImportJob, Lead, Source, StageChange
from leads.services import imports
from leads.tasks import delete_old_files, work_imports
from people.models import User
from tests.leads.imports.browser import Visit, counts


def people(count: int, first: int = 0) -> str:
    return "E-mail,First name\n" + "".join(f"u{n}@x{n}.example,F{n}\n" for n in range(first, first + count))


class KilledError(BaseException):
    """As if the process had ended: nothing in Baton catches it."""


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    order = run.Order

    def small(*args: Any, **kwargs: Any) -> run.Order:
        return order(*args, **{**kwargs, "batch": 10})

    monkeypatch.setattr(run, "Order", small)


def kill_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, calls = RunLedger.keep, []

    def failing(self: RunLedger, written: Written) -> None:
        calls.append(1)
        if len(calls) > batches:
            raise KilledError
        keep(self, written)

    monkeypatch.setattr(RunLedger, "keep", failing)


def expire(job: ImportJob) -> None:
    ImportJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_killed_worker_s_import_goes_on_from_its_last_batch(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    # The duplicates of rows of the first batches must be known to the worker that goes on.
    text = people(50) + "u3@x3.example,Again\nnobody,Wrong\n"
    job = visit.mapped(visit.uploaded(text))
    visit.act(job, "start")
    with monkeypatch.context() as patch:
        kill_after(2, patch)
        with pytest.raises(KilledError):
            imports.work(now=timezone.now())

    job.refresh_from_db()
    assert (job.state, counts(job), job.line) == ("running", (20, 0, 0, 0), 21)
    assert not imports.work(now=timezone.now()), "its lease still runs"
    expire(job)
    assert imports.work(now=timezone.now())

    job.refresh_from_db()
    assert (job.state, counts(job), job.total) == ("done", (50, 0, 0, 2), 52)
    assert Lead.objects.count() == StageChange.objects.count() == ChangedLead.objects.count() == 50
    assert job.changes.count() == 50
    assert list(job.rejects.values_list("line", flat=True)) == [52, 53]


def test_a_worker_that_lost_its_job_writes_no_more(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    job = visit.mapped(visit.uploaded(people(50)))
    visit.act(job, "start")
    keep, calls = RunLedger.keep, []

    def overtaken(self: RunLedger, written: Written) -> None:
        calls.append(1)
        if len(calls) == 3:  # it was slow; its lease ran out and somebody else took the job
            expire(job)
            other = claim_next(timezone.now())
            assert other is not None
        keep(self, written)

    monkeypatch.setattr(RunLedger, "keep", overtaken)
    imports.work(now=timezone.now())

    job.refresh_from_db()
    assert (job.state, counts(job)) == ("running", (20, 0, 0, 0))
    assert Lead.objects.count() == 20


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_each_row_once(marketer: User) -> None:
    visit = Visit(marketer)
    jobs = [visit.mapped(visit.uploaded(people(100, first))) for first in (0, 50)]
    for job in jobs:
        visit.act(job, "start")
    errors: list[Exception] = []
    start = threading.Barrier(3)

    def worker() -> None:
        try:
            start.wait()
            while imports.work(now=timezone.now()):
                pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=worker) for _n in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)

    assert errors == []
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.rows) == ("done", 100)
    assert sum(job.created for job in jobs) == Lead.objects.count() == 150
    assert ChangedLead.objects.count() == 150


def test_cancelled_between_batches_and_gone_on_with(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    job = visit.mapped(visit.uploaded(people(50)))
    visit.act(job, "start")
    go_on, calls = Claim.go_on, []

    def asked(self: Claim) -> bool:
        calls.append(1)
        if len(calls) == 3:
            visit.act(job, "cancel")
        return go_on(self)

    with monkeypatch.context() as patch:
        patch.setattr(Claim, "go_on", asked)
        imports.work(now=timezone.now())
    job.refresh_from_db()
    assert (job.state, counts(job)) == ("cancelled", (20, 0, 0, 0))
    assert b"Go on with it" in visit.page(job).content

    visit.run(job)

    assert (job.state, counts(job)) == ("done", (50, 0, 0, 0))


@pytest.mark.parametrize(("act", "state"), [("check", "draft"), ("start", "cancelled")])
def test_cancelled_before_a_worker_began(visit: Visit, act: str, state: str) -> None:
    job = visit.mapped(visit.uploaded(people(5)))
    visit.act(job, act)
    visit.act(job, "cancel")

    assert not imports.work(now=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.rows, Lead.objects.count()) == (state, 0, 0)


@pytest.mark.parametrize("status", [0, 1])
def test_a_worker_that_is_told_to_stop_leaves_it_to_the_next(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    job = visit.mapped(visit.uploaded(people(50)))
    visit.act(job, "start")
    keep, calls = RunLedger.keep, []

    def told(self: RunLedger, written: Written) -> None:
        calls.append(1)
        keep(self, written)
        if len(calls) == 2:
            patch.setattr(worker_state, "should_stop", status)

    with monkeypatch.context() as patch:
        patch.setattr(RunLedger, "keep", told)
        imports.work(now=timezone.now())
        job.refresh_from_db()
        assert (job.state, job.claim, counts(job)) == ("running", None, (20, 0, 0, 0))
        assert not imports.work(now=timezone.now()), "it takes nothing new"
    imports.work(now=timezone.now())

    job.refresh_from_db()
    assert (job.state, counts(job)) == ("done", (50, 0, 0, 0))


def test_started_twice_is_imported_once(visit: Visit) -> None:
    job = visit.mapped(visit.uploaded(people(5)))
    visit.act(job, "start")
    visit.run(job)
    visit.run(job)

    assert counts(job) == (5, 0, 0, 0)


def test_what_never_gets_any_further_is_given_up(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    job = visit.mapped(visit.uploaded(people(50)))
    visit.act(job, "start")
    kill_after(0, monkeypatch)
    for _try in range(5):
        with pytest.raises(KilledError):
            imports.work(now=timezone.now())
        expire(job)
    assert imports.work(now=timezone.now())

    job.refresh_from_db()
    assert (job.state, job.rows) == ("failed", 0)
    assert "5 times" in job.error


def test_a_check_writes_nothing_and_may_be_killed(visit: Visit, marketer: User) -> None:
    text = people(25) + "u1@x1.example,Again\nnobody,Wrong\n"
    job = visit.mapped(visit.uploaded(text), {"new_source": "A fair", "to_1": "new:text"})
    before = Lead.objects.count()
    visit.run(job, "check")

    assert job.state == "draft"
    assert job.forecast == {
        "created": 25, "updated": 0, "unchanged": 0, "rejected": 2, "repeated": 1, "complete": True
    }  # fmt: skip
    assert Lead.objects.count() == before
    assert not ChangedLead.objects.exists()
    assert not Company.objects.exists()
    assert not Source.objects.exists()
    assert not CustomField.objects.exists()
    page = visit.page(job).content.decode()
    assert "Rows that would be rejected" in page
    assert "1 of the rejected rows is a duplicate" in page


def test_a_check_foresees_what_the_import_does(visit: Visit) -> None:
    visit.run(visit.mapped(visit.uploaded(people(10))))
    text = (
        "E-mail,First name,Company\nu1@x1.example,F1,\nu2@x2.example,Other,\nu3@x3.example,F3,New Ltd\nn@n.example,N,\n"
    )
    job = visit.mapped(visit.uploaded(text))
    visit.run(job, "check")
    told = job.forecast

    visit.run(job)

    assert (told["created"], told["updated"], told["unchanged"]) == (1, 2, 1) == counts(job)[:3]


def test_the_tasks_find_their_own_work(visit: Visit) -> None:
    job = visit.mapped(visit.uploaded(people(3)))
    visit.act(job, "start")
    work_imports()
    work_imports()

    job.refresh_from_db()
    assert counts(job) == (3, 0, 0, 0)


def test_files_are_deleted_when_their_time_is_over(visit: Visit) -> None:
    old, young = visit.uploaded(people(3)), visit.uploaded(people(3))
    path = old.file.path
    ImportJob.objects.filter(pk=old.pk).update(uploaded_at=timezone.now() - timedelta(days=31))
    delete_old_files()
    delete_old_files()

    old.refresh_from_db()
    young.refresh_from_db()
    assert (bool(old.file), bool(young.file)) == (False, True)
    assert not old.file.storage.exists(path)
    assert visit.page(old).status_code == 200
    assert visit.client.get(f"/leads/imports/{old.pk}/columns/").status_code == 302


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "unheard_of"},
        {"state": "running"},
        {"state": "done", "started_at": timezone.now()},
        {"state": "undone", "started_at": timezone.now(), "finished_at": timezone.now()},
        {"claim": "00000000-0000-0000-0000-000000000001"},
    ],
)
def test_the_database_keeps_the_states_apart(visit: Visit, changes: dict[str, Any]) -> None:
    job = visit.uploaded(people(3))
    with pytest.raises(IntegrityError):
        ImportJob.objects.filter(pk=job.pk).update(**changes)
