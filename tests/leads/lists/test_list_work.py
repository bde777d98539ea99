"""A change of a list that concerns many leads: done in the background, all of it, whoever is killed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from leads.models import ChangedLead, CustomField, FieldWork, Lead, Source
from leads.services import list_work, lists
from leads.services.fields import Choice, save_field
from leads.services.list_work import work
from leads.services.lists import merge_named
from leads.tasks import work_lists
from tests.cast import NOW, MakeLead


@pytest.fixture(autouse=True)
def three_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_work, "AT_ONCE", 2)
    monkeypatch.setattr(lists, "AT_ONCE", 2)


@pytest.fixture
def plan(db: None) -> CustomField:
    return CustomField.objects.create(key="plan", name="Plan", kind="choice", choices=["Basic", "Pro"])


def values(key: str = "plan") -> list[Any]:
    return [lead.custom.get(key) for lead in Lead.objects.order_by("pk")]


def rename(plan: CustomField, **names: str) -> None:
    save_field(row=plan, choices=[Choice(names.get(was, was), was) for was in plan.choices], now=NOW)


def change_kind(kind: str) -> None:
    row = CustomField.objects.get()
    row.kind = kind
    save_field(row=row, choices=(), now=NOW)


def test_a_choice_of_many_is_renamed_in_the_background(plan: CustomField, make_lead: MakeLead, editor: Client) -> None:
    for value in ("Basic", "Pro", "Basic", "Basic", "Pro", "Basic", "Basic"):
        make_lead(custom={"plan": value, "other": 1})
    rename(plan, Basic="Start")
    assert values().count("Basic") == 5
    assert work(now=NOW) == 2
    page = editor.get(reverse("list-detail", args=["fields"])).content.decode()
    assert "Plan: 2 of 5 leads are changed." in page
    new = make_lead(custom={"plan": "Start"})

    work_lists()

    assert values() == ["Start", "Pro", "Start", "Start", "Pro", "Start", "Start", "Start"]
    assert {lead.custom.get("other") for lead in Lead.objects.exclude(pk=new.pk)} == {1}
    assert set(ChangedLead.objects.values_list("lead", flat=True)) == set(
        Lead.objects.filter(custom__plan="Start").exclude(pk=new.pk).values_list("pk", flat=True)
    )
    assert not FieldWork.objects.exists()
    assert work(now=NOW) == 0, "the second run finds nothing to do"
    assert 'id="work"' not in editor.get(reverse("list-detail", args=["fields"])).content.decode()


def test_a_field_stays_as_it_is_until_its_leads_are_changed(plan: CustomField, make_lead: MakeLead) -> None:
    for _number in range(3):
        make_lead(custom={"plan": "Basic"})
    rename(plan, Basic="Start")
    with pytest.raises(ValidationError, match="still being changed"):
        rename(plan, Start="Begin")
    work_lists()
    rename(plan, Start="Begin")
    work_lists()
    assert values() == ["Begin"] * 3


def test_names_change_places_only_while_one_batch_is_enough(plan: CustomField, make_lead: MakeLead) -> None:
    for value in ("Basic", "Pro"):
        make_lead(custom={"plan": value})
    rename(plan, Basic="Pro", Pro="Basic")
    assert values() == ["Pro", "Basic"]
    make_lead(custom={"plan": "Pro"})
    with pytest.raises(ValidationError) as refused:
        rename(CustomField.objects.get(), Basic="Pro", Pro="Basic")
    assert list(refused.value.message_dict) == ["choices"]
    assert (values(), CustomField.objects.get().choices) == (["Pro", "Basic", "Pro"], ["Pro", "Basic"])


def test_the_kind_of_many_values_changes_in_the_background(make_lead: MakeLead) -> None:
    CustomField.objects.create(key="plan", name="Plan", kind="text")
    for value in ("12", "2.5", "0.00001", "12", "7"):
        make_lead(custom={"plan": value})
    make_lead()
    change_kind("number")
    assert values()[0] == "12"
    work_lists()
    assert values() == [12, 2.5, 0.00001, 12, 7, None]
    change_kind("text")
    work_lists()
    assert values() == ["12", "2.5", "1e-05", "12", "7", None]


def test_a_value_saved_meanwhile_that_is_none_of_the_kind_stays(make_lead: MakeLead) -> None:
    CustomField.objects.create(key="plan", name="Plan", kind="text")
    leads = [make_lead(custom={"plan": value}) for value in ("yes", "No", "1")]
    change_kind("yes_no")
    Lead.objects.filter(pk=leads[2].pk).update(custom={"plan": "perhaps"})
    work_lists()
    assert values() == [True, False, "perhaps"]


def test_a_killed_worker_leaves_the_batch_to_do(
    plan: CustomField, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(5):
        make_lead(custom={"plan": "Basic"})
    rename(plan, Basic="Start")
    work(now=NOW)

    def killed(**_values: Any) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(list_work, "mark_changed", killed)
        with pytest.raises(OperationalError):
            work(now=NOW)
    assert (values().count("Start"), FieldWork.objects.get().done) == (2, 2)
    work_lists()
    assert values() == ["Start"] * 5


def test_the_leads_of_a_merged_source_follow(make_lead: MakeLead, editor: Client) -> None:
    into, row, last = (Source.objects.create(name=name) for name in ("Google", "google", "Search"))
    for _number in range(5):
        make_lead(source="google")
    response = editor.post(reverse("list-merge", args=["sources", row.pk]), {"into": "Google"}, follow=True)
    page = response.content.decode()
    assert "5 leads are being moved to “Google”." in page
    assert "“google” is being merged into “Google”: 5 leads are left." in page
    assert work(now=NOW) == 2
    merge_named(row=into, into=last, now=NOW)

    work_lists()

    assert set(Lead.objects.values_list("source", flat=True)) == {last.pk}
    assert set(ChangedLead.objects.values_list("lead", flat=True)) == set(Lead.objects.values_list("pk", flat=True))
    assert work(now=NOW) == 0
