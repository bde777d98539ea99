"""Every way a file can be wrong, and the line that is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from leads.models import CustomField, Lead, LeadStatus, StatusReason
from tests.leads.importing import PEOPLE, Importer

ACCENTS = "E-mail,First\na@x.example,Ann\nb@x.example,Zoë\n"
TYPED = (
    PEOPLE
    + """
"When" = { to = "captured_at" }
"Type" = "lead_type"
"State" = "status"
"Stage" = "stage"
"Owner" = "owner"
"Number" = { to = "custom.number", kind = "number" }
"Size" = { to = "custom.size", kind = "choice", choices = ["S", "L"] }
"Yes" = { to = "custom.yes", kind = "yes_no" }
"Day" = { to = "custom.day", kind = "date" }
"""
)


@pytest.mark.parametrize(
    ("content", "mapping", "line", "words"),
    [
        (b"", PEOPLE, 1, "empty"),
        (b"\xef\xbb\xbf\r\n  \n", PEOPLE, 1, "empty"),
        ("E-mail,First\n", PEOPLE, 1, "no row below"),
        ("E-mail,First\n\n,\n", PEOPLE, 1, "no row below"),
        ("a@x.example,Ann\nb@x.example,Bo\n", PEOPLE, 1, "Is the header missing"),
        ("E-mail;First\na@x.example;Ann\n", '[file]\ndelimiter = ","\n' + PEOPLE, 1, "“E-mail”"),
        ("Mail,First\na@x.example,Ann\n", PEOPLE.replace(", optional = true", ""), 1, "“E-mail”, “Last” are missing"),
        ("Title\n\nMail,First\na@x.example,Ann\n", PEOPLE.replace(", optional = true", ""), 3, "“E-mail”"),
        (ACCENTS.encode("latin-1"), '[file]\nencoding = "utf-8"\n' + PEOPLE, 3, "as the mapping declares"),
        (ACCENTS.encode("utf-8"), '[file]\nencoding = "ascii"\n' + PEOPLE, 3, "as the mapping declares"),
        (ACCENTS.encode("utf-8"), '[file]\nencoding = "klingon"\n' + PEOPLE, None, "no encoding “klingon”"),
        (b"\xff\xfe" + ACCENTS.encode("utf-16-le") + b"\x00\xd8a", PEOPLE, 4, "begins as UTF-16"),
        ('E-mail,First\na@x.example,Ann\n"b@x.example,Bo\nc@x.example,Cy\n', PEOPLE, 3, "never closed"),
        ('E-mail,First\n"a@x.example","two\nlines ""so"" he","said\nb@x.example,Bo\n', PEOPLE, 3, "never closed"),
        ("E-mail,First\na@x.example,\"" + "x,\n" * 70_000, PEOPLE, 2, "never closed"),
        ("<!DOCTYPE html>\n<html><body>E-mail</body></html>\n", PEOPLE, 1, "web page"),
        ("E-mail,First,E-mail\na@x.example,Ann,b@x.example\n", PEOPLE, 1, "2 columns “E-mail”"),
        ("E-mail,First\na@x.example,JosÃ©\n", PEOPLE, 2, "encoded twice"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_whole(
    importer: Importer, content: str | bytes, mapping: str, line: int | None, words: str
) -> None:
    outcome = importer(content, mapping)

    assert outcome.status == 2
    assert outcome.said["error"]["line"] == line
    assert words in outcome.said["error"]["message"]
    assert outcome.said["rows"] == 0
    assert not Lead.objects.exists()


def test_a_file_or_mapping_that_is_not_there(importer: Importer, tmp_path: Path) -> None:
    no_file = importer(tmp_path / "nowhere.csv")
    no_mapping = importer("E-mail\na@x.example\n", tmp_path / "nowhere.toml")
    a_folder = importer(tmp_path)

    assert (no_file.status, no_mapping.status, a_folder.status) == (2, 2, 2)
    assert "cannot be read" in no_file.said["error"]["message"]
    assert "mapping cannot be read" in no_mapping.said["error"]["message"]


def test_a_reason_that_its_status_does_not_offer(importer: Importer) -> None:
    status = LeadStatus.objects.get(key="postponed")
    LeadStatus.objects.filter(pk=status.pk).update(takes_other_reasons=False)
    StatusReason.objects.create(status=status, text="Next year")
    mapping = PEOPLE.replace("[columns]", '[columns]\n"State" = "status"\n"Why" = "status_reason"')

    outcome = importer(
        "E-mail,State,Why\na@x.example,postponed,next YEAR\nb@x.example,postponed,Moon\nc@x.example,new,Moon\n", mapping
    )

    assert outcome.rejects == {3: "Its status does not offer the reason “Moon”."}
    assert outcome.counts == (2, 0, 0, 1)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("nobody", "“nobody” is no e-mail address"),
        ("a b@x..example", "no e-mail address"),
        ("a@x.example,Ann,Lee,2026-13-01", "“2026-13-01” is no date"),
        ("a@x.example,Ann,Lee,01/02/2026", "Day or month first"),
        ("a@x.example,Ann,Lee,46000", "spreadsheet's day number"),
        ("a@x.example,Ann,Lee,2999-01-01", "in the future"),
        ("a@x.example,,,,martian", "no lead type “martian”"),
        ("a@x.example,,,,,sleepy", "no status “sleepy”"),
        ("a@x.example,,,,,returned", "needs a reason"),
        ("a@x.example,,,,,,limbo", "no stage “limbo”"),
        ("a@x.example,,,,,,,ghost@x.example", "Nobody with the address “ghost@x.example”"),
        ("a@x.example,,,,,,,,12x", "“12x” is no number"),
        ('a@x.example,,,,,,,,"1,23"', "is no number"),
        ("a@x.example,,,,,,,,1e20", "too large"),
        ("a@x.example,,,,,,,,,XXL", "“XXL” is not one of the choices"),
        ("a@x.example,,,,,,,,,,perhaps", "neither yes nor no"),
        ("a@x.example,,,,,,,,,,,soon", "“soon” is no date"),
        (f"a@x.example,{'x' * 151}", "longer than 150"),
        ("a@x.example,Nul\x00,,,,,,,,,,", "NUL"),
        ('a@x.example,"Ann"x,,,,,,,,,,', "goes on after its closing quote"),
        ("a@x.example,Ann,,,,,,,,,,,extra", "Too long: 13 cells, the header has 12"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_others_are_in(importer: Importer, row: str, words: str) -> None:
    header = "E-mail,First,Last,When,Type,State,Stage,Owner,Number,Size,Yes,Day\n"
    padded = row + "," * max(0, 11 - row.replace('"1,23"', "").count(","))
    text = f"{header}first@x.example,,,,,,,,,,,\n\n{padded}\nlast@x.example,,,,,,,,,,,\n"

    outcome = importer(text, TYPED)

    assert outcome.status == 0
    assert outcome.counts == (2, 0, 0, 1)
    assert words in outcome.rejects[4]


def test_a_short_row_is_named(importer: Importer) -> None:
    outcome = importer("E-mail,First,Last\na@x.example,Ann\nb@x.example,Bo,Ray\n")

    assert outcome.counts == (1, 0, 0, 1)
    assert outcome.rejects == {2: "Too short: 2 cells, the header has 3."}


def test_all_that_is_wrong_with_a_row_is_said_at_once(importer: Importer) -> None:
    outcome = importer("E-mail,When\nnobody,never\n", PEOPLE + '"When" = "captured_at"\n')

    assert "no e-mail address" in outcome.rejects[2]
    assert "no date" in outcome.rejects[2]


def test_lines_are_counted_as_an_editor_counts_them(importer: Importer) -> None:
    text = 'E-mail,First\r\n\r\na@x.example,"one\r\ntwo\nthree"\r\nnobody,x\r\n'

    assert set(importer(text).rejects) == {6}


def test_a_refused_file_leaves_no_custom_field_behind(importer: Importer) -> None:
    outcome = importer(
        "E-mail,E-mail,X\na@x.example,b@x.example,1\n", PEOPLE + '"X" = { to = "custom.x", kind = "text" }\n'
    )

    assert outcome.status == 2
    assert not CustomField.objects.exists()


def test_a_batch_of_nothing_is_refused(importer: Importer) -> None:
    with pytest.raises(ValueError, match="Expecting value"):  # nothing was printed: it never began
        importer("E-mail\na@x.example\n", batch=0)

    assert not Lead.objects.exists()
