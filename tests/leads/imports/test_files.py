"""The files of ../shared/data/import by way of the browser: uploaded, guessed, checked, imported."""

from __future__ import annotations

import pytest

from leads.models import Lead
from tests.leads.importing import SHARED
from tests.leads.imports.browser import Visit, counts, foreseen
from tests.leads.test_import_files import as_kept, expected, file, kept

FILES = SHARED / "import"
pytestmark = pytest.mark.skipif(not FILES.exists(), reason="../shared/data/import is not here")

READ = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "12", "14", "10"]


@pytest.mark.parametrize("number", READ)
def test_read_right_as_guessed(visit: Visit, number: str) -> None:
    rows = [as_kept(cells) for cells in expected(number)]
    job = visit.uploaded(file(number))
    own = {f"to_{visit.column(job, 'Budget (EUR)')}": "new:money", f"to_{visit.column(job, 'Notes')}": "new:text"}
    visit.mapped(job, own | {"time_zone": "Europe/Madrid"})

    assert visit.page(job).status_code == 200
    visit.run(job, "check")
    assert foreseen(job) == (len(rows), 0, 0, 0)
    assert not Lead.objects.exists()

    visit.run(job)

    assert (job.state, counts(job)) == ("done", (len(rows), 0, 0, 0))
    for row in rows:
        row["custom"] = {"budget_eur" if key == "budget" else key: value for key, value in row["custom"].items()}
    leads = list(Lead.objects.order_by("pk").select_related("company"))
    assert [kept(lead, row) for lead, row in zip(leads, rows, strict=True)] == rows


def test_lines_that_are_not_utf8_are_reported(visit: Visit) -> None:
    job = visit.run(visit.mapped(visit.uploaded(file("11"))))

    assert counts(job) == (6, 0, 0, 2)
    assert list(job.rejects.values_list("line", flat=True)) == [2, 5]
    assert job.warnings


def test_two_equal_headers_are_asked_about(visit: Visit) -> None:
    job = visit.uploaded(file("13"))
    refused = visit.map(job)
    assert refused.status_code == 422
    assert b"choose which one is meant" in visit.client.get(f"/leads/imports/{job.pk}/columns/").content

    visit.run(visit.mapped(job, {f"to_{visit.column(job, 'E-mail', 2)}": "email"}))

    assert counts(job) == (8, 0, 0, 0)
    assert Lead.objects.filter(email__startswith="other+").count() == 8


def test_ragged_rows_are_reported(visit: Visit) -> None:
    job = visit.run(visit.mapped(visit.uploaded(file("15"))))

    assert counts(job) == (1, 0, 0, 2)
    assert list(job.rejects.values_list("line", flat=True)) == [2, 3]


def test_text_stays_text(visit: Visit) -> None:
    job = visit.uploaded(file("16"))
    job = visit.run(visit.mapped(job, Created="", Company="", Phone="", Country=""))

    assert counts(job) == (4, 0, 0, 2)
    lead = Lead.objects.get(email="inj@example.com")
    assert f"{lead.first_name} {lead.last_name}" == "=cmd|' /C calc'!A0"


def test_nul_is_reported(visit: Visit) -> None:
    job = visit.run(visit.mapped(visit.uploaded(file("17"))))

    assert counts(job) == (2, 0, 0, 1)
    assert "NUL" in job.rejects.get().reason


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("18_empty.csv", "empty"),
        ("19_header_only_no_eol.csv", "no row"),
        ("20_unclosed_quote.csv", "line 2: A quote is opened here"),
        ("real_web_page_named_csv.csv", "web page"),
    ],
)
def test_what_is_no_list_says_so_at_the_upload(visit: Visit, name: str, words: str) -> None:
    response = visit.upload(FILES / name)

    assert response.status_code == 422
    assert words in response.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["real_trailing_comma_empty_header.csv", "real_338_rows_quoted_whole.csv"])
def test_the_real_lists(visit: Visit, name: str) -> None:
    job = visit.run(visit.mapped(visit.uploaded(FILES / name)))

    assert counts(job) == (9240, 0, 0, 0)


def test_a_crm_export(visit: Visit) -> None:
    job = visit.run(visit.mapped(visit.uploaded(FILES / "zoho_leads_excerpt.csv"), Lead_Status=""))

    assert job.rows == 20
    assert counts(job)[0] + counts(job)[3] == 20
    lead = Lead.objects.get(email="garyldenson@cuvox.de")
    assert (lead.last_name, lead.captured_at.isoformat()) == ("Denson", "2021-04-14T22:03:00+00:00")
    assert lead.external_ids.get().system == "zoho"


def test_every_other_file_can_be_uploaded(visit: Visit) -> None:
    for path in sorted(FILES.glob("salesforce_*.csv")):
        job = visit.uploaded(path)
        assert visit.client.get(f"/leads/imports/{job.pk}/columns/").status_code == 200, path
