from __future__ import annotations

import pytest

from leads.models import CustomField, Lead
from tests.leads.importing import PEOPLE, Importer

CSV = "E-mail,X\na@x.example,1\n"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("[columns\n", "no TOML"),
        ("[colums]\n", "“colums” is unknown"),
        ('[columns]\n"E-mail" = "emial"\n', "Did you mean “email”?"),
        ('[columns]\n"E-mail" = 7\n', "must be a field or a table"),
        ('[columns]\n"E-mail" = { to = "email", colour = "red" }\n', "“colour” is unknown"),
        ('[columns]\n"X" = "first_name"\n', "would double the leads"),
        ('[columns]\n"E-mail" = "email"\n"X" = "email"\n', "Two columns are mapped to “email”"),
        ('[columns]\n"X" = "external_id"\n', "needs its “system”"),
        (PEOPLE + '"X" = "full_name"\n', "either “full_name”"),
        (PEOPLE + '"X" = "company.industry"\n', "which company"),
        (PEOPLE + '"X" = "custom.Nö"\n', "is no key"),
        (PEOPLE + '"X" = "custom.nowhere"\n', "no custom field “nowhere”"),
        (PEOPLE + '"X" = { to = "custom.x", kind = "colour" }\n', "none of"),
        (PEOPLE + '"X" = { to = "custom.x", kind = "choice" }\n', "needs its choices"),
        (PEOPLE + '"X" = { to = "custom.known", kind = "number" }\n', "of the kind text, not number"),
        (PEOPLE + '"X" = { to = "captured_at", time_zone = "Europe/Atlantis" }\n', "no time zone “Europe/Atlantis”"),
        (PEOPLE + '"X" = { to = "captured_at", formats = "%d" }\n', "is no list"),
        (PEOPLE + '"X" = { to = "phone", decimal = ";" }\n', "none of '.', ','"),
        (PEOPLE + '[constants]\nemail = "a@x.example"\n', "cannot be the same for all"),
        (PEOPLE + '[constants]\nstatus = "sleepy"\n', "constants.status: There is no status “sleepy”."),
        (PEOPLE + '[constants]\nstatus = "returned"\n', "needs a “status_reason”"),
        ('[file]\ndelimiter = "ab"\n' + PEOPLE, "one character"),
        ('[file]\ndouble_encoded = "perhaps"\n' + PEOPLE, "none of"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(importer: Importer, mapping: str, words: str) -> None:
    CustomField.objects.create(key="known", name="Known")

    outcome = importer(CSV, mapping)

    assert outcome.status == 2
    assert words in outcome.said["error"]["message"]
    assert not Lead.objects.exists()
    assert CustomField.objects.count() == 1


def test_headers_match_whatever_their_case_and_blanks(importer: Importer) -> None:
    outcome = importer("\ufeff  e-MAIL ,FIRST\na@x.example,Ann\n")

    assert outcome.counts == (1, 0, 0, 0)
    assert Lead.objects.get().first_name == "Ann"


def test_an_occurrence_chooses_between_equal_headers(importer: Importer) -> None:
    mapping = '[columns]\n"E-mail" = { to = "email", occurrence = 2 }\n'

    importer("E-mail,First,E-mail\na@x.example,Ann,b@x.example\n", mapping)

    assert Lead.objects.get().email == "b@x.example"


def test_empty_words_and_required_cells(importer: Importer) -> None:
    mapping = (
        PEOPLE + '"City" = { to = "city", empty = ["n/a", "Select"] }\n"Land" = { to = "country", required = true }\n'
    )

    outcome = importer("E-mail,City,Land\na@x.example, SELECT ,Spain\nb@x.example,Select City,\n", mapping)

    assert outcome.counts == (1, 0, 0, 1)
    assert "“Land” is empty" in outcome.rejects[3]
    assert Lead.objects.get().city == ""


def test_a_double_encoded_file_is_mended_or_kept_as_told(importer: Importer) -> None:
    text = "E-mail,First\na@x.example,JosÃ©\n"

    importer(text, '[file]\ndouble_encoded = "repair"\n' + PEOPLE)
    mended = Lead.objects.get().first_name
    importer(text, '[file]\ndouble_encoded = "keep"\n' + PEOPLE)

    assert (mended, Lead.objects.get().first_name) == ("José", "JosÃ©")
