from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import (
    ChangedLead,
    Company,
    CustomField,
    FormerEmail,
    Lead,
    LeadStatus,
    LeadType,
    LifecycleStage,
    StageChange,
)
from leads.services.leads import update_lead
from people.models import User
from tests.cast import NOW, MakeLead

NEW = reverse("lead-create")


def filled(**fields: Any) -> dict[str, Any]:
    """What the browser sends for a new lead."""
    return {
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@acme.example",
        "lead_type": LeadType.objects.get(key="new_customer").pk,
        "status": LeadStatus.objects.get(key="new").pk,
        "consent": "unknown",
    } | fields


def shown(client: Client, url: str) -> dict[str, Any]:
    """The fields of a form as a browser would send them back untouched, with the values they were shown with."""
    form = client.get(url).context["form"]
    sent: dict[str, Any] = {}
    for field in form:
        value = field.field.prepare_value(field.value()) if hasattr(field.field, "prepare_value") else field.value()
        if field.field.show_hidden_initial:
            sent[field.html_initial_name] = value if value is not None else ""
        if value not in (None, False, ""):
            sent[field.html_name] = value
    return {name: str(value) for name, value in sent.items() if value is not False}


def test_create_a_lead_with_all_it_is_about(client: Client, owner: User) -> None:
    CustomField.objects.create(key="visits", name="Visits", kind="number")
    CustomField.objects.create(key="partner", name="Partner", kind="yes_no")
    client.force_login(owner)

    response = client.post(
        NEW,
        filled(
            company_name="Acme",
            company_domain="https://www.acme.example/x",
            source="Fair",
            consent="granted",
            consent_at="2026-01-05T10:30",
            do_not_call="on",
            custom_visits="12",
            custom_partner="true",
        ),
    )

    lead = Lead.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("lead-detail", args=[lead.pk])
    assert (str(lead), lead.email, str(lead.company), str(lead.source)) == (
        "Ann Lee",
        "ann@acme.example",
        "Acme",
        "Fair",
    )
    assert lead.company is not None
    assert lead.company.domain == "acme.example"
    assert (lead.owner, lead.do_not_call, lead.do_not_email) == (owner, True, False)
    assert lead.custom == {"visits": 12, "partner": True}
    assert str(lead.consent_at) == "2026-01-05 09:30:00+00:00"  # typed in Madrid
    assert StageChange.objects.get(lead=lead).by == owner
    assert ChangedLead.objects.filter(lead=lead).exists()


def test_a_marketer_creates_a_lead_for_nobody_yet(client: Client, marketer: User) -> None:
    client.force_login(marketer)

    client.post(NEW, filled())

    assert Lead.objects.get().owner is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "Taken@customer.example"}, "email"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"lead_type": "999"}, "lead_type"),
        ({"consent_at": "yesterday"}, "consent_at"),
        ({"consent": "granted", "consent_at": "0026-11-18T10:00"}, "consent_at"),
        ({"consent": "granted", "consent_at": "2999-11-18T10:00"}, "consent_at"),
        ({"custom_visits": "many"}, "custom_visits"),
        ({"first_name": "", "last_name": "", "email": "", "phone": ""}, "__all__"),
        ({"first_name": "Nul\x00"}, "first_name"),
    ],
)
def test_refuse_at_the_field(
    client: Client, make_lead: MakeLead, owner: User, wrong: dict[str, Any], field: str
) -> None:
    CustomField.objects.create(key="visits", name="Visits", kind="number")
    make_lead(email="taken@customer.example")
    client.force_login(owner)

    response = client.post(NEW, filled(**wrong))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Lead.objects.count() == 1
    assert not Company.objects.exists()


def test_a_status_with_a_reason_asks_for_it(client: Client, owner: User) -> None:
    client.force_login(owner)

    response = client.post(NEW, filled(status=LeadStatus.objects.get(key="postponed").pk))

    assert response.status_code == 422
    assert "status_reason" in response.context["form"].errors


def test_edit_only_what_was_changed(client: Client, make_lead: MakeLead, owner: User) -> None:
    lead = make_lead(first_name="Ann", last_name="Old", phone="1", owner=owner, company="Acme", source="Fair")
    client.force_login(owner)
    url = reverse("lead-edit", args=[lead.pk])
    sent = shown(client, url)
    update_lead(lead=lead, now=NOW, by=None, data={"phone": "2"})  # a colleague, while the form is open

    response = client.post(url, sent | {"last_name": "New"})

    lead.refresh_from_db()
    assert response.status_code == 302
    assert (lead.first_name, lead.last_name, lead.phone) == ("Ann", "New", "2")
    assert (str(lead.company), str(lead.source)) == ("Acme", "Fair")


def test_a_form_sent_back_untouched_changes_nothing(client: Client, make_lead: MakeLead, owner: User) -> None:
    CustomField.objects.create(key="founded", name="Founded", kind="date")
    CustomField.objects.create(key="partner", name="Partner", kind="yes_no")
    lead = make_lead(
        owner=owner,
        company="Acme",
        consent="granted",
        consent_at=NOW,
        do_not_call=True,
        custom={"founded": "2020-01-02", "partner": False},
    )
    before = Lead.objects.filter(pk=lead.pk).values().get()
    client.force_login(owner)
    url = reverse("lead-edit", args=[lead.pk])

    response = client.post(url, shown(client, url))

    assert response.status_code == 302
    assert Lead.objects.filter(pk=lead.pk).values().get() == before
    assert not ChangedLead.objects.exists()


def test_two_people_take_the_same_address(client: Client, make_lead: MakeLead, owner: User) -> None:
    make_lead(email="first@customer.example", owner=owner)
    lead = make_lead(email="second@customer.example", owner=owner)
    client.force_login(owner)
    url = reverse("lead-edit", args=[lead.pk])

    response = client.post(url, shown(client, url) | {"email": "FIRST@customer.example"})

    assert response.status_code == 422
    assert "email" in response.context["form"].errors


def test_a_lead_known_by_its_number_only_can_be_edited(client: Client, make_lead: MakeLead, owner: User) -> None:
    lead = make_lead(first_name="", last_name="", email="", owner=owner)
    client.force_login(owner)
    url = reverse("lead-edit", args=[lead.pk])

    assert client.post(url, shown(client, url) | {"country": "Spain"}).status_code == 302
    assert Lead.objects.get(pk=lead.pk).country == "Spain"


def test_move_the_stage_by_hand_with_a_reason(client: Client, make_lead: MakeLead, manager: User, owner: User) -> None:
    lead = make_lead("lead", owner=owner)
    mql = LifecycleStage.objects.get(key="mql")
    client.force_login(manager)
    url = reverse("lead-edit", args=[lead.pk])
    sent = shown(client, url) | {"stage": str(mql.pk), "last_name": "Changed"}

    refused = client.post(url, sent)
    lead.refresh_from_db()
    assert refused.status_code == 422
    assert "stage_reason" in refused.context["form"].errors
    assert lead.last_name != "Changed"

    assert client.post(url, sent | {"stage_reason": "Met at the fair"}).status_code == 302
    change = StageChange.objects.get(lead=lead)
    assert (change.to_stage, change.by, change.reason) == (mql, manager, "by_hand")


def test_an_sdr_does_not_move_stages_by_hand(client: Client, make_lead: MakeLead, owner: User) -> None:
    lead = make_lead("lead", owner=owner)
    client.force_login(owner)
    url = reverse("lead-edit", args=[lead.pk])
    sent = shown(client, url) | {"stage": str(LifecycleStage.objects.get(key="mql").pk), "stage_reason": "x"}

    client.post(url, sent)

    lead.refresh_from_db()
    assert "stage" not in client.get(url).context["form"].fields
    assert lead.stage.key == "lead"


def test_who_may_not_see_it_may_not_edit_it(
    client: Client, make_lead: MakeLead, owner: User, other_team_sdr: User, ae: User
) -> None:
    url = reverse("lead-edit", args=[make_lead(owner=owner).pk])
    client.force_login(other_team_sdr)
    assert client.get(url).status_code == 404
    assert client.post(url, filled()).status_code == 404

    client.force_login(ae)
    assert client.get(url).status_code == 403
    assert client.get(reverse("lead-edit", args=[999_999])).status_code == 403


def test_a_source_is_found_whatever_its_case(client: Client, make_lead: MakeLead, marketer: User) -> None:
    known = make_lead(source="Trade Fair")
    client.force_login(marketer)

    client.post(NEW, filled(source="trade fair"))

    assert Lead.objects.get(email="ann@acme.example").source == known.source


def test_an_address_from_before_a_merge_makes_no_new_lead(client: Client, make_lead: MakeLead, owner: User) -> None:
    FormerEmail.objects.create(lead=make_lead(), email="ann@acme.example")
    client.force_login(owner)

    response = client.post(NEW, filled())

    assert response.status_code == 422
    assert "before it was merged" in response.context["form"].errors["email"][0]
    assert Lead.objects.count() == 1


def test_a_free_mail_domain_is_no_companys(client: Client, owner: User) -> None:
    client.force_login(owner)

    response = client.post(NEW, filled(company_name="Ann's", company_domain="gmail.com"))

    assert response.status_code == 422
    assert "company_domain" in response.context["form"].errors
    assert not Company.objects.exists()
