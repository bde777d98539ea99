from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pghistory.models
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import ChangedLead, Company, CustomField, ExternalId, Lead, Source, StageChange
from people.models import User
from tests.cast import MakeLead
from tests.leads.importing import PEOPLE, Importer

FULL = """
[file]
delimiter = ";"

[defaults]
time_zone = "Europe/Madrid"

[columns]
"Id" = { to = "external_id", system = "crm" }
"Name" = "full_name"
"Mail" = "email"
"Firm" = "company.name"
"Site" = "company.domain"
"Branch" = "company.industry"
"Staff" = { to = "company.employees", decimal = "," }
"From" = "source"
"Kind" = { to = "lead_type", values = { "old" = "existing_customer" } }
"State" = { to = "status", values = { "Contacted" = "attempting" } }
"Stage" = "stage"
"Owner" = "owner"
"Since" = { to = "captured_at", formats = ["%d.%m.%Y %H:%M"] }
"News" = "consent"
"NewsAt" = "consent_at"
"NoMail" = { to = "do_not_email", yes = ["ja"], no = ["nein"] }
"Budget" = { to = "custom.budget", kind = "money", decimal = "," }
"Size" = { to = "custom.size", kind = "choice", choices = ["S", "L"], empty = ["n/a"] }

[constants]
country = "Germany"
"custom.budget" = "1"
"""
HEADER = "Id;Name;Mail;Firm;Site;Branch;Staff;From;Kind;State;Stage;Owner;Since;News;NewsAt;NoMail;Budget;Size\n"


def full(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows)


def row(owner: User) -> str:
    return (
        f"7;Ada Lovelace;Ada@Acme.Example;Acme Ltd;www.acme.example;Software;1.200;Fair;old;Contacted;mql;"
        f"{owner.email.upper()};31.12.2025 23:30;yes;2026-01-02;ja;1.234,50;L"
    )


def test_every_field_lands_where_the_mapping_says(importer: Importer, owner: User) -> None:
    outcome = importer(full(row(owner)), FULL)

    assert outcome.counts == (1, 0, 0, 0)
    lead = Lead.objects.get()
    assert (lead.first_name, lead.last_name, lead.email) == ("Ada", "Lovelace", "ada@acme.example")
    assert (lead.lead_type.key, lead.status.key, lead.stage.key, lead.owner) == (
        "existing_customer",
        "attempting",
        "mql",
        owner,
    )
    assert str(lead.source) == "Fair"
    assert lead.captured_at == datetime(2025, 12, 31, 22, 30, tzinfo=UTC)
    assert (lead.consent, lead.consent_at) == ("granted", datetime(2026, 1, 1, 23, 0, tzinfo=UTC))
    assert (lead.do_not_email, lead.do_not_call, lead.country) == (True, False, "Germany")
    assert lead.custom == {"budget": 1234.5, "size": "L"}
    company = Company.objects.get()
    assert lead.company == company
    assert (company.name, company.domain, company.industry, company.employees) == (
        "Acme Ltd",
        "acme.example",
        "Software",
        1200,
    )
    assert ExternalId.objects.get(lead=lead, system="crm").value == "7"
    change = StageChange.objects.get(lead=lead)
    assert (change.from_stage, change.to_stage, change.reason, change.detail) == (
        None,
        lead.stage,
        "imported",
        "leads.csv",
    )
    assert set(CustomField.objects.values_list("key", "kind")) == {("budget", "money"), ("size", "choice")}
    assert ChangedLead.objects.filter(lead=lead).count() == 1


def test_again_writes_nothing(importer: Importer, owner: User) -> None:
    text = full(row(owner), "8;;;;;;;;;;;;;;;;;", "9;Bo;bo@web.de;Acme Ltd;;;;;;;;;;;;;;")
    importer(text, FULL)
    before = list(Lead.objects.order_by("pk").values())
    ChangedLead.objects.all().delete()

    outcome = importer(text, FULL)

    assert outcome.counts == (0, 0, 3, 0)
    assert list(Lead.objects.order_by("pk").values()) == before
    assert not ChangedLead.objects.exists()
    assert StageChange.objects.count() == 3
    assert Company.objects.count() == Source.objects.count() == 1


def test_only_what_differs_is_updated_and_marked(importer: Importer) -> None:
    importer("E-mail,First,Last\na@x.example,Ann,Lee\nb@x.example,Bo,Ray\n")
    ChangedLead.objects.all().delete()

    outcome = importer("E-mail,First,Last\na@x.example,,New\nb@x.example,Bo,Ray\nc@x.example,Cy,\n")

    assert outcome.counts == (1, 1, 1, 0)
    changed = Lead.objects.get(email="a@x.example")
    assert (changed.first_name, changed.last_name) == ("Ann", "New")  # an empty cell says nothing
    assert {mark.lead.email for mark in ChangedLead.objects.all()} == {"a@x.example", "c@x.example"}


def test_what_baton_moves_is_set_once(importer: Importer, owner: User, colleague: User) -> None:
    mapping = PEOPLE + '"Stage" = "stage"\n"State" = "status"\n"Owner" = "owner"\n"Since" = "captured_at"\n'
    importer(f"E-mail,Stage,State,Owner,Since\na@x.example,lead,new,{owner.email},2026-01-01\n", mapping)

    outcome = importer(
        f"E-mail,Stage,State,Owner,Since\na@x.example,mql,connected,{colleague.email},2026-02-02\n", mapping
    )

    lead = Lead.objects.get()
    assert outcome.counts == (0, 0, 1, 0)
    assert (lead.stage.key, lead.status.key, lead.owner) == ("lead", "new", owner)
    assert StageChange.objects.count() == 1


def test_constants_are_for_new_leads_only(importer: Importer, make_lead: MakeLead) -> None:
    make_lead(email="a@x.example", country="", source="Web")

    outcome = importer(
        "E-mail\na@x.example\nb@x.example\n", PEOPLE + '[constants]\ncountry = "Spain"\nsource = "Fair"\n'
    )

    assert outcome.counts == (1, 0, 1, 0)
    known, new = Lead.objects.get(email="a@x.example"), Lead.objects.get(email="b@x.example")
    assert (known.country, str(known.source)) == ("", "Web")
    assert (new.country, str(new.source)) == ("Spain", "Fair")


@pytest.mark.parametrize(
    ("known", "known_at", "told", "told_at", "kept"),
    [
        ("unknown", None, "yes", "", "granted"),
        ("withdrawn", "2026-03-01", "yes", "", "withdrawn"),
        ("withdrawn", "2026-03-01", "yes", "2026-02-01", "withdrawn"),
        ("withdrawn", "2026-03-01", "yes", "2026-04-01", "granted"),
        ("granted", "2026-03-01", "no", "", "withdrawn"),
        ("granted", "2026-03-01", "no", "2026-02-01", "granted"),
        ("granted", "2026-03-01", "unknown", "2026-04-01", "granted"),
    ],
)
def test_the_later_word_on_consent_holds(
    importer: Importer, make_lead: MakeLead, known: str, known_at: str | None, told: str, told_at: str, kept: str
) -> None:
    at = datetime.fromisoformat(known_at).replace(tzinfo=UTC) if known_at else None
    make_lead(email="a@x.example", consent=known, consent_at=at)
    mapping = PEOPLE + '"News" = "consent"\n"At" = "consent_at"\n'

    importer(f"E-mail,News,At\na@x.example,{told},{told_at}\n", mapping)

    lead = Lead.objects.get()
    assert lead.consent == kept
    assert lead.consent_at is not None
    assert importer(f"E-mail,News,At\na@x.example,{told},{told_at}\n", mapping).counts == (0, 0, 1, 0)


def test_do_not_flags_are_switched_on_and_never_off(importer: Importer, make_lead: MakeLead) -> None:
    make_lead(email="a@x.example", do_not_email=True, do_not_call=False)

    importer("E-mail,M,C\na@x.example,no,yes\n", PEOPLE + '"M" = "do_not_email"\n"C" = "do_not_call"\n')

    lead = Lead.objects.get()
    assert (lead.do_not_email, lead.do_not_call) == (True, True)


NUMBERED = '[columns]\n"Id" = { to = "external_id", system = "crm" }\n"E-mail" = "email"\n'


def test_number_or_address_finds_the_lead(importer: Importer, make_lead: MakeLead) -> None:
    by_number, by_mail = make_lead(email="old@x.example"), make_lead(email="known@x.example")
    ExternalId.objects.create(lead=by_number, system="crm", value="1")

    outcome = importer("Id,E-mail\n1,new@x.example\n2,known@x.example\n", NUMBERED)

    assert outcome.counts == (0, 2, 0, 0)
    assert Lead.objects.get(pk=by_number.pk).email == "new@x.example"
    assert ExternalId.objects.get(value="2").lead == by_mail


def test_an_address_that_belongs_to_somebody_else_is_a_conflict(importer: Importer, make_lead: MakeLead) -> None:
    one, other = make_lead(email="one@x.example"), make_lead(email="other@x.example")
    ExternalId.objects.create(lead=one, system="crm", value="1")
    ExternalId.objects.create(lead=other, system="crm", value="2")

    outcome = importer("Id,E-mail\n1,other@x.example\n3,one@x.example\n4,fine@x.example\n", NUMBERED)

    assert outcome.counts == (1, 0, 0, 2)
    assert f"another lead (no. {other.pk})" in outcome.rejects[2]
    assert "has the number 1" in outcome.rejects[3]
    assert Lead.objects.get(pk=one.pk).email == "one@x.example"


@pytest.mark.parametrize("batch", [1, 2, 5000])
def test_a_key_belongs_to_the_first_row_that_has_it(importer: Importer, batch: int) -> None:
    text = "Id,E-mail\n1,a@x.example\n1,b@x.example\n2, A@X.example \n3,c@x.example\n"

    first = importer(text, NUMBERED, batch=batch)
    again = importer(text, NUMBERED, batch=batch)

    assert first.counts == (2, 0, 0, 2)
    assert again.counts == (0, 0, 2, 2)
    assert "line 2" in first.rejects[3]
    assert set(first.rejects) == set(again.rejects) == {3, 4}


def test_old_and_new_address_of_one_lead_are_one_lead(importer: Importer, make_lead: MakeLead) -> None:
    lead = make_lead(email="old@x.example")
    ExternalId.objects.create(lead=lead, system="crm", value="1")

    outcome = importer("Id,E-mail\n1,new@x.example\n,old@x.example\n", NUMBERED)

    assert outcome.counts == (0, 1, 0, 1)
    assert "same lead as line 2" in outcome.rejects[3]


def test_a_row_without_any_key_is_rejected(importer: Importer) -> None:
    outcome = importer("Id,E-mail,x\n,,something\n", NUMBERED)

    assert outcome.counts == (0, 0, 0, 1)
    assert "neither" in outcome.rejects[2]


COMPANIES = PEOPLE + '"Firm" = "company.name"\n"Site" = "company.domain"\n"Branch" = "company.industry"\n'


def test_which_company_a_row_means(importer: Importer) -> None:
    Company.objects.create(name="Acme GmbH", domain="acme.example")
    Company.objects.create(name="Plain")
    text = """E-mail,Firm,Site,Branch
a@acme.example,"ACME, Inc.",,Software
b@web.de,Plain,,
c@gmail.com,Plain,plain.example,
d@acme.example,,,
e@acme.example,Other Firm,,
f@gmail.com,New Firm,,
g@gmail.com,new firm,,Steel
h@fresh.example,Fresh,,
"""

    outcome = importer(text, COMPANIES)

    assert outcome.counts == (8, 0, 0, 0)
    names = dict(Lead.objects.values_list("email", "company__name"))
    assert [names[f"{who}"] for who in ("a@acme.example", "d@acme.example")] == ["Acme GmbH", "Acme GmbH"]
    assert names["b@web.de"] == names["c@gmail.com"] == "Plain"
    assert names["e@acme.example"] == "Other Firm"
    assert names["f@gmail.com"] == names["g@gmail.com"] == "New Firm"
    facts = {row.name: (row.domain, row.industry) for row in Company.objects.all()}
    assert facts == {
        "Acme GmbH": ("acme.example", "Software"),
        "Plain": ("plain.example", ""),
        "Other Firm": ("", ""),
        "New Firm": ("", "Steel"),
        "Fresh": ("fresh.example", ""),
    }
    assert importer(text, COMPANIES).counts == (0, 0, 8, 0)


def test_all_leads_of_a_company_whose_facts_grew_are_marked(importer: Importer, make_lead: MakeLead) -> None:
    colleague = make_lead(company="Acme")

    importer("E-mail,Firm,Site,Branch\na@web.de,Acme,,Software\n", COMPANIES)

    assert ChangedLead.objects.filter(lead=colleague).exists()


def test_the_row_before_is_kept_with_what_changed_it(importer: Importer, make_lead: MakeLead) -> None:
    lead = make_lead(email="a@x.example", last_name="Old")

    importer("E-mail,Last\na@x.example,New\n")

    event = pghistory.models.Events.objects.tracks(lead).get()  # type: ignore[no-untyped-call]  # ships no types
    assert event.pgh_data["last_name"] == "Old"
    assert event.pgh_context["command"] == "import_leads"


def test_statements_do_not_grow_with_rows(importer: Importer) -> None:
    def count(rows: range) -> int:
        text = "E-mail,Firm,Site,Branch\n" + "".join(f"u{n}@f{n}.example,Firm {n},,x\n" for n in rows)
        with CaptureQueriesContext(connection) as queries:
            assert importer(text, COMPANIES).counts[0] == len(rows)
        return len(queries)

    assert count(range(10, 210)) == count(range(5))


def test_rejected_rows_are_written_to_a_file_to_mend(importer: Importer, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"

    importer("E-mail,First,Last\nnobody,=cmd(),+34 600\nb@x.example,Bo,Ray\nshort\n", rejects=rejects)

    rows = list(csv.reader(rejects.open(encoding="utf-8")))
    assert rows[0] == ["line", "reason", "E-mail", "First", "Last"]
    assert rows[1][0] == "2"
    assert rows[1][2:] == ["nobody", "'=cmd()", "+34 600"]
    assert rows[2][0] == "4"
    assert rows[2][2:] == ["short"]


def test_text_names_each_line_and_sums_up(importer: Importer, tmp_path: Path) -> None:
    out = io.StringIO()
    path, mapping = importer.file("E-mail\na@x.example\nnobody\n"), importer.file(PEOPLE, "mapping.toml")

    call_command("import_leads", path, mapping=mapping, stdout=out)

    first, last = out.getvalue().splitlines()
    assert first == "line 3: E-mail: “nobody” is no e-mail address."
    assert last.startswith("2 rows: 1 created, 0 updated, 0 unchanged, 1 rejected, in ")


def test_a_row_the_database_refuses_does_not_stop_the_others(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.imports.values.text", lambda cell, _limit: cell)  # as if a check were missing
    text = "E-mail,First\n" + "".join(f"u{n}@x.example,{'x' * (200 if n == 7 else 5)}\n" for n in range(20))

    outcome = importer(text)

    assert outcome.counts == (19, 0, 0, 1)
    assert "too long" in outcome.rejects[9]
