"""Drafts and publishing: a draft changes nothing, a version is complete, and only one can win."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.models import ChangedLead, CustomField, LifecycleStage
from people.models import User
from scoring.models import Icp, IcpCriterion, LeadScore, Persona, Rule, ScoringModel
from scoring.services.publish import discard_draft, publish, start_draft
from scoring.services.score import score_leads
from tests.cast import NOW, MakeLead, build_lead
from tests.scoring.build import a_model, a_rule, a_threshold, condition, score_of

KNOWN = [condition("country", "is_set")]


@pytest.fixture
def published(db: None) -> ScoringModel:
    model = a_model()
    a_rule(model, "Country", 5, conditions=KNOWN)
    a_rule(model, "Demo", effect="decisive", event="demo_requested", to="sql", window_days=30)
    a_threshold(model, "mql", min_total=5, min_fit=1)
    return model


def an_icp(name: str = "Industry", **fields: Any) -> Icp:
    icp = Icp.objects.create(name=name, **fields)
    energy = [condition("company.industry", "is", "Energy")]
    IcpCriterion.objects.create(icp=icp, name="Energy", conditions=energy, points=10, position=2)
    rival = [condition("company.name", "contains", "Rival")]
    IcpCriterion.objects.create(icp=icp, name="Competitor", conditions=rival, excludes=True, position=1)
    return icp


def facts_of(model: ScoringModel) -> list[tuple[Any, ...]]:
    rows = model.rules.order_by("position")
    return [(row.name, row.effect, row.points, row.conditions, row.event_type_id, row.window_days) for row in rows]


def test_a_draft_is_a_copy_of_the_published_version(published: ScoringModel, marketer: User) -> None:
    draft = start_draft(by=marketer, now=NOW)
    assert (draft.version, draft.state, draft.created_by, draft.created_at) == (2, "draft", marketer, NOW)
    assert facts_of(draft) == facts_of(published)
    assert {row.pk for row in draft.rules.all()}.isdisjoint(row.pk for row in published.rules.all())
    assert [(row.stage.key, row.min_total, row.min_fit) for row in draft.thresholds.all()] == [("mql", 5, 1)]


@pytest.mark.django_db
def test_the_first_draft_is_empty() -> None:
    draft = start_draft(by=None, now=NOW)
    assert (draft.version, draft.rules.count(), draft.thresholds.count()) == (1, 0, 0)


def test_there_is_one_draft_at_a_time(published: ScoringModel) -> None:
    start_draft(by=None, now=NOW)
    with pytest.raises(ValidationError, match="There is a draft already"):
        start_draft(by=None, now=NOW)
    assert ScoringModel.objects.count() == 2


def test_a_draft_changes_nothing_until_it_is_published(published: ScoringModel, make_lead: MakeLead) -> None:
    lead = make_lead(country="Spain")
    draft = start_draft(by=None, now=NOW)
    draft.rules.filter(name="Country").update(points=50)
    score_leads(lead_ids=None, now=NOW)
    assert score_of(lead).total == 5
    publish(model=draft, by=None, now=NOW)
    assert score_of(lead).total == 5
    score_leads(lead_ids=None, now=NOW)
    assert (score_of(lead).total, score_of(lead).model) == (50, draft)


def test_publishing_supersedes_and_queues_every_lead(
    published: ScoringModel, marketer: User, make_lead: MakeLead
) -> None:
    leads = {make_lead().pk for _ in range(3)}
    draft = publish(model=start_draft(by=marketer, now=NOW), by=marketer, now=NOW)
    published.refresh_from_db()
    assert (published.state, draft.state, draft.published_by, draft.published_at) == (
        "superseded",
        "published",
        marketer,
        NOW,
    )
    assert set(ChangedLead.objects.values_list("lead_id", "queued_at")) == {(lead, NOW) for lead in leads}


def test_profiles_and_personas_in_use_become_rules_of_the_version(published: ScoringModel) -> None:
    icp, unused = an_icp(), an_icp("Old", is_active=False)
    boss = Persona.objects.create(name="Boss", conditions=[condition("job_title", "contains", "head")], points=0)
    Persona.objects.create(name="Old", conditions=KNOWN, is_active=False)
    model = publish(model=start_draft(by=None, now=NOW), by=None, now=NOW)
    made = list(model.rules.exclude(icp=None, persona=None).order_by("position"))
    assert [(rule.name, rule.effect, rule.part, rule.points, rule.icp, rule.persona) for rule in made] == [
        ("Competitor", "exclusion", "", 0, icp, None),
        ("Energy", "points", "fit", 10, icp, None),
        ("Boss", "points", "fit", 0, None, boss),
    ]
    assert min(rule.position for rule in made) > max(
        rule.position for rule in model.rules.filter(icp=None, persona=None)
    )
    assert not Rule.objects.filter(icp=unused).exists()


def test_a_changed_profile_takes_effect_with_the_next_version(published: ScoringModel) -> None:
    icp = an_icp()
    second = publish(model=start_draft(by=None, now=NOW), by=None, now=NOW)
    IcpCriterion.objects.filter(icp=icp, name="Energy").update(points=25)
    assert second.rules.get(name="Energy").points == 10
    draft = start_draft(by=None, now=NOW)
    assert not draft.rules.filter(icp=icp).exists()
    third = publish(model=draft, by=None, now=NOW)
    assert third.rules.get(name="Energy").points == 25
    assert second.rules.get(name="Energy").points == 10


def test_everything_that_is_wrong_is_said_at_once(published: ScoringModel) -> None:
    draft = start_draft(by=None, now=NOW)
    field = CustomField.objects.create(key="budget", name="Budget", kind="number")
    a_rule(draft, "Money", 5, conditions=[*KNOWN, condition("custom.budget", "gt", 1)])
    a_rule(draft, "Pages", 5, event="page_viewed", event_conditions=[condition("country", "is", "Spain")])
    a_rule(draft, "Trial", effect="decisive", event="trial_started", to="sal", half_life_days=3)
    a_rule(draft, "Off", 5, conditions=[condition("nothing", "is", 1)], is_active=False)
    an_icp()
    IcpCriterion.objects.update(conditions=[condition("company.size", "gt", 3)])
    field.delete()
    LifecycleStage.objects.filter(key="mql").update(is_active=False)
    with pytest.raises(ValidationError) as caught:
        publish(model=draft, by=None, now=NOW)
    assert caught.value.messages == [
        "Rule “Money”: Condition 2: There is no field “custom.budget”.",
        "Rule “Pages”: Condition 1: There is no field “country”.",
        "Rule “Trial”: A half-life and a cap are for rules that give points.",
        "Profile “Industry”, criterion “Competitor”: Condition 1: There is no field “company.size”.",
        "Profile “Industry”, criterion “Energy”: Condition 1: There is no field “company.size”.",
        "The stage “Marketing qualified lead (MQL)” of a threshold is not in use any more.",
    ]


def test_a_refused_draft_leaves_everything_as_it_was(published: ScoringModel, make_lead: MakeLead) -> None:
    make_lead()
    an_icp()
    draft = start_draft(by=None, now=NOW)
    draft.thresholds.all().delete()
    draft.rules.filter(effect="decisive").delete()
    with pytest.raises(ValidationError, match="Nothing would ever move a lead"):
        publish(model=draft, by=None, now=NOW)
    assert ScoringModel.objects.published() == published
    assert ScoringModel.objects.draft() == draft
    assert not draft.rules.exclude(icp=None).exists()
    assert not ChangedLead.objects.exists()


@pytest.mark.django_db
def test_a_threshold_without_points_is_refused() -> None:
    draft = start_draft(by=None, now=NOW)
    a_threshold(draft, "mql", min_total=5)
    with pytest.raises(ValidationError, match="No rule gives points"):
        publish(model=draft, by=None, now=NOW)


def test_a_published_version_can_be_neither_published_again_nor_discarded(published: ScoringModel) -> None:
    for verb in (lambda: publish(model=published, by=None, now=NOW), lambda: discard_draft(model=published)):
        with pytest.raises(ValidationError, match="Version 1 is no draft any more"):
            verb()
    assert ScoringModel.objects.published() == published


def test_a_discarded_draft_is_gone_and_the_next_starts_anew(published: ScoringModel) -> None:
    draft = start_draft(by=None, now=NOW)
    draft.rules.all().delete()
    discard_draft(model=draft)
    assert list(ScoringModel.objects.all()) == [published]
    assert facts_of(start_draft(by=None, now=NOW)) == facts_of(published)


def _together(*verbs: Callable[[], object]) -> list[str]:
    """Run each in a thread and a connection of its own, at once; what each ended in."""
    barrier, ends = threading.Barrier(len(verbs)), []

    def run(verb: Callable[[], object]) -> None:
        barrier.wait()
        try:
            verb()
            ends.append("done")
        except ValidationError as error:
            ends.append(error.messages[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return sorted(ends)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_wins() -> None:
    model = a_model()
    a_rule(model, "Country", 5, conditions=KNOWN)
    a_threshold(model, "mql", min_total=5)
    build_lead()
    an_icp()
    draft = start_draft(by=None, now=NOW)
    ends = _together(*[lambda: publish(model=draft, by=None, now=NOW)] * 2)
    assert ends == ["Version 2 is no draft any more.", "done"]
    assert ScoringModel.objects.filter(state="published").get() == draft
    assert draft.rules.exclude(icp=None).count() == 2
    assert ChangedLead.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_start_a_draft_at_once_one_wins() -> None:
    ends = _together(*[lambda: start_draft(by=None, now=NOW)] * 2)
    assert ends == ["There is a draft already.", "done"]
    assert ScoringModel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_score_the_same_leads_do_not_block_each_other_for_good() -> None:
    model = a_model()
    a_rule(model, "Country", 5, conditions=KNOWN)
    ids = [build_lead(country="Spain").pk for _ in range(40)]
    ends = _together(
        *[lambda: score_leads(lead_ids=ids, now=NOW), lambda: score_leads(lead_ids=ids[::-1], now=NOW)] * 3,
        lambda: score_leads(lead_ids=None, now=NOW),
    )
    assert ends == ["done"] * 7
    totals: dict[int, Any] = dict(LeadScore.objects.values_list("lead", "total"))
    assert totals == dict.fromkeys(ids, 5)
