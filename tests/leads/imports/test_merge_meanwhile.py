"""A lead that is merged away while a batch is about to write it: nothing is lost, and nothing is written to a ghost."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from leads.imports import mapping, run, staging
from leads.imports.report import Report
from leads.models import ExternalId, Lead
from leads.services.locks import lock_leads
from tests.cast import MakeLead

MAPPING = """
[columns]
"Id" = { to = "external_id", system = "crm" }
"E-mail" = { to = "email", optional = true }
"First" = "first_name"
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_merge_during_an_import_loses_nothing(
    tmp_path: Path, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner, loser = make_lead(email="winner@x.example"), make_lead(email="loser@x.example")
    ExternalId.objects.create(lead=loser, system="crm", value="7")
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "l.csv").write_text("Id,E-mail,First\n7,,From the file\n8,new@x.example,New\n")
    merging, matched = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def merge() -> None:
        """As merging does: move what hangs on the loser, delete it, all under the locks of both."""
        try:
            with transaction.atomic():
                lock_leads([winner.pk, loser.pk])
                merging.set()
                assert matched.wait(20)
                ExternalId.objects.filter(lead=loser).update(lead=winner)
                Lead.objects.filter(pk=loser.pk).delete()
        except BaseException as error:  # noqa: BLE001 - the test shows it
            errors.append(error)
        finally:
            connection.close()

    stage, staged = staging._stage, []

    def staging_slowly(*args: Any) -> None:
        stage(*args)
        staged.append(1)
        matched.set()  # the rows are matched, the merge goes on, and the lock of the leads waits for it

    monkeypatch.setattr(staging, "_stage", staging_slowly)
    merger = threading.Thread(target=merge)
    merger.start()
    assert merging.wait(20)
    report = Report()
    run.run(run.Order(tmp_path / "l.csv", mapping.load(tmp_path / "m.toml"), timezone.now()), report=report)
    merger.join(20)

    assert errors == []
    assert len(staged) == 2, "the batch was matched again"
    assert (report.created, report.updated, report.rejected) == (1, 1, 0)
    winner.refresh_from_db()
    assert (winner.first_name, winner.email) == ("From the file", "winner@x.example")
    assert Lead.objects.count() == 2
