"""The ten terms, each beside the rule in force."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import LifecycleStage
from people.models import User
from scoring.models import Icp, Persona, ScoringModel
from sla.glossary import Entry, Line, entries
from sla.models import GlossaryTerm, Policy
from sla.services.policies import switch_policy
from tests.cast import NOW
from tests.forms import send

SPAIN = [{"field": "country", "op": "is", "value": "Spain"}]


def entry(key: str) -> Entry:
    return next(each for each in entries() if each.term.key == key)


def test_there_are_ten_terms(db: None) -> None:
    assert [each.term.key for each in entries()] == [
        "sla", "icp", "persona", "journey", "stage", "lead_type", "deal_stage", "status", "score", "attempt"
    ]  # fmt: skip


def test_the_agreement_says_the_promise_and_the_ladder(db: None) -> None:
    assert entry("sla").lines == (
        Line("First touch", "first touch within 5 min of working time"),
        Line("when it is due", "Owner", is_part=True),
        Line("10 min after it was due", "Owner and owner's manager", is_part=True),
        Line("1 h after it was due", "Executives", is_part=True),
    )


def test_a_policy_that_is_off_promises_nothing(manager: User) -> None:
    switch_policy(policy=Policy.objects.get(), on=False, by=manager, now=NOW)
    assert (entry("sla").lines, entry("attempt").lines) == ((), ())


def test_what_counts_as_an_attempt(db: None) -> None:
    (line,) = entry("attempt").lines
    assert line.text.startswith("Call, E-mail, Video message, Social and Meeting: Connected, No answer")


def test_the_threshold_of_mql_is_that_of_the_published_model(db: None) -> None:
    before = {line.name: line.text for line in entry("stage").lines}
    assert "Marketing and sales agree" in before["Marketing qualified lead (MQL)"]
    mql = LifecycleStage.objects.get(key="mql")
    published = ScoringModel.objects.create(version=1, state="published", published_at=NOW)
    draft = ScoringModel.objects.create(version=2)
    published.thresholds.create(stage=mql, min_total=60, min_fit=20)
    draft.thresholds.create(stage=mql, min_total=99)
    assert Line("Marketing qualified lead (MQL)", "total from 60, fit from 20") in entry("stage").lines
    assert Line("Marketing qualified lead (MQL)", "total from 60, fit from 20") in entry("score").lines


def test_the_score_tells_decisive_acts_and_exclusions(db: None) -> None:
    model = ScoringModel.objects.create(version=1, state="published", published_at=NOW)
    sql = LifecycleStage.objects.get(key="sql")
    model.rules.create(name="From Spain", part="fit", points=3, conditions=SPAIN)
    model.rules.create(name="Asked for a demo", effect="decisive", target_stage=sql, conditions=SPAIN)
    model.rules.create(name="A competitor", effect="exclusion", conditions=SPAIN)
    lines = entry("score").lines
    assert lines[0] == Line("Fit", "1 rule")
    assert Line("Asked for a demo", "goes straight to “Sales qualified lead (SQL)”") in lines
    assert lines[-1] == Line("Never qualified", "A competitor")


def test_profiles_and_personas_in_use(db: None) -> None:
    icp = Icp.objects.create(name="Factories")
    icp.criteria.create(name="Spain", points=5, conditions=SPAIN)
    icp.criteria.create(name="Public bodies", excludes=True, conditions=SPAIN)
    Icp.objects.create(name="Old", is_active=False)
    Persona.objects.create(name="Paula", job_title="Plant manager", buying_role="user", conditions=SPAIN)
    assert entry("icp").lines == (Line("Factories", "Spain (+5)"), Line("ruled out by", "Public bodies", is_part=True))
    assert entry("persona").lines == (Line("Paula", "Plant manager, User"),)


def test_a_deal_stage_has_no_rule_yet(db: None) -> None:
    assert (entry("deal_stage").lines, entry("deal_stage").route) == ((), "")


def test_the_words_are_changed_by_those_allowed(client: Client, marketer: User) -> None:
    client.force_login(marketer)
    term = GlossaryTerm.objects.get(key="score")
    send(client, reverse("glossary-edit", args=[term.pk]), {"text": "How much they are worth to us."})
    assert "How much they are worth to us." in client.get(reverse("glossary")).content.decode()
    history = client.get(reverse("glossary-edit", args=[term.pk])).context["history"]
    assert (history[0].who, history[0].fields[0].label) == (marketer.name, "What it means here")


@pytest.mark.parametrize("field", ["term", "text"])
def test_a_term_is_never_empty(client: Client, marketer: User, field: str) -> None:
    client.force_login(marketer)
    response = send(client, reverse("glossary-edit", args=[GlossaryTerm.objects.get(key="sla").pk]), {field: " "})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])


def test_the_page_shows_all_to_everybody(client: Client, owner: User) -> None:
    client.force_login(owner)
    text = client.get(reverse("glossary")).content.decode()
    assert "within 5 min of working time" in text
    assert reverse("glossary-edit", args=[GlossaryTerm.objects.get(key="sla").pk]) not in text
