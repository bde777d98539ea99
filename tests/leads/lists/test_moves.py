"""Which moves between stages are allowed, at every door."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import ForbiddenMove, LifecycleStage
from leads.services.stages import StageMove, move_by_hand, move_stages
from people.models import User
from tests.cast import NOW, MakeLead
from tests.forms import filled


def stage(key: str) -> LifecycleStage:
    return LifecycleStage.objects.get(key=key)


def forbid(start: str, end: str) -> None:
    ForbiddenMove.objects.create(from_stage=stage(start), to_stage=stage(end))


def pairs() -> set[tuple[str, str]]:
    return set(ForbiddenMove.objects.values_list("from_stage__key", "to_stage__key"))


def test_everything_is_allowed_at_first(make_lead: MakeLead, marketer: User) -> None:
    assert move_by_hand(lead=make_lead("customer"), to_stage=stage("lead"), by=marketer, reason="why", now=NOW)


def test_a_move_by_hand_is_refused_at_the_field(make_lead: MakeLead, marketer: User) -> None:
    forbid("lead", "mql")
    lead = make_lead("lead")
    with pytest.raises(ValidationError) as refused:
        move_by_hand(lead=lead, to_stage=stage("mql"), by=marketer, reason="why", now=NOW)
    assert refused.value.message_dict == {
        "stage": ["A lead in “Lead” cannot move to “Marketing qualified lead (MQL)”."]
    }
    assert move_by_hand(lead=lead, to_stage=stage("sal"), by=marketer, reason="why", now=NOW) is not None


def test_the_flow_gets_back_only_what_was_moved(make_lead: MakeLead) -> None:
    forbid("lead", "mql")
    held, free = make_lead("lead"), make_lead("subscriber")
    moves = [StageMove(lead.pk, stage("mql").pk, "threshold") for lead in (held, free)]
    assert [change.lead_id for change in move_stages(moves=moves, now=NOW)] == [free.pk]
    held.refresh_from_db()
    assert held.stage.key == "lead"


def test_a_retired_stage_takes_in_nobody(make_lead: MakeLead, marketer: User) -> None:
    LifecycleStage.objects.filter(key="sal").update(is_active=False)
    lead = make_lead("mql")
    assert move_stages(moves=[StageMove(lead.pk, stage("sal").pk, "threshold")], now=NOW) == []
    with pytest.raises(ValidationError, match="is retired"):
        move_by_hand(lead=lead, to_stage=stage("sal"), by=marketer, reason="why", now=NOW)


def test_it_costs_one_query_more(make_lead: MakeLead) -> None:
    forbid("lead", "customer")
    moves = [StageMove(make_lead().pk, stage("mql").pk, "threshold") for _number in range(9)]
    with CaptureQueriesContext(connection) as queries:
        move_stages(moves=moves, now=NOW)
    assert sum("leads_forbiddenmove" in query["sql"] for query in queries) == 1


def test_the_database_keeps_pairs_apart(db: None) -> None:
    forbid("lead", "mql")
    for start, end in (("lead", "mql"), ("lead", "lead")):
        with pytest.raises(IntegrityError), transaction.atomic():
            forbid(start, end)


def test_the_matrix_is_saved_with_who(editor: Client) -> None:
    url = reverse("stage-moves")
    ticked = filled(editor.get(url).content.decode(), "stages")["allow"]
    without = f"{stage('lead').pk}-{stage('mql').pk}"
    response = send_matrix(editor, {"allow": [value for value in ticked if value != without]})
    assert (response.status_code, pairs()) == (302, {("lead", "mql")})
    page = editor.get(url)
    (change,) = page.context["history"]
    assert (change.who, change.kind) == ("Mara Marketer", "insert")
    assert without not in filled(page.content.decode(), "stages")["allow"]
    send_matrix(editor, {"allow": ticked})
    assert pairs() == set()


def test_a_preset_ticks_and_saves_nothing(editor: Client) -> None:
    page = editor.get(reverse("stage-moves"), {"preset": "back-one"})
    assert pairs() == set()
    data = filled(page.content.decode(), "stages")
    editor.post(reverse("stage-moves"), data)
    assert ("mql", "lead") not in pairs()
    assert ("sql", "mql") in pairs()
    assert ("mql", "subscriber") in pairs()
    assert ("lead", "customer") not in pairs()


def test_stages_that_the_page_did_not_show_are_left_alone(editor: Client) -> None:
    data = filled(editor.get(reverse("stage-moves")).content.decode(), "stages")
    new = LifecycleStage.objects.create(key="target", name="Target", position=990)
    editor.post(reverse("stage-moves"), data)
    assert not ForbiddenMove.objects.filter(to_stage=new).exists()


def test_an_empty_form_forbids_nothing(editor: Client) -> None:
    assert editor.post(reverse("stage-moves"), {}).status_code == 422
    assert pairs() == set()


def test_the_form_of_a_lead_says_it_at_the_stage(editor: Client, make_lead: MakeLead) -> None:
    forbid("lead", "mql")
    lead = make_lead("lead")
    change = {"stage": stage("mql").pk, "stage_reason": "They called."}
    response = send_lead(editor, lead.pk, change)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["stage"])


def send_matrix(client: Client, changes: dict[str, Any]) -> Any:
    data = filled(client.get(reverse("stage-moves")).content.decode(), "stages")
    return client.post(reverse("stage-moves"), data | changes)


def send_lead(client: Client, pk: int, changes: dict[str, Any]) -> Any:
    url = reverse("lead-edit", args=[pk])
    data = filled(client.get(url).content.decode(), "stage_reason")
    return client.post(url, {**data, **changes})
