"""The files of ../shared/data/import: as people really send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads.models import Lead
from leads.text import split_name
from tests.leads.importing import SHARED, Importer

FILES = SHARED / "import"
pytestmark = pytest.mark.skipif(not FILES.exists(), reason="../shared/data/import is not here")

CANONICAL = """
[defaults]
time_zone = "Europe/Madrid"

[columns]
"Full Name" = "full_name"
"E-mail" = "email"
"Company" = "company.name"
"Phone" = "phone"
"Country" = "country"
"Budget (EUR)" = { to = "custom.budget", kind = "money" }
"Created" = "captured_at"
"Notes" = { to = "custom.notes", kind = "text" }
"""
SMALL = """
[columns]
"Full Name" = "full_name"
"E-mail" = "email"
"Notes" = { to = "custom.notes", kind = "text", optional = true }
"""
READ = {
    "01": "utf-8",
    "02": "utf-8-sig",
    "03": "utf-16",
    "04": "utf-16",
    "05": "utf-16-le",
    "06": "cp1252",
    "07": "cp1252",
    "08": "mac_roman",
    "09": "utf-8",
    "12": "utf-8",
    "14": "utf-8",
}


def file(number: str) -> Path:
    return next(FILES.glob(f"{number}_*"))


def expected(number: str) -> list[list[str]]:
    told = json.loads((FILES / "expected.json").read_text())
    rows = next(one["rows"] for one in told["files"] if one["file"] == file(number).name)
    return [told["canonical"][row] for row in rows]


def as_kept(cells: list[str]) -> dict[str, Any]:
    """What must be in the database of a canonical row."""
    name, email, company, phone, country, budget, created, notes = cells
    custom = {"budget": float(budget)} if budget else {}
    at = datetime.fromisoformat(created).replace(tzinfo=ZoneInfo("Europe/Madrid")).astimezone(UTC) if created else None
    return {
        "name": split_name(name),
        "email": email.strip().lower(),
        "company": company or None,
        "phone": phone,
        "country": country,
        "custom": custom | ({"notes": notes.strip()} if notes else {}),
        "captured_at": at,
    }


def kept(lead: Lead, like: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": (lead.first_name, lead.last_name),
        "email": lead.email,
        "company": lead.company.name if lead.company else None,
        "phone": lead.phone,
        "country": lead.country,
        "custom": lead.custom,
        "captured_at": lead.captured_at if like["captured_at"] else None,
    }


@pytest.mark.parametrize("number", READ)
def test_read_right_without_being_told(importer: Importer, number: str) -> None:
    mapping = CANONICAL.replace('"money" }', '"money", decimal = "," }') if number == "06" else CANONICAL
    rows = [as_kept(cells) for cells in expected(number)]

    outcome = importer(file(number), mapping)

    assert outcome.counts == (len(rows), 0, 0, 0)
    assert outcome.said["encoding"].replace("-", "_") == READ[number].replace("-", "_")
    leads = list(Lead.objects.order_by("pk").select_related("company"))
    assert [kept(lead, row) for lead, row in zip(leads, rows, strict=True)] == rows
    assert importer(file(number), mapping).counts == (0, 0, len(rows), 0)


def test_a_double_encoded_file_is_mended_when_told(importer: Importer) -> None:
    rows = [as_kept(cells) for cells in expected("10")]

    refused = importer(file("10"), CANONICAL)
    outcome = importer(file("10"), '[file]\ndouble_encoded = "repair"\n' + CANONICAL)

    assert (refused.status, refused.said["error"]["line"]) == (2, 2)
    assert outcome.counts == (8, 0, 0, 0)
    assert [lead.first_name for lead in Lead.objects.order_by("pk")] == [row["name"][0] for row in rows]


def test_lines_that_are_not_utf8_are_named(importer: Importer) -> None:
    outcome = importer(file("11"), CANONICAL)

    assert outcome.counts == (6, 0, 0, 2)
    assert set(outcome.rejects) == {2, 5}
    assert outcome.said["warnings"]


def test_two_equal_headers_are_asked_about(importer: Importer) -> None:
    refused = importer(file("13"), CANONICAL)
    second = CANONICAL.replace('"E-mail" = "email"', '"E-mail" = { to = "email", occurrence = 2 }')

    assert (refused.status, refused.said["error"]["line"]) == (2, 1)
    assert importer(file("13"), second).counts == (8, 0, 0, 0)
    assert Lead.objects.filter(email__startswith="other+").count() == 8


def test_ragged_rows_are_named_and_the_good_one_kept(importer: Importer) -> None:
    outcome = importer(file("15"), CANONICAL)

    assert outcome.counts == (1, 0, 0, 2)
    assert set(outcome.rejects) == {2, 3}
    assert Lead.objects.get().email == "ok@example.com"


def test_what_a_spreadsheet_did_is_said_by_line(importer: Importer) -> None:
    outcome = importer(file("16"), CANONICAL)

    assert outcome.counts == (1, 0, 0, 5)
    assert [line for line, reason in outcome.rejects.items() if "date" in reason] == [2, 3, 4, 5]
    assert "line 6" in outcome.rejects[7]


def test_formulas_stay_text(importer: Importer) -> None:
    outcome = importer(file("16"), SMALL)

    assert outcome.counts == (4, 0, 0, 2)
    lead = Lead.objects.get(email="inj@example.com")
    assert f"{lead.first_name} {lead.last_name}" == "=cmd|' /C calc'!A0"


def test_nul_is_refused_and_the_invisible_stripped(importer: Importer) -> None:
    outcome = importer(file("17"), SMALL)

    assert outcome.counts == (2, 0, 0, 1)
    assert "NUL" in outcome.rejects[2]
    assert set(Lead.objects.values_list("email", flat=True)) == {"ctl@example.com", "zwsp@example.com"}


@pytest.mark.parametrize(
    ("number", "line", "words"), [("18", 1, "empty"), ("19", 1, "no row"), ("20", 2, "never closed")]
)
def test_what_holds_nothing_says_so(importer: Importer, number: str, line: int, words: str) -> None:
    outcome = importer(file(number), SMALL)

    assert outcome.status == 2
    assert outcome.said["error"]["line"] == line
    assert words in outcome.said["error"]["message"]


def test_a_web_page_is_no_list(importer: Importer) -> None:
    outcome = importer(FILES / "real_web_page_named_csv.csv", SMALL)

    assert outcome.status == 2
    assert "web page" in outcome.said["error"]["message"]


def test_a_crm_export_with_its_own_dates_and_words(importer: Importer) -> None:
    mapping = """
[columns]
"LEADID" = { to = "external_id", system = "zoho" }
"Last Name" = "last_name"
"Email" = "email"
"Company" = "company.name"
"Website" = "company.domain"
"Industry" = "company.industry"
"Mobile" = "phone"
"Lead Source" = "source"
"Created Time" = { to = "captured_at", formats = ["%d %b, %Y %H:%M:%S"] }
"""
    outcome = importer(FILES / "zoho_leads_excerpt.csv", mapping)

    assert outcome.said["rows"] == 20
    assert outcome.said["created"] + outcome.said["rejected"] == 20
    lead = Lead.objects.get(email="garyldenson@cuvox.de")
    assert (lead.last_name, str(lead.captured_at)) == ("Denson", "2021-04-15 00:03:00+00:00")
    assert lead.company is not None
    assert (lead.company.name, lead.company.domain) == ("Maurice The Pants Man", "cameraupdate.com")
