"""Fields of the company's own: kinds and choices change without losing a value."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from leads.models import ChangedLead, CustomField, Lead
from leads.services.leads import update_lead
from scoring.models import Persona
from tests.cast import NOW, MakeLead
from tests.forms import filled, rows, send


@pytest.fixture
def plan(db: None) -> CustomField:
    return CustomField.objects.create(key="plan", name="Plan", kind="choice", choices=["Basic", "Pro"])


def save(editor: Client, field: CustomField | None, *choices: dict[str, Any], **changes: Any) -> Any:
    url = reverse("list-edit", args=["fields", field.pk]) if field else reverse("list-create", args=["fields"])
    known = len(field.choices) + len(field.retired_choices) if field else 0
    return send(editor, url, {**rows("choices", *choices, initial=known), **changes}, without="choices-")


def values(key: str) -> list[Any]:
    return [lead.custom.get(key) for lead in Lead.objects.order_by("pk")]


def test_a_choice_with_its_choices_in_order(editor: Client) -> None:
    first, second = {"text": "Gold", "is_active": "on", "ORDER": 2}, {"text": "Silver", "is_active": "on", "ORDER": 1}
    assert save(editor, None, first, second, name="Tier", kind="choice").status_code == 302
    field = CustomField.objects.get()
    assert (field.key, field.choices) == ("tier", ["Silver", "Gold"])


def test_a_choice_without_choices_is_refused(editor: Client) -> None:
    response = save(editor, None, name="Tier", kind="choice")
    assert response.status_code == 422
    assert "at least one value" in response.content.decode()


@pytest.mark.parametrize("kind", ["text", "number", "money", "date", "yes_no"])
def test_every_other_kind(editor: Client, kind: str) -> None:
    assert save(editor, None, name="Thing", kind=kind).status_code == 302
    assert CustomField.objects.get().kind == kind


def test_a_choice_in_use_is_renamed_on_its_leads(editor: Client, plan: CustomField, make_lead: MakeLead) -> None:
    make_lead(custom={"plan": "Basic", "other": 1})
    make_lead(custom={"plan": "Pro"})
    make_lead()
    swapped = ({"was": "Basic", "text": "Pro", "is_active": "on"}, {"was": "Pro", "text": "Basic", "is_active": "on"})
    assert save(editor, plan, *swapped).status_code == 302
    assert values("plan") == ["Pro", "Basic", None]
    assert Lead.objects.order_by("pk")[0].custom["other"] == 1
    assert ChangedLead.objects.count() == 2


def test_a_choice_in_use_is_retired_but_not_removed(editor: Client, plan: CustomField, make_lead: MakeLead) -> None:
    lead = make_lead(custom={"plan": "Basic"})
    pro = {"was": "Pro", "text": "Pro", "is_active": "on"}
    removed = save(editor, plan, {"was": "Basic", "text": "Basic", "is_active": "on", "DELETE": "on"}, pro)
    assert removed.status_code == 422
    assert "“Basic” is used by 1 leads" in removed.content.decode()
    assert save(editor, plan, {"was": "Basic", "text": "Basic"}, pro).status_code == 302
    plan.refresh_from_db()
    assert (plan.choices, plan.retired_choices) == (["Pro"], ["Basic"])
    url = reverse("lead-edit", args=[lead.pk])
    editor.post(url, filled(editor.get(url).content.decode(), "last_name") | {"first_name": ["Anna"]})
    lead.refresh_from_db()
    assert (lead.first_name, lead.custom) == ("Anna", {"plan": "Basic"})


def test_the_retired_choice_that_a_lead_has_is_not_judged_again(plan: CustomField, make_lead: MakeLead) -> None:
    lead = make_lead(custom={"plan": "Basic"})
    plan.choices, plan.retired_choices = ["Pro"], ["Basic"]
    plan.save()
    update_lead(lead=lead, now=NOW, by=None, data={"custom": {"plan": "Basic"}, "city": "Turin"})
    lead.refresh_from_db()
    assert (lead.city, lead.custom) == ("Turin", {"plan": "Basic"})
    with pytest.raises(ValidationError):
        update_lead(lead=make_lead(), now=NOW, by=None, data={"custom": {"plan": "Basic"}})


def test_a_choice_that_a_rule_names_is_not_removed(editor: Client, plan: CustomField) -> None:
    condition = [{"field": "custom.plan", "op": "is", "value": "Basic"}]
    Persona.objects.create(name="Paula", buying_role="user", conditions=condition)
    response = save(editor, plan, {"was": "Pro", "text": "Pro", "is_active": "on"})
    assert response.status_code == 422
    assert "“Paula”" in response.content.decode()


def test_the_kind_changes_when_every_value_allows_it(editor: Client, make_lead: MakeLead) -> None:
    field = CustomField.objects.create(key="seats", name="Seats", kind="text")
    make_lead(custom={"seats": "12"})
    make_lead(custom={"seats": "2.5"})
    odd = make_lead(custom={"seats": "many"})
    response = save(editor, field, kind="number")
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["kind"])
    assert "1 lead has a value that is no number" in response.content.decode()
    odd.custom = {}
    odd.save()
    assert save(editor, field, kind="number").status_code == 302
    assert values("seats") == [12, 2.5, None]
    assert save(editor, CustomField.objects.get(), kind="text").status_code == 302
    assert values("seats") == ["12", "2.5", None]


@pytest.mark.parametrize(
    ("before", "after", "value", "kept"),
    [
        ("text", "yes_no", "Yes", True),
        ("yes_no", "text", False, "no"),
        ("text", "date", "2026-11-18", "2026-11-18"),
        ("number", "money", 5, 5),
    ],
)
def test_values_are_converted(
    editor: Client, make_lead: MakeLead, before: str, after: str, value: object, kept: object
) -> None:
    field = CustomField.objects.create(key="thing", name="Thing", kind=before)
    make_lead(custom={"thing": value})
    assert save(editor, field, kind=after).status_code == 302
    assert values("thing") == [kept]


def test_a_kind_that_rules_rely_on_stays(editor: Client, plan: CustomField) -> None:
    condition = [{"field": "custom.plan", "op": "is_set"}]
    Persona.objects.create(name="Paula", buying_role="user", conditions=condition)
    assert save(editor, plan, kind="text").status_code == 422


def test_a_field_that_leads_have_is_retired_not_deleted(editor: Client, plan: CustomField, make_lead: MakeLead) -> None:
    lead = make_lead(custom={"plan": "Basic"})
    editor.post(reverse("list-delete", args=["fields", plan.pk]))
    assert CustomField.objects.exists()
    editor.post(reverse("list-switch", args=["fields", plan.pk]))
    assert "custom_plan" not in editor.get(reverse("lead-edit", args=[lead.pk])).content.decode()
    lead.custom = {}
    lead.save()
    editor.post(reverse("list-delete", args=["fields", plan.pk]))
    assert not CustomField.objects.exists()
