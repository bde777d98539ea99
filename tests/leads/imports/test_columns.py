"""What columns and words mean: guessed, chosen, kept by name."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from leads.imports import encoding, guess
from leads.imports.encoding import FileError
from leads.imports.sketch import Sketch
from leads.models import Attempt, Campaign, CustomField, ImportMapping, Lead, Source
from people.models import User
from tests.cast import MakeLead
from tests.leads.importing import SHARED
from tests.leads.imports.browser import Visit, counts

HEADERS = SHARED / "import" / "crm_headers.json"
EXPECTED = {
    "Salesforce Leads list export": [
        "source", "first_name", "last_name", "email", "phone", "status", "", "captured_at",
    ],
    "Salesforce Data Loader Lead export (API names)": [
        "external_id", "first_name", "last_name", "email", "phone", "company.name", "source", "status", "",
    ],
    "Zoho CRM Leads report export": [
        "external_id", "last_name", "company.name", "owner", "email", "phone", "company.domain", "company.industry",
        "source", "status", "captured_at", "", "",
    ],
    "Mailchimp CSV export": ["email", "first_name", "last_name", "", "consent_at", "", ""],
}  # fmt: skip


def guessed(header: list[str], *rows: list[str]) -> list[str]:
    return [one.to for one in guess.guesses(Sketch("utf-8", ",", header, 1, list(rows)))]


@pytest.mark.django_db
@pytest.mark.skipif(not HEADERS.exists(), reason="../shared/data/import is not here")
@pytest.mark.parametrize("name", EXPECTED)
def test_exports_of_other_programs_are_known(name: str) -> None:
    told = json.loads(HEADERS.read_text())["headers"]
    header = next(one["header"] for one in told if f"{one['crm']} {one['kind']}" == name)
    assert guessed(next(csv.reader([header]))) == EXPECTED[name]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Create Date,Lifecycle Stage,"
         "Lead Source,Stage of Journey,Associated Company,Country/Region",
         "external_id,first_name,last_name,email,phone,owner,status,captured_at,stage,source,journey_step,"
         "company.name,country"),
        ("Person - Name*,Person - First name,Person - Last name,Person - Phone,Person - Email (Work),"
         "Person - Email (Home),Organization - Name*,Deal - Title,Deal - Value",
         ",first_name,last_name,phone,email,,company.name,,"),
        ("Correo electrónico,Nombre,Apellidos,Teléfono,Empresa,País,Fuente,Campaña,Cargo",
         "email,first_name,last_name,phone,company.name,country,source,campaign,job_title"),
        ("Adres e-mail,Imię,Nazwisko,Telefon,Nazwa firmy,Miasto,Źródło,Stanowisko",
         "email,first_name,last_name,phone,company.name,city,source,job_title"),
        ("E-mail,Nome completo,Telefone,Empresa,Cidade,Origem,Funcionários,Data de criação",
         "email,full_name,phone,company.name,city,source,company.employees,captured_at"),
        ("Email,Industry,Channel", "email,,"),
    ],
)  # fmt: skip
def test_headers_in_four_languages(header: str, fields: str) -> None:
    assert guessed(header.split(",")) == fields.split(",")


@pytest.mark.django_db
def test_an_address_is_known_by_its_looks_and_an_owner_s_name_is_none() -> None:
    assert guessed(["Kontakt zu", "Owner"], ["a@x.example", "Ann"], ["b@x.example", "Bo"]) == ["email", ""]


@pytest.mark.parametrize(
    ("cells", "formats", "unsure"),
    [
        (["2026-01-02", "2026-01-03T10:00:00Z"], (), False),
        (["01/02/2026", "13/02/2026"], ("%d/%m/%Y",), False),
        (["01/02/2026", "02/13/2026"], ("%m/%d/%Y",), False),
        (["01/02/2026", "03/04/2026"], (), True),
        (["31.12.2025 08:15", "01.02.2026 09:00"], ("%d.%m.%Y %H:%M",), False),
        (["15 Apr, 2021 00:03:00"], ("%d %b, %Y %H:%M:%S",), False),
        (["07/15/2009 02:14:45+0800"], ("%m/%d/%Y %H:%M:%S%z",), False),
        (["soon", "never"], (), False),
    ],
)
def test_day_or_month_first(cells: list[str], formats: tuple[str, ...], unsure: bool) -> None:
    assert guess.formats_of(cells) == (formats, unsure)


@pytest.mark.parametrize(("cells", "sign"), [(["1234,50", "7"], ","), (["1.234,50"], ","), (["1,234.50", "7"], ".")])
def test_decimal_sign(cells: list[str], sign: str) -> None:
    assert guess.decimal_of(cells) == sign


def test_dates_that_may_be_either_are_asked_about(visit: Visit) -> None:
    job = visit.uploaded("E-mail,Created\na@x.example,01/02/2026\n")
    refused = visit.map(job)
    assert refused.status_code == 422
    assert "Day or month first?" in refused.content.decode()

    visit.run(visit.mapped(job, {"format_1": "%d/%m/%Y"}))
    assert Lead.objects.get().captured_at.date().isoformat() in {"2026-01-31", "2026-02-01"}


def test_one_field_from_two_columns_is_refused_at_the_second(visit: Visit) -> None:
    job = visit.uploaded("E-mail,Phone,Other\na@x.example,1,2\n")
    response = visit.map(job, Other="phone")

    assert response.status_code == 422
    assert "to_2" in response.context["form"].errors  # type: ignore[attr-defined]  # a response of the test client


def test_without_address_or_number_it_is_refused(visit: Visit) -> None:
    response = visit.map(visit.uploaded("Name,Phone\nAnn,1\n"))

    assert response.status_code == 422
    assert "external_id" in response.content.decode()


def test_a_mapping_is_kept_and_offered_for_the_same_headers(visit: Visit) -> None:
    text = "E-mail,Remark\na@x.example,hello\n"
    visit.mapped(visit.uploaded(text), {"save_as": "Fair", "to_1": "job_title", "new_source": "Fair 2026"})
    assert ImportMapping.objects.get().headers == ["E-mail", "Remark"]

    job = visit.uploaded(text)

    assert visit.form(job)["to_1"] == "job_title"
    assert visit.form(job)["new_source"] == "Fair 2026"
    assert visit.form(visit.uploaded("E-mail,Other\na@x.example,x\n"))["to_1"] == ""
    visit.run(visit.mapped(job))
    lead = Lead.objects.get()
    assert (lead.job_title, str(lead.source)) == ("hello", "Fair 2026")


def test_a_kept_mapping_reads_a_file_that_is_written_otherwise(visit: Visit) -> None:
    visit.mapped(visit.uploaded("E-mail,Remark\na@x.example,hello\n"), {"save_as": "Fair", "to_1": "job_title"})
    job = visit.uploaded("E-mail;Remark\r\na@x.example;Größe\r\n".encode("cp1252"))

    assert visit.form(job)["to_1"] == "job_title"
    visit.run(visit.mapped(job))
    assert Lead.objects.get().job_title == "Größe"


def test_another_encoding_reads_the_columns_anew(visit: Visit) -> None:
    job = visit.uploaded("E-mail,Größe\na@x.example,1\n".encode("cp1252"))
    sent = visit.form(job) | {"encoding": "mac_roman"}
    response = visit.client.post(f"/leads/imports/{job.pk}/columns/", sent)

    job.refresh_from_db()
    assert response["Location"].endswith("/columns/")
    assert job.headers[1] != "Größe"


def test_words_nobody_knows_are_asked_about(visit: Visit, owner: User) -> None:
    text = (
        f"E-mail,Status,Owner\na@x.example,Contacted,{owner.email}\nb@x.example,Junk,gone@x.example\nc@x.example,New,\n"
    )
    job = visit.uploaded(text)
    response = visit.map(job)
    assert response["Location"].endswith("/words/")
    form = visit.client.get(response["Location"]).context["form"]
    assert {field.label for field in form.fields.values()} == {"Contacted", "Junk", "gone@x.example"}
    sent = dict.fromkeys(form.fields, "")
    by_word = {field.label: name for name, field in form.fields.items()}
    sent |= {by_word["Contacted"]: "attempting", by_word["gone@x.example"]: "__nothing__"}

    assert visit.client.post(response["Location"], sent).status_code == 302
    visit.run(job)

    assert counts(job) == (2, 0, 0, 1)
    assert "There is no status “Junk”" in job.rejects.get().reason
    lead = Lead.objects.get(email="a@x.example")
    assert (lead.status.key, lead.owner) == ("attempting", owner)


def test_new_own_fields_campaign_and_qualification(visit: Visit) -> None:
    text = (
        'E-mail,Seats,Size,Campaign,Budget,Need\na@x.example,"1.234,5",L,Fair,10 k,Speed\nb@x.example,"2,0",M,Fair,,\n'
    )
    job = visit.uploaded(text)
    visit.run(visit.mapped(job, {"to_1": "new:number", "to_2": "new:choice", "to_4": "bant_budget"}))

    assert counts(job) == (2, 0, 0, 0)
    lead = Lead.objects.get(email="a@x.example")
    assert lead.custom == {"seats": 1234.5, "size": "L"}
    assert (str(lead.campaign), lead.bant_budget, lead.bant_need) == ("Fair", "10 k", "Speed")
    assert CustomField.objects.get(key="size").choices == ["L", "M"]
    assert Campaign.objects.count() == 1


ATTEMPTS = "E-mail,Call date,Channel,Outcome,Call notes,Called by\n"


def test_attempts_are_logged_once_and_the_status_follows(visit: Visit, owner: User, make_lead: MakeLead) -> None:
    make_lead(email="known@x.example")
    text = ATTEMPTS + (
        f"known@x.example,2026-01-02 10:00,Call,No answer,tried,{owner.email}\n"
        "new@x.example,2026-01-02 11:00,E-mail,connected,,\n"
        "none@x.example,,,,,\n"
        "half@x.example,2026-01-02 11:00,,,,\n"
        "future@x.example,2099-01-02 11:00,call,busy,,\n"
    )
    job = visit.run(visit.mapped(visit.uploaded(text), {"time_zone": "UTC"}))

    assert counts(job) == (2, 1, 0, 2)
    assert [row.line for row in job.rejects.all()] == [5, 6]
    first, second = Attempt.objects.order_by("occurred_at")
    assert (first.user, first.channel, first.outcome, first.note) == (owner, "call", "no_answer", "tried")
    assert (second.user, second.lead.status.key) == (visit.user, "connected")
    assert first.lead.status.key == "attempting"
    again = visit.run(visit.mapped(visit.uploaded(text), {"time_zone": "UTC"}))
    assert (Attempt.objects.count(), counts(again)) == (2, (0, 0, 3, 2))


def test_the_preview_shows_values_names_and_errors(visit: Visit, owner: User) -> None:
    text = (
        f"E-mail,Owner,Created,Employees,Company\na@x.example,{owner.email},2026-01-02 10:00,12,Acme\n"
        "nobody,x@y.example,soon,many,\n"
    )
    job = visit.uploaded(text)
    visit.map(job, {"time_zone": "Europe/Madrid"})

    page = visit.page(job).content.decode()
    assert owner.name in page
    assert "2026-01-02 10:00" in page
    for words in ("“nobody” is no e-mail address", "“soon” is no date", "“many” is no number", "signs in here"):
        assert words in page
    assert not Lead.objects.exists()
    assert not Source.objects.exists()


@pytest.mark.parametrize("data", [{"to_0": "nonsense"}, {"time_zone": "Mars"}, {"format_0": "%q"}, {"new_stage": "x"}])
def test_nonsense_is_refused(visit: Visit, data: dict[str, Any]) -> None:
    assert visit.map(visit.uploaded("E-mail\na@x.example\n"), data).status_code == 422


@pytest.mark.parametrize(
    "changes", [{"encoding": "hex"}, {"encoding": "bz2"}, {"encoding": "a\0b"}, {"delimiter": "ab"}]
)
def test_an_encoding_or_delimiter_that_is_not_offered_is_refused(visit: Visit, changes: dict[str, str]) -> None:
    job = visit.uploaded("E-mail,First name\na@x.example,Ann\n")
    response = visit.map(job, changes)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == set(changes)  # type: ignore[attr-defined]  # the client's own response type


@pytest.mark.parametrize("name", ["hex", "bz2", "rot13", "undefined", "a\0b", "no such"])
def test_a_codec_that_is_none_of_text_is_no_encoding(tmp_path: Path, name: str) -> None:
    (tmp_path / "leads.csv").write_text("E-mail\na@x.example\n")
    with pytest.raises(FileError, match="There is no encoding"):
        encoding.find(tmp_path / "leads.csv", name)
