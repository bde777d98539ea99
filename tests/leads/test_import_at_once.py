"""Two imports at the same moment, and one that is interrupted."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from leads.imports import mapping, run, staging
from leads.imports.report import Report
from leads.models import ChangedLead, Company, Lead, Source, StageChange
from tests.leads.importing import PEOPLE, Importer

MAPPING = PEOPLE + '"Firm" = "company.name"\n"From" = "source"\n'


def people(numbers: range) -> str:
    rows = (f"u{n}@f{n % 40}.example,F{n},L{n},Firm {n % 40},Source {n % 7}\n" for n in numbers)
    return "E-mail,First,Last,Firm,From\n" + "".join(rows)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_neither_double_nor_block(tmp_path: Path) -> None:
    forwards, backwards = tmp_path / "a.csv", tmp_path / "b.csv"
    forwards.write_text(people(range(600)))
    backwards.write_text(people(range(799, 199, -1)))
    (tmp_path / "m.toml").write_text(MAPPING)
    reports, errors = [Report(), Report()], []
    start = threading.Barrier(2)

    def work(path: Path, report: Report) -> None:
        try:
            start.wait()
            told = mapping.load(tmp_path / "m.toml")
            run.run(run.Order(path, told, timezone.now(), batch=50), report=report)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=pair) for pair in zip((forwards, backwards), reports, strict=True)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert errors == []
    assert [report.rows for report in reports] == [600, 600]
    assert sum(report.created for report in reports) == Lead.objects.count() == StageChange.objects.count() == 800
    assert sum(report.rejected for report in reports) == 0
    assert (Company.objects.count(), Source.objects.count()) == (40, 7)
    assert ChangedLead.objects.count() == 800


def test_an_interrupted_import_says_what_is_in_and_goes_on_when_run_again(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = staging.write, []

    def failing(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise OperationalError("the server closed the connection")
        return write(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(staging, "write", failing)
        stopped = importer(people(range(50)), MAPPING, batch=10)
    again = importer(people(range(50)), MAPPING, batch=10)

    assert stopped.status == 1
    assert stopped.counts == (20, 0, 0, 0)
    assert stopped.said["error"]["line"] == 21
    assert "after line 21" in stopped.said["error"]["message"]
    assert again.counts == (30, 0, 20, 0)
