"""All that is held on a person, handed out; and the pages about it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Attempt, Company, CustomField, ExternalId, FormerEmail, Lead, Note, PrivacyAct
from leads.personal import tables
from leads.services.consent import grant
from leads.services.erased import block, blocked
from people.models import User
from sla.dossier import held_on
from sla.services.erase import erase_lead
from tests.cast import NOW, MakeLead
from tests.work import build_notice, build_work


@pytest.fixture
def officer(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.fixture
def grace(make_lead: MakeLead, owner: User) -> Lead:
    CustomField.objects.create(key="plan", name="Plan", kind="text")
    lead = make_lead(first_name="Grace", email="grace@navy.example", company="US Navy", custom={"plan": "Gold"})
    build_notice(build_work(lead, owner, due_at=NOW + timedelta(minutes=5)), owner, body="Call Grace")
    Note.objects.create(lead=lead, author=owner, body="loves cobol")
    Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", note="rang", occurred_at=NOW)
    ExternalId.objects.create(lead=lead, system="crm", value="K-4711")
    grant(lead=lead, now=NOW, source="Fair")
    lead.refresh_from_db()
    return lead


def test_it_holds_everything_and_says_who_took_it(officer: Client, grace: Lead, administrator: User) -> None:
    response = officer.post(reverse("lead-export-held", args=[grace.pk]), {"format": "json"})
    assert response["Content-Disposition"] == f'attachment; filename="lead-{grace.pk}.json"'
    assert "no-store" in response["Cache-Control"]
    held = json.loads(response.content)
    assert held["person"][0]["email"] == "grace@navy.example"
    assert held["company"][0]["name"] == "US Navy"
    assert held["custom"] == [{"Plan": "Gold"}]
    assert [entry["consent"] for entry in held["consent"]] == ["unknown", "granted"]
    assert held["leads.Note"][0]["body"] == "loves cobol"
    assert held["leads.Attempt"][0]["note"] == "rang"
    assert held["leads.ExternalId"][0]["value"] == "K-4711"
    assert held["sla.Notice"][0]["body"] == "Call Grace"
    assert held["sla.Clock"][0]["owner"] == "Olga Owner"
    assert {"sla.Handoff", "leads.StageChange", "leads.LeadBefore", "leads.ChangedLead"} <= held.keys()
    act = PrivacyAct.objects.get()
    assert (act.kind, act.by, act.lead) == ("exported", administrator, grace)


def test_it_looks_into_every_table_that_points_to_a_lead(grace: Lead) -> None:
    keys = {part.key for part in held_on(grace)}
    assert {table.label for table in tables() if table.rows(grace).exists()} <= keys


def test_it_costs_as_many_queries_whatever_is_known(grace: Lead, owner: User) -> None:
    Note.objects.create(lead=grace, author=owner, body="the first")
    held_on(grace)  # what is remembered from one time to the next is asked now
    with CaptureQueriesContext(connection) as before:
        held_on(grace)
    for number in range(30):
        Note.objects.create(lead=grace, author=owner, body=str(number))
    with CaptureQueriesContext(connection) as after:
        held_on(grace)
    assert len(after) == len(before)


def test_it_can_be_read_and_printed(officer: Client, grace: Lead) -> None:
    page = officer.post(reverse("lead-export-held", args=[grace.pk]), {"format": "page"}).content.decode()
    for words in ("loves cobol", "K-4711", "Earlier values", "Number there", "Consent to be mailed", "Granted"):
        assert words in page
    for raw in ("datetime.datetime", "first_name", "False", "None", "Pgh"):
        assert raw not in page


def test_the_page_of_a_lead_says_what_holds(officer: Client, grace: Lead) -> None:
    page = officer.get(reverse("lead-privacy", args=[grace.pk])).content.decode()
    assert "May be mailed" in page
    assert "May not be called" in page  # no number
    assert "Fair" in page


def test_the_wrong_name_erases_nobody(officer: Client, grace: Lead) -> None:
    url = reverse("lead-erase", args=[grace.pk])
    response = officer.post(url, {"confirm": "Grace", "reason": "requested"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["confirm"])
    assert officer.post(url, {"confirm": grace.display_name, "reason": "retention"}).status_code == 422
    grace.refresh_from_db()
    assert not grace.is_erased


def test_an_erased_person_is_shown_as_such_and_cannot_be_edited(officer: Client, grace: Lead) -> None:
    url = reverse("lead-erase", args=[grace.pk])
    officer.post(url, {"confirm": grace.display_name, "reason": "requested", "block": "on"})
    for name in ("lead-detail", "lead-privacy"):
        assert "Erased person" in officer.get(reverse(name, args=[grace.pk])).content.decode()
    for name in ("lead-edit", "event-create"):
        assert officer.get(reverse(name, args=[grace.pk])).status_code == 404
    assert officer.get(url).status_code == 302
    assert list(officer.get(reverse("lead-list")).context["page"].rows) == []
    erased = officer.get(reverse("lead-list"), {"erased": "yes"}).context["page"].rows
    assert [row["pk"] for row in erased] == [grace.pk]


def test_a_person_is_looked_up_and_let_back_in(officer: Client, grace: Lead) -> None:
    page = officer.get(reverse("privacy"), {"email": " GRACE@navy.example"})
    assert page.context["found"] == grace
    block(["gone@navy.example"], now=NOW)
    page = officer.get(reverse("privacy"), {"email": "gone@navy.example"})
    assert (page.context["found"], page.context["is_blocked"]) == (None, True)
    officer.post(reverse("privacy-unblock"), {"email": "Gone@navy.example"})
    assert blocked(["gone@navy.example"]) == set()


def test_what_is_left_of_the_erased_is_found_from_the_settings(
    officer: Client, grace: Lead, make_lead: MakeLead, administrator: User
) -> None:
    make_lead(last_name="Somebody")
    erase_lead(lead=grace, by=administrator, reason="requested", now=NOW)
    url = f"{reverse('lead-list')}?erased=yes"
    assert f'href="{url}"' in officer.get(reverse("privacy")).content.decode()
    text = officer.get(url).content.decode()
    assert reverse("lead-detail", args=[grace.pk]) in text
    assert "Somebody" not in text


def test_the_settings_page_names_nobody(officer: Client, grace: Lead, administrator: User) -> None:
    PrivacyAct.objects.create(lead=grace, kind="exported", by=administrator, at=NOW)
    html = officer.get(reverse("privacy")).content.decode()
    assert "Grace" not in html
    assert f"Lead {grace.pk}" in html
    assert Company.objects.exists()


def test_a_person_is_found_by_an_address_from_before_a_merge(officer: Client, grace: Lead) -> None:
    FormerEmail.objects.create(lead=grace, email="hopper@navy.example", since=NOW)
    for address in (" Hopper@navy.example ", "GRACE@navy.example"):
        assert officer.get(reverse("privacy"), {"email": address}).context["found"] == grace
    assert officer.get(reverse("privacy"), {"email": "ada@navy.example"}).context["found"] is None
