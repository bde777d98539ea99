"""Drafting and publishing a scoring model in the browser: nothing changes until it is published (domain rule 16)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import ChangedLead, EventType, LifecycleStage
from people.models import User
from scoring.models import Rule, ScoringModel, Threshold
from tests.cast import NOW, MakeLead
from tests.forms import filled, rows, send

SPAIN = {"field": "country", "op": "is", "value": "Spain"}


@pytest.fixture
def editor(client: Client, marketer: User) -> Client:
    client.force_login(marketer)
    return client


@pytest.fixture
def mql(db: None) -> LifecycleStage:
    return LifecycleStage.objects.get(key="mql")


@pytest.fixture
def draft(mql: LifecycleStage) -> ScoringModel:
    draft = ScoringModel.objects.create(version=1, created_at=NOW)
    draft.thresholds.create(stage=mql, min_total=50)
    draft.rules.create(name="In Spain", part="fit", points=5, conditions=[SPAIN])
    return draft


def new_rule(editor: Client, **changes: Any) -> Any:
    usual = {"name": "Looked at prices", "effect": "points", "part": "intent", "points": "8"}
    return send(editor, reverse("rule-create"), usual | changes)


def kind(key: str) -> int:
    return EventType.objects.get(key=key).pk


def test_the_first_draft_is_begun_edited_and_published(
    editor: Client, marketer: User, mql: LifecycleStage, make_lead: MakeLead
) -> None:
    lead = make_lead()
    editor.post(reverse("scoring-start"))
    draft = ScoringModel.objects.get()
    send(editor, reverse("threshold-create"), {"stage": mql.pk, "min_total": "60"})
    new_rule(editor, event_type=kind("pricing_viewed"), window_days="30", cap="24")
    send(editor, reverse("rule-create"), {"name": "In Spain", "effect": "points", "part": "fit", "points": "5",
                                          **rows("conditions", SPAIN)})  # fmt: skip
    assert not ChangedLead.objects.exists()
    response = editor.post(reverse("scoring-publish"), {"comment": "The first agreement."})
    assert response.status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.published_by, draft.comment) == ("published", marketer, "The first agreement.")
    assert list(ChangedLead.objects.values_list("lead", flat=True)) == [lead.pk]
    page = editor.get(reverse("scoring-model")).content.decode()
    assert "Pricing page viewed, for 30 days, at most 24 points" in page
    assert "total from 60" in page


def test_a_draft_is_begun_once(editor: Client, draft: ScoringModel) -> None:
    response = editor.post(reverse("scoring-start"))
    assert response["Location"] == reverse("scoring-version", args=[draft.pk])
    assert ScoringModel.objects.count() == 1


def test_a_published_version_is_never_edited(editor: Client, draft: ScoringModel) -> None:
    editor.post(reverse("scoring-publish"))
    rule, threshold = Rule.objects.get(), Threshold.objects.get()
    for route, row in (("rule-edit", rule), ("threshold-edit", threshold)):
        assert editor.get(reverse(route, args=[row.pk])).status_code == 404
        assert editor.post(reverse(route, args=[row.pk]), {"name": "x"}).status_code == 404
    for route, row in (("rule-delete", rule), ("rule-move", rule), ("threshold-delete", threshold)):
        assert editor.post(reverse(route, args=[row.pk])).status_code == 404
    assert reverse("rule-edit", args=[rule.pk]) not in editor.get(reverse("scoring-model")).content.decode()
    assert Rule.objects.get().name == "In Spain"


def test_a_rule_of_the_published_version_is_not_the_drafts(editor: Client, draft: ScoringModel) -> None:
    editor.post(reverse("scoring-publish"))
    editor.post(reverse("scoring-start"))
    assert editor.get(reverse("rule-edit", args=[draft.rules.get().pk])).status_code == 404


def test_the_draft_is_discarded(editor: Client, draft: ScoringModel) -> None:
    editor.post(reverse("scoring-discard"))
    assert not ScoringModel.objects.exists()
    assert editor.post(reverse("scoring-discard")).status_code == 404


def test_what_cannot_be_published_is_said(editor: Client, draft: ScoringModel) -> None:
    draft.rules.update(conditions=[{"field": "custom.retired", "op": "is", "value": "x"}])
    response = editor.post(reverse("scoring-publish"), {"comment": "x"})
    assert response.status_code == 422
    assert "custom.retired" in response.content.decode()
    draft.refresh_from_db()
    assert (draft.state, draft.comment) == ("draft", "")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"part": ""}, "part"),
        ({"points": "0"}, "points"),
        ({"points": ""}, "points"),
        ({"points": "40000"}, "points"),
        ({"effect": "magic"}, "effect"),
        ({"effect": "decisive", "target_stage": ""}, "target_stage"),
        ({"window_days": "7", "half_life_days": "7"}, "half_life_days"),
        ({"window_days": "0"}, "window_days"),
        ({"cap": "-1"}, "cap"),
        ({"min_count": "0"}, "min_count"),
        ({"event_type": "999999"}, "event_type"),
    ],
)
def test_a_bad_rule_is_refused_at_its_field(
    editor: Client, draft: ScoringModel, changes: dict[str, str], field: str
) -> None:
    response = new_rule(editor, **({"event_type": kind("page_viewed")} | changes))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert draft.rules.count() == 1


def test_windows_are_for_events(editor: Client, draft: ScoringModel) -> None:
    response = new_rule(editor, window_days="30", **rows("conditions", SPAIN))
    assert list(response.context["form"].errors) == ["window_days"]


def test_a_rule_about_nothing_is_refused(editor: Client, draft: ScoringModel) -> None:
    response = new_rule(editor)
    assert response.status_code == 422
    assert "A rule needs an event or at least one condition." in response.content.decode()


def test_a_rule_on_a_field_that_does_not_exist_is_refused_at_its_row(editor: Client, draft: ScoringModel) -> None:
    response = new_rule(editor, **rows("conditions", SPAIN, {"field": "shoe_size", "op": "gt", "value": "40"}))
    assert response.status_code == 422
    assert response.context["editor"]["conditions"].errors[1] == {"field": ["There is no field “shoe_size”."]}
    assert draft.rules.count() == 1


def test_a_comparison_that_does_not_go_with_the_field_is_refused(editor: Client, draft: ScoringModel) -> None:
    response = new_rule(editor, **rows("conditions", {"field": "do_not_call", "op": "gt", "value": "1"}))
    assert list(response.context["editor"]["conditions"].errors[0]) == ["op"]


def test_conditions_on_what_the_event_carries(editor: Client, draft: ScoringModel) -> None:
    plan = rows("event_conditions", {"field": "plan", "op": "is", "value": "gold"})
    assert new_rule(editor, event_type=kind("trial_started"), **plan).status_code == 302
    rule = draft.rules.get(name="Looked at prices")
    assert rule.event_conditions == [{"field": "properties.plan", "op": "is", "value": "gold"}]
    url = reverse("rule-edit", args=[rule.pk])
    assert filled(editor.get(url).content.decode())["event_conditions-0-field"] == ["plan"]
    assert "Trial started with plan is gold" in editor.get(reverse("scoring-version", args=[draft.pk])).content.decode()


def test_what_an_effect_has_no_use_for_is_left_out(editor: Client, draft: ScoringModel, mql: LifecycleStage) -> None:
    new_rule(editor, name="Competitor", effect="exclusion", target_stage=mql.pk, **rows("conditions", SPAIN))
    new_rule(editor, name="Demo", effect="decisive", target_stage=mql.pk, event_type=kind("demo_requested"))
    found = draft.rules.exclude(effect="points").values_list("name", "part", "points", "target_stage")
    assert list(found) == [("Competitor", "", 0, None), ("Demo", "", 0, mql.pk)]


def test_the_order_within_a_part_is_changed(editor: Client, draft: ScoringModel) -> None:
    first = draft.rules.get()
    new_rule(editor, name="Second", part="fit", **rows("conditions", SPAIN))
    second = draft.rules.get(name="Second")
    editor.post(reverse("rule-move", args=[second.pk]), {"step": "up"})
    assert list(draft.rules.all()) == [second, first]


def test_a_stage_has_one_threshold(editor: Client, draft: ScoringModel, mql: LifecycleStage) -> None:
    response = send(editor, reverse("threshold-create"), {"stage": mql.pk, "min_total": "60"})
    assert response.status_code == 422
    assert "This stage has a threshold already." in response.content.decode()


def test_a_threshold_without_a_limit_is_refused(editor: Client, draft: ScoringModel) -> None:
    response = send(editor, reverse("threshold-edit", args=[draft.thresholds.get().pk]), {"min_total": ""})
    assert list(response.context["form"].errors) == ["min_total"]


def test_a_colleagues_change_is_not_overwritten(editor: Client, draft: ScoringModel) -> None:
    rule = draft.rules.get()
    url = reverse("rule-edit", args=[rule.pk])
    opened = filled(editor.get(url).content.decode())
    Rule.objects.filter(pk=rule.pk).update(points=9)
    assert editor.post(url, {**opened, "name": "Iberia"}).status_code == 422
    rule.refresh_from_db()
    assert (rule.name, rule.points) == ("In Spain", 9)


def test_the_history_of_a_draft_tells_of_its_rules(editor: Client, draft: ScoringModel, marketer: User) -> None:
    rule = draft.rules.get()
    send(editor, reverse("rule-edit", args=[rule.pk]), rows("conditions", {**SPAIN, "value": "Peru"}))
    told = editor.get(reverse("scoring-version", args=[draft.pk])).context["history"]
    (change,) = [each for each in told if each.who == marketer.name]
    (field,) = change.fields
    assert (change.thing, field.before, field.after) == ("Rule “In Spain”", "Country is Spain", "Country is Peru")


def test_without_a_model_the_page_says_so(editor: Client, db: None) -> None:
    page = editor.get(reverse("scoring-model")).content.decode()
    assert "No scoring is published yet" in page
    assert "Start a draft" in page


def test_what_was_added_at_one_go_is_told_as_one_thing(editor: Client, draft: ScoringModel) -> None:
    for number in range(5):
        draft.rules.create(name=f"Rule {number}", part="fit", points=5, conditions=[SPAIN])
    (change,) = editor.get(reverse("scoring-version", args=[draft.pk])).context["history"]
    assert change.kind == "insert"
    assert change.thing.endswith("and 5 more")
