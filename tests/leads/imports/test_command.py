"""What the mapping file can say since there is a browser for it: campaign, BANT, attempts, stages of known leads."""

from __future__ import annotations

import pytest

from leads.models import Attempt, Lead, StageChange
from people.models import User
from tests.cast import MakeLead
from tests.leads.importing import Importer

MAPPING = """
[columns]
"E-mail" = "email"
"Campaign" = { to = "campaign", optional = true }
"Need" = { to = "bant_need", optional = true }
"Called" = { to = "attempt.at", optional = true }
"Result" = { to = "attempt.outcome", values = { "Spoke" = "connected" }, optional = true }
"By" = { to = "attempt.by", optional = true }
"Stage" = { to = "stage", optional = true }
"""
CALLS = '\n[constants]\n"attempt.channel" = "call"\n'


def test_campaign_and_qualification(importer: Importer) -> None:
    outcome = importer("E-mail,Campaign,Need\na@x.example,Fair,Speed\nb@x.example,fair,\n", MAPPING)

    assert outcome.counts == (2, 0, 0, 0)
    assert [str(lead.campaign) for lead in Lead.objects.order_by("pk")] == ["Fair", "fair"]
    assert Lead.objects.get(email="a@x.example").bant_need == "Speed"


def test_attempts_by_the_person_named(importer: Importer, owner: User) -> None:
    text = f"E-mail,Called,Result,By\na@x.example,2026-01-02 10:00,Spoke,{owner.email}\nb@x.example,2026-01-02,busy,\n"
    outcome = importer(text, MAPPING + CALLS)

    assert outcome.counts == (1, 0, 0, 1)
    assert "Nobody is named" in outcome.rejects[3]
    attempt = Attempt.objects.get()
    assert (attempt.user, attempt.channel, attempt.outcome) == (owner, "call", "connected")
    assert importer(text, MAPPING + CALLS).counts == (0, 0, 1, 1)
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ('[columns]\n"E-mail" = "email"\n"Result" = "attempt.outcome"\n', "attempt.at"),
        (MAPPING + '[constants]\n"attempt.at" = "2026-01-01"\n', "cannot be the same"),
        (MAPPING + "[options]\nother = true\n", "unknown"),
    ],
)
def test_mappings_that_cannot_be_used(importer: Importer, mapping: str, words: str) -> None:
    outcome = importer("E-mail,Result\na@x.example,busy\n", mapping)

    assert outcome.status == 2
    assert words in outcome.said["error"]["message"]


@pytest.mark.parametrize(
    ("option", "stage", "changes"), [("", "lead", 0), ("[options]\nupdate_stage = true\n", "mql", 1)]
)
def test_stages_of_known_leads(importer: Importer, make_lead: MakeLead, option: str, stage: str, changes: int) -> None:
    make_lead(email="a@x.example")
    outcome = importer("E-mail,Stage\na@x.example,mql\n", MAPPING + option)

    assert outcome.counts == (0, changes, 1 - changes, 0)
    assert Lead.objects.get().stage.key == stage
    assert StageChange.objects.count() == changes
