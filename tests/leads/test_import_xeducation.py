"""The real file of 9,240 leads, twice; and as two other people sent it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from leads.models import CustomField, ExternalId, Lead, Source
from tests.leads.importing import SHARED, Importer

REAL = SHARED / "xeducation" / "leads.csv"
MAPPING = Path(__file__).parents[1] / "data" / "xeducation.toml"
LEAKS = {"tags", "lead_quality", "lead_profile", "last_activity", "last_notable_activity", "converted"}
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="../shared/data/xeducation is not here")


def test_twice_with_the_same_result(importer: Importer) -> None:
    first = importer(REAL, MAPPING)
    again = importer(REAL, MAPPING)

    assert first.counts == (9240, 0, 0, 0)
    assert again.counts == (0, 0, 9240, 0)
    assert ExternalId.objects.filter(system="xeducation").count() == Lead.objects.count() == 9240


def test_cells_are_kept_as_typed(importer: Importer) -> None:
    importer(REAL, MAPPING)

    rows = {row["Prospect ID"]: row for row in csv.DictReader(REAL.open(encoding="ascii", newline=""))}
    leads = Lead.objects.select_related("source").prefetch_related("external_ids")
    for lead in leads:
        row = rows.pop(lead.external_ids.all()[0].value)
        assert (lead.source.name if lead.source else "") == row["Lead Source"]
        assert (lead.country, lead.city) == (row["Country"], row["City"])
        assert (lead.do_not_email, lead.do_not_call) == (row["Do Not Email"] == "Yes", row["Do Not Call"] == "Yes")
        visits = lead.custom.get("total_visits")
        assert visits == (float(row["TotalVisits"]) if row["TotalVisits"] else None)
        assert lead.custom.get("specialization", "") == row["Specialization"]
        assert lead.custom["through_recommendations"] is (row["Through Recommendations"] == "Yes")
    assert rows == {}
    assert {"Google", "google"} <= set(Source.objects.values_list("name", flat=True))
    assert Lead.objects.filter(custom__specialization="Select").exists()
    assert not LEAKS & set(CustomField.objects.values_list("key", flat=True))


@pytest.mark.parametrize("name", ["real_trailing_comma_empty_header.csv", "real_338_rows_quoted_whole.csv"])
def test_the_same_leads_in_the_shape_others_sent_them(importer: Importer, name: str) -> None:
    outcome = importer(SHARED / "import" / name, MAPPING)

    assert outcome.counts == (9240, 0, 0, 0)
    assert importer(REAL, MAPPING).counts == (0, 0, 9240, 0)
