"""A filtered list as a file: streamed, harmless, in the reader's zone, only what they may see, written down."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
import python_calamine as calamine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.models import CustomField, ExportLog, ExternalId, Lead
from leads.services import exports
from people.models import User
from tests.cast import MakeLead

URL = "/leads/export/"


def get(user: User, **query: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(URL, query)


def rows(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(response).decode("utf-8"))))


@pytest.fixture
def lead(make_lead: MakeLead, owner: User) -> Lead:
    CustomField.objects.create(key="seats", name="Seats", kind="number")
    lead = make_lead(
        first_name="=1+1",
        last_name="Lee",
        email="a@x.example",
        phone="+34 600",
        job_title="@boss",
        company="Acme",
        source="Web",
        owner=owner,
        custom={"seats": 7.5},
        captured_at=datetime(2026, 1, 1, 23, 30, tzinfo=UTC),
    )
    ExternalId.objects.create(lead=lead, system="crm", value="7")
    return lead


def test_the_list_s_columns_as_csv(lead: Lead, marketer: User) -> None:
    header, row = rows(get(marketer, format="csv"))

    assert header[0] == "\ufeffFirst name"
    assert dict(zip(header, row, strict=True)) == {
        "\ufeffFirst name": "'=1+1",
        "Last name": "Lee",
        "E-mail address": "a@x.example",
        "Job title": "'@boss",
        "Company": "Acme",
        "Stage": str(lead.stage),
        "Status": str(lead.status),
        "Score": "",
        "Owner": "Olga Owner",
        "Captured (Europe/Madrid)": "2026-01-02 00:30",
    }


def test_all_columns_own_fields_among_them(lead: Lead, marketer: User) -> None:
    header, row = rows(get(marketer, format="csv", every="on"))
    told = dict(zip(header, row, strict=True))

    assert (told["Seats"], told["Numbers in other systems"], told["Source"]) == ("7.5", "crm: 7", "Web")
    assert (told["Phone"], told["Do not call"]) == ("+34 600", "No")


def test_the_columns_that_are_chosen(lead: Lead, marketer: User) -> None:
    assert rows(get(marketer, format="csv", columns=["custom.seats", "email"])) == [
        ["\ufeffE-mail address", "Seats"],
        ["a@x.example", "7.5"],
    ]


def test_a_workbook_holds_text_as_text(lead: Lead, marketer: User) -> None:
    response = get(marketer, format="xlsx", every="on")
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response)))
    header, row = book.get_sheet_by_index(0).to_python()
    told = dict(zip(header, row, strict=True))

    assert (told["First name"], told["Seats"]) == ("=1+1", 7.5)
    assert told["Captured (Europe/Madrid)"] == datetime(2026, 1, 2, 0, 30)  # noqa: DTZ001 - a sheet has no zones
    assert ExportLog.objects.get().rows == 1


def test_more_rows_than_a_sheet_has_go_on_in_the_next(
    make_lead: MakeLead, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SHEET_ROWS", 2)
    for _n in range(5):
        make_lead()
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(b"".join(get(marketer, format="xlsx"))))

    assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names] == [3, 3, 2]


def test_only_what_the_filter_finds(make_lead: MakeLead, marketer: User) -> None:
    make_lead(last_name="Found", stage="mql")
    make_lead(last_name="Other")
    found = rows(get(marketer, format="csv", q="found"))

    assert [row[1] for row in found[1:]] == ["Found"]
    assert ExportLog.objects.get().query == "q=found"


def test_only_what_the_person_may_see(
    make_lead: MakeLead, owner: User, other_team_sdr: User, manager: User, marketer: User
) -> None:
    make_lead(last_name="Mine", owner=owner)
    make_lead(last_name="Theirs", owner=other_team_sdr)

    assert [row[1] for row in rows(get(manager, format="csv"))[1:]] == ["Mine"]
    assert len(rows(get(marketer, format="csv"))) == 3
    assert get(owner, format="csv").status_code == 403


def test_who_took_what_is_written_down(lead: Lead, marketer: User) -> None:
    response = get(marketer, format="csv", columns=["email"], stage=lead.stage_id)
    assert ExportLog.objects.get().rows is None, "it is written down before the first row leaves"
    rows(response)

    log = ExportLog.objects.get()
    assert (log.user, log.format, log.columns, log.rows) == (marketer, "csv", ["email"], 1)
    assert log.query == f"stage={lead.stage_id}"


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"format": "csv", "columns": ["nonsense"]}, {"stage": "x"}])
def test_nonsense_takes_nothing_out(lead: Lead, marketer: User, query: dict[str, Any]) -> None:
    assert get(marketer, **query).status_code == 422
    assert not ExportLog.objects.exists()


def test_the_question_keeps_the_filter(lead: Lead, marketer: User) -> None:
    page = get(marketer, q="found", stage=lead.stage_id).content.decode()

    assert 'name="q" value="found"' in page
    assert f'name="stage" value="{lead.stage_id}"' in page


def test_statements_do_not_grow_with_rows(make_lead: MakeLead, marketer: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            rows(get(marketer, format="csv", every="on"))
        return len(queries)

    make_lead()
    few = count()
    for _n in range(20):
        make_lead()
    assert count() == few
