"""A program saves leads while an import brings in the same people."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from leads.imports import mapping, run
from leads.imports.report import Report
from leads.models import Company, Lead
from leads.services.upsert import LeadAsKnown, save_lead
from tests.leads.importing import PEOPLE

MAPPING = PEOPLE + '"Firm" = "company.name"\n"Site" = "company.domain"\n'
COUNT = 120


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_import_and_a_program_make_each_lead_once_and_stop_nobody(tmp_path: Path) -> None:
    rows = "".join(f"u{n}@f{n % 20}.example,F{n},L{n},Firm {n % 20},f{n % 20}.example\n" for n in range(COUNT))
    (tmp_path / "leads.csv").write_text("E-mail,First,Last,Firm,Site\n" + rows)
    (tmp_path / "m.toml").write_text(MAPPING)
    report, errors, start = Report(), [], threading.Barrier(3)

    def bring_in() -> None:
        told = mapping.load(tmp_path / "m.toml")
        run.run(run.Order(tmp_path / "leads.csv", told, timezone.now(), batch=20), report=report)

    def save(numbers: range) -> None:
        for n in numbers:
            known = LeadAsKnown(
                data={"email": f"u{n}@f{n % 20}.example", "city": "Madrid"},
                company_name=f"Firm {n % 20}",
                company_domain=f"f{n % 20}.example",
                company={"industry": f"I{n}"},
            )
            save_lead(known=known, key="Website", now=timezone.now())

    def work(act: Callable[..., None], *args: object) -> None:
        try:
            start.wait()
            act(*args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    workers = [
        threading.Thread(target=work, args=(bring_in,)),
        threading.Thread(target=work, args=(save, range(COUNT))),
        threading.Thread(target=work, args=(save, range(COUNT - 1, -1, -1))),
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)

    assert errors == []
    assert (report.rows, report.created + report.updated + report.unchanged, report.rejected) == (COUNT, COUNT, 0)
    assert Lead.objects.count() == Lead.objects.filter(city="Madrid", company__isnull=False).count() == COUNT
    assert Company.objects.count() == 20
