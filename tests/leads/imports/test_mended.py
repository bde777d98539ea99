"""Rejected rows: shown, downloaded with their reasons, mended, uploaded again."""

from __future__ import annotations

import csv
import io

from leads.models import ImportJob, Lead
from tests.leads.imports.browser import Visit, counts

LIST = """Reason;E-mail;First name;Employees;Company
;a@x.example;Ann;10;Acme
why;nobody;=Bo;x;Acme
;c@x.example;-;;
;short
"""


def mend(rows: list[list[str]], **cells: tuple[int, int, str]) -> bytes:
    for line, column, text in cells.values():
        rows[line][column] = text
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return ("\ufeff" + out.getvalue()).encode()


def test_rejected_mended_imported(visit: Visit) -> None:
    job = visit.run(visit.mapped(visit.uploaded(LIST), Reason=""))
    assert counts(job) == (2, 0, 0, 2)
    page = visit.page(job).content.decode()
    assert "“nobody” is no e-mail address" in page
    assert "“x” is no number" in page

    rows = visit.rejects(job)
    assert rows[0] == ["Line (Baton)", "Reason (Baton)", "Reason", "E-mail", "First name", "Employees", "Company"]
    assert rows[1][0] == "3"
    assert rows[1][4] == "'=Bo"
    rows[2] += [""] * 3
    mended = mend(rows, a=(1, 3, "bo@x.example"), b=(1, 5, "7"), c=(2, 3, "d@x.example"), d=(2, 2, ""))
    response = visit.upload(mended, "mended.csv", f"/leads/imports/{job.pk}/mended/")

    assert response.status_code == 302
    again = ImportJob.objects.latest("pk")
    assert again.mends == job
    assert response["Location"] == f"/leads/imports/{again.pk}/"
    visit.run(again, "check")
    assert again.forecast["created"] == 2
    visit.run(again)
    assert counts(again) == (2, 0, 0, 0)
    assert Lead.objects.get(email="bo@x.example").last_name == ""
    assert Lead.objects.get(email="bo@x.example").first_name == "=Bo"
    assert Lead.objects.count() == 4


def test_many_rejects_come_by_pages(visit: Visit) -> None:
    text = "E-mail\n" + "".join(f"nobody {n}\n" for n in range(60))
    job = visit.run(visit.mapped(visit.uploaded(text)))

    page = visit.page(job)
    assert len(page.context["page"].rows) == 25
    second = visit.client.get(f"/leads/imports/{job.pk}/{page.context['page'].next_url}")
    assert second.context["page"].rows[0].line == 27
    assert len(visit.rejects(job)) == 61


def test_a_mended_file_with_other_columns_is_mapped_anew(visit: Visit) -> None:
    job = visit.run(visit.mapped(visit.uploaded(LIST), Reason=""))
    response = visit.upload("Mail,Name\na@x.example,A\n", "m.csv", f"/leads/imports/{job.pk}/mended/")

    assert response["Location"].endswith("/columns/")


def test_no_file_is_refused(visit: Visit) -> None:
    job = visit.uploaded(LIST)
    assert visit.act(job, "mended").status_code == 422
