"""The reasons that a status offers."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from leads.models import LeadStatus, StatusReason
from leads.services.leads import create_lead, update_lead
from tests.cast import NOW, MakeLead
from tests.forms import rows, send


@pytest.fixture
def postponed(db: None) -> LeadStatus:
    status = LeadStatus.objects.get(key="postponed")
    for place, text in enumerate(("No budget", "Next year"), start=1):
        StatusReason.objects.create(status=status, text=text, position=place * 10)
    return status


def save(editor: Client, status: LeadStatus, *reasons: dict[str, Any], **changes: Any) -> Any:
    return send(
        editor,
        reverse("list-edit", args=["statuses", status.pk]),
        {**rows("reasons", *reasons, initial=status.reasons.count()), **changes},
        without="reasons-",
    )


def test_reasons_are_added_renamed_ordered_and_removed(editor: Client, postponed: LeadStatus) -> None:
    budget, year = postponed.reasons.all()
    response = save(
        editor,
        postponed,
        {"pk": budget.pk, "text": "No budget", "is_active": "on", "DELETE": "on", "ORDER": 1},
        {"pk": year.pk, "text": "Next spring", "ORDER": 3},
        {"text": "On leave", "is_active": "on", "ORDER": 2},
    )
    assert response.status_code == 302
    found = [(reason.text, reason.is_active) for reason in postponed.reasons.all()]
    assert found == [("On leave", True), ("Next spring", False)]
    assert postponed.reasons.get(text="Next spring").pk == year.pk


def test_two_reasons_change_places(editor: Client, postponed: LeadStatus) -> None:
    budget, year = postponed.reasons.all()
    save(
        editor,
        postponed,
        {"pk": budget.pk, "text": "Next year", "is_active": "on", "ORDER": 1},
        {"pk": year.pk, "text": "No budget", "is_active": "on", "ORDER": 2},
    )
    budget.refresh_from_db()
    assert budget.text == "Next year"


def test_a_reason_twice_is_refused(editor: Client, postponed: LeadStatus) -> None:
    budget, year = postponed.reasons.all()
    response = save(
        editor,
        postponed,
        {"pk": budget.pk, "text": "NEXT year", "is_active": "on"},
        {"pk": year.pk, "text": "Next year", "is_active": "on"},
    )
    assert response.status_code == 422
    assert postponed.reasons.count() == 2


def test_words_that_nobody_sees_are_none(editor: Client, postponed: LeadStatus) -> None:
    response = save(editor, postponed, {"text": "\u200b", "is_active": "on"})
    assert response.status_code == 422
    assert "This field is required." in response.content.decode()


def test_any_reason_is_taken_while_others_may_be_written(postponed: LeadStatus, make_lead: MakeLead) -> None:
    lead = make_lead()
    update_lead(lead=lead, now=NOW, by=None, data={"status": postponed, "status_reason": "Something else"})
    lead.refresh_from_db()
    assert lead.status_reason == "Something else"


def test_only_those_offered_are_taken_when_nothing_else_may_be_written(
    postponed: LeadStatus, make_lead: MakeLead
) -> None:
    lead = make_lead()
    update_lead(lead=lead, now=NOW, by=None, data={"status": postponed, "status_reason": "Old words"})
    LeadStatus.objects.filter(pk=postponed.pk).update(takes_other_reasons=False)
    postponed.refresh_from_db()
    for data in ({"status_reason": "Something else"}, {"status_reason": ""}):
        with pytest.raises(ValidationError) as refused:
            update_lead(lead=lead, now=NOW, by=None, data=data)  # type: ignore[arg-type]  # of LeadData
        assert list(refused.value.message_dict) == ["status_reason"]
    with pytest.raises(ValidationError):
        create_lead(now=NOW, by=None, data={"last_name": "X", "status": postponed, "status_reason": "Else"})
    update_lead(lead=lead, now=NOW, by=None, data={"city": "Turin"})  # what it has already does not stop it
    update_lead(lead=lead, now=NOW, by=None, data={"status_reason": "no BUDGET"})
    StatusReason.objects.filter(text="Next year").update(is_active=False)
    with pytest.raises(ValidationError):
        update_lead(lead=lead, now=NOW, by=None, data={"status_reason": "Next year"})


def test_the_form_of_a_lead_offers_them(editor: Client, postponed: LeadStatus, make_lead: MakeLead) -> None:
    html = editor.get(reverse("lead-edit", args=[make_lead().pk])).content.decode()
    assert '<option value="No budget" label="Postponed">' in " ".join(html.split())
