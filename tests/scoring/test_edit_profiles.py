"""Changing ideal customer profiles and personas in the browser; scores wait for the next publication (rule 16)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import LifecycleStage
from people.models import User
from scoring.models import Icp, IcpCriterion, LeadScore, Persona, ScoringModel
from scoring.services.publish import publish, start_draft
from tests.cast import NOW, MakeLead
from tests.forms import filled, rows, send

SPAIN = {"field": "country", "op": "is", "value": "Spain"}


@pytest.fixture
def editor(client: Client, marketer: User) -> Client:
    client.force_login(marketer)
    return client


@pytest.fixture
def icp(db: None) -> Icp:
    return Icp.objects.create(name="Factories", updated_at=NOW)


@pytest.fixture
def criterion(icp: Icp) -> IcpCriterion:
    return icp.criteria.create(name="In Spain", points=5, conditions=[SPAIN])


@pytest.fixture
def persona(db: None) -> Persona:
    return Persona.objects.create(name="Paula", buying_role="user", points=4, conditions=[SPAIN], updated_at=NOW)


def published(by: User) -> ScoringModel:
    draft = start_draft(by=by, now=timezone.now())
    draft.thresholds.get_or_create(stage=LifecycleStage.objects.get(key="mql"), defaults={"min_total": 50})
    return publish(model=draft, by=by, now=timezone.now())


def use(client: Client, row: Icp | Persona) -> Any:
    route = "icp-detail" if isinstance(row, Icp) else "persona-detail"
    return client.get(reverse(route, args=[row.pk])).context["use"]


def test_a_new_profile_with_a_criterion(editor: Client, marketer: User) -> None:
    change = {"name": "Hospitals", "narrative": "They test every day.", "owner": marketer.pk}
    assert send(editor, reverse("icp-create"), change).status_code == 302
    icp = Icp.objects.get()
    large = rows("conditions", {"field": "company.employees", "op": "between", "value": "200, 5000"})
    send(editor, reverse("criterion-create", args=[icp.pk]), {"name": "Mid-sized", "points": "10", **large})
    (criterion,) = icp.criteria.all()
    assert criterion.conditions == [{"field": "company.employees", "op": "between", "value": [200, 5000]}]
    page = editor.get(reverse("icp-detail", args=[icp.pk])).content.decode()
    assert "Employees is between 200 and 5,000" in page
    assert "They test every day." in page


def test_an_exclusion_gives_no_points(editor: Client, icp: Icp) -> None:
    change = {"name": "Public bodies", "excludes": "on", "points": "7", **rows("conditions", SPAIN)}
    send(editor, reverse("criterion-create", args=[icp.pk]), change)
    criterion = icp.criteria.get()
    assert (criterion.excludes, criterion.points) == (True, 0)


@pytest.mark.parametrize("points", ["0", "", "many", "40000"])
def test_a_criterion_without_points_is_refused_at_its_field(
    editor: Client, criterion: IcpCriterion, points: str
) -> None:
    response = send(editor, reverse("criterion-edit", args=[criterion.pk]), {"points": points})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["points"])


def test_a_criterion_without_a_condition_is_refused(editor: Client, criterion: IcpCriterion) -> None:
    response = send(editor, reverse("criterion-edit", args=[criterion.pk]), {"conditions-0-DELETE": "on"})
    assert response.status_code == 422
    assert "A criterion needs at least one condition." in response.content.decode()
    criterion.refresh_from_db()
    assert criterion.conditions == [SPAIN]


def test_a_field_that_does_not_exist_is_refused_at_its_row(editor: Client, criterion: IcpCriterion) -> None:
    gone = rows("conditions", SPAIN, {"field": "custom.shoe_size", "op": "is", "value": "44"})
    response = send(editor, reverse("criterion-edit", args=[criterion.pk]), gone)
    assert response.context["editor"]["conditions"].errors == [{}, {"field": ["There is no field “custom.shoe_size”."]}]


def test_a_condition_whose_field_is_gone_is_shown_so_that_it_can_be_mended(
    editor: Client, criterion: IcpCriterion
) -> None:
    criterion.conditions = [{"field": "custom.retired", "op": "is", "value": "x"}]
    criterion.save()
    url = reverse("criterion-edit", args=[criterion.pk])
    assert filled(editor.get(url).content.decode())["conditions-0-field"] == ["custom.retired"]
    matches = editor.get(reverse("icp-matches", args=[criterion.icp_id]))
    assert "a condition names a field that is gone" in matches.content.decode()


def test_how_many_leads_match(editor: Client, icp: Icp, criterion: IcpCriterion, make_lead: MakeLead) -> None:
    icp.criteria.create(name="Madrid", excludes=True, conditions=[{"field": "city", "op": "is", "value": "Madrid"}])
    for city in ("Madrid", "Sevilla", "Vigo"):
        make_lead(country="spain", city=city)
    make_lead(country="Poland", city="Madrid")
    words = editor.get(reverse("icp-matches", args=[icp.pk])).content.decode()
    assert " ".join(words.split()) == "matches 2 leads, rules out 2"


def test_how_many_leads_a_persona_matches(editor: Client, persona: Persona, make_lead: MakeLead) -> None:
    make_lead(country="Spain")
    words = editor.get(reverse("persona-matches", args=[persona.pk])).content.decode()
    assert " ".join(words.split()) == "matches 1 lead"


@pytest.mark.parametrize("kind", ["icp", "persona"])
def test_a_change_takes_effect_at_the_next_publication(
    editor: Client, marketer: User, criterion: IcpCriterion, persona: Persona, make_lead: MakeLead, kind: str
) -> None:
    row: Icp | Persona = criterion.icp if kind == "icp" else persona
    assert use(editor, row).model is None
    make_lead(country="Spain")
    first = published(marketer)
    now = use(editor, row)
    assert (now.model, now.is_used, now.changed_since) == (first, True, False)
    url = reverse("criterion-edit", args=[criterion.pk]) if kind == "icp" else reverse("persona-edit", args=[row.pk])
    send(editor, url, {"points": "50"})
    assert use(editor, row).changed_since is True
    assert set(first.rules.values_list("points", flat=True)) == {5, 4}
    assert LeadScore.objects.count() == 0
    published(marketer)
    assert use(editor, row).changed_since is False


def test_the_order_of_personas_is_changed(editor: Client, persona: Persona) -> None:
    other = Persona.objects.create(name="Anna", buying_role="user", conditions=[SPAIN], position=5)
    assert list(Persona.objects.all()) == [persona, other]
    editor.post(reverse("persona-move", args=[other.pk]), {"step": "up"})
    assert list(Persona.objects.all()) == [other, persona]


def test_a_persona_is_a_portrait(editor: Client) -> None:
    texts = {name: f"About {name}" for name in ("biography", "demographics", "behaviour", "interests", "needs")}
    change = {"name": "Paula", "job_title": "Plant manager", "buying_role": "decision_maker", "points": "4", **texts}
    send(editor, reverse("persona-create"), {**change, **rows("conditions", SPAIN)})
    page = editor.get(reverse("persona-detail", args=[Persona.objects.get().pk])).content.decode()
    for text in (*texts.values(), "Plant manager", "Decision maker", "Country is Spain"):
        assert text in page
    assert "Pain points" not in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": ""}, "name"), ({"buying_role": "king"}, "buying_role"), ({"points": "x"}, "points")],
)
def test_a_bad_persona_is_refused_at_its_field(
    editor: Client, persona: Persona, changes: dict[str, str], field: str
) -> None:
    response = send(editor, reverse("persona-edit", args=[persona.pk]), changes)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])


def test_a_name_that_is_taken_is_refused(editor: Client, icp: Icp) -> None:
    response = send(editor, reverse("icp-create"), {"name": "FACTORIES"})
    assert response.status_code == 422
    assert "There is a profile of this name already." in response.content.decode()


def test_a_colleagues_change_is_not_overwritten(editor: Client, criterion: IcpCriterion) -> None:
    url = reverse("criterion-edit", args=[criterion.pk])
    opened = filled(editor.get(url).content.decode())
    IcpCriterion.objects.update(points=9)
    assert editor.post(url, {**opened, "name": "Iberia"}).status_code == 422
    criterion.refresh_from_db()
    assert (criterion.name, criterion.points) == ("In Spain", 9)


def test_a_removed_criterion_stays_in_the_history(editor: Client, criterion: IcpCriterion, marketer: User) -> None:
    editor.post(reverse("criterion-delete", args=[criterion.pk]))
    assert not IcpCriterion.objects.exists()
    told = editor.get(reverse("icp-detail", args=[criterion.icp_id])).context["history"]
    assert (marketer.name, "delete", "Criterion “In Spain”") in [(each.who, each.kind, each.thing) for each in told]
