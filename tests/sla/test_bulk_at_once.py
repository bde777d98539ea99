"""Two workers at the same act on many leads: each lead is done once, and nobody waits for the other."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from leads.models import Lead, LeadStatus
from people.models import User
from sla.models import BulkJob
from sla.services import bulk
from sla.services.bulk import run_batch, start_job
from sla.services.bulk_acts import ACTS
from tests.cast import NOW, MakeLead

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_do_each_lead_once(make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(8):
        make_lead()
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    params = {"status": LeadStatus.objects.get(key="connected").pk, "reason": ""}
    job = start_job(
        act="status", by=marketer, leads=Lead.objects.values("pk"), params=params, summary="Status", now=NOW
    )
    meeting, done, real = threading.Barrier(2, timeout=20), [], ACTS["status"]

    def act(job: BulkJob, lead_ids: Any, now: Any) -> Any:
        meeting.wait()  # both hold a batch of their own now
        done.extend(lead_ids)
        return real(job, lead_ids, now)

    monkeypatch.setitem(ACTS, "status", act)

    def work() -> None:
        run_batch(now=NOW, limit=4)
        connection.close()

    workers = [threading.Thread(target=work) for _number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert sorted(done) == sorted(Lead.objects.values_list("pk", flat=True))
    assert run_batch(now=NOW) == 0
    job.refresh_from_db()
    assert (job.state, job.done, job.skipped) == ("done", 8, 0)
