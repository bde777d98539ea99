"""Editing one fact of a lead where it stands: its control, saving, refusals, conflicts, and its history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pghistory
import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Campaign, ChangedLead, Company, CustomField, Lead, LeadStatus, LifecycleStage, StageChange
from tests.forms import filled
from tests.work import build_work

if TYPE_CHECKING:
    from django.test import Client

    from people.models import User
    from tests.cast import MakeLead

NOW = timezone.now().replace(microsecond=0)
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


def url(lead: Lead, slot: str) -> str:
    return reverse("lead-field", args=[lead.pk, slot])


def shown(client: Client, lead: Lead, slot: str) -> dict[str, Any]:
    """The control as a browser would send it back."""
    return filled(client.get(url(lead, slot), **HTMX).content.decode(), of="csrfmiddlewaretoken")


def save(client: Client, lead: Lead, slot: str, **values: Any) -> Any:
    return client.post(url(lead, slot), shown(client, lead, slot) | values, **HTMX)


@pytest.mark.parametrize(
    ("slot", "values", "stored"),
    [
        ("name", {"first_name": "Ann", "last_name": "Lee"}, {"first_name": "Ann", "last_name": "Lee"}),
        ("email", {"email": " Ann@Acme.example "}, {"email": "ann@acme.example"}),
        ("phone", {"phone": "+48 2"}, {"phone": "+48 2"}),
        ("job_title", {"job_title": "Buyer"}, {"job_title": "Buyer"}),
        ("place", {"city": "Lodz", "country": "Poland"}, {"city": "Lodz", "country": "Poland"}),
        ("language", {"language": "pl"}, {"language": "pl"}),
        ("journey_step", {"journey_step": "decision"}, {"journey_step": "decision"}),
        ("bant_budget", {"bant_budget": "40,000"}, {"bant_budget": "40,000"}),
        ("do_not_call", {"do_not_call": "on"}, {"do_not_call": True}),
        ("do_not_email", {"do_not_email": "on"}, {"do_not_email": True}),
    ],
)
def test_saves_one_fact_and_shows_it(
    client: Client, owner: User, make_lead: MakeLead, slot: str, values: dict[str, str], stored: dict[str, Any]
) -> None:
    lead = make_lead("mql", owner=owner, phone="+48 1")
    client.force_login(owner)
    answer = save(client, lead, slot, **values)
    assert answer.status_code == 200
    assert f'id="fact-{slot}"' in answer.content.decode()
    assert "<form" not in answer.content.decode()
    assert "baton:lead-changed" in answer.headers["HX-Trigger"]
    lead.refresh_from_db()
    assert {name: getattr(lead, name) for name in stored} == stored
    assert ChangedLead.objects.filter(lead=lead).exists()


def test_saves_what_it_points_to(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner)
    client.force_login(owner)
    save(client, lead, "company", company_name="Acme", company_domain="acme.example")
    save(client, lead, "source", source="Fair")
    save(client, lead, "campaign", campaign="Spring")
    status = LeadStatus.objects.get(key="postponed")
    save(client, lead, "status", status=status.pk, status_reason="Budget in May")
    lead.refresh_from_db()
    assert lead.company == Company.objects.get(domain="acme.example")
    assert lead.source is not None
    assert (lead.source.name, lead.campaign, lead.status) == ("Fair", Campaign.objects.get(), status)
    assert lead.status_reason == "Budget in May"


def test_saves_fields_of_ones_own(client: Client, owner: User, make_lead: MakeLead) -> None:
    CustomField.objects.create(key="budget", name="Budget", kind="money")
    CustomField.objects.create(key="gone", name="Gone", kind="text", is_active=False)
    lead = make_lead("mql", owner=owner, custom={"gone": "x"})
    client.force_login(owner)
    assert "1,200" in save(client, lead, "custom_budget", custom_budget="1200").content.decode()
    lead.refresh_from_db()
    assert lead.custom == {"gone": "x", "budget": 1200}
    assert save(client, lead, "custom_budget", custom_budget="much").status_code == 422
    assert client.get(url(lead, "custom_gone"), **HTMX).status_code == 404
    assert client.get(url(lead, "custom_none"), **HTMX).status_code == 404


def test_consent_has_its_time_and_place(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner)
    client.force_login(owner)
    answer = save(client, lead, "consent", consent="granted", consent_source="At the fair")
    assert "At the fair" in answer.content.decode()
    lead.refresh_from_db()
    assert lead.consent_at is not None
    given = lead.consent_at
    save(client, lead, "consent", consent_source="By phone")
    lead.refresh_from_db()
    assert (lead.consent_source, lead.consent_at) == ("By phone", given)


@pytest.mark.parametrize(
    ("slot", "values", "said"),
    [
        ("email", {"email": "nonsense"}, "valid email"),
        ("email", {"email": "taken@acme.example"}, "There is a lead with this e-mail address already."),
        ("phone", {"phone": "x" * 51}, "at most 50 characters"),
        ("phone", {"phone": "\x00"}, "Null characters"),
        ("status", {"status": "0"}, "Select a valid choice"),
        ("status_postponed", {}, "This status needs a reason."),
        ("consent", {"consent": "granted", "consent_at": "2199-01-01T00:00"}, "in the future"),
    ],
)
def test_what_is_refused_is_said_at_the_field_and_nothing_is_lost(
    client: Client, owner: User, make_lead: MakeLead, slot: str, values: dict[str, str], said: str
) -> None:
    make_lead("mql", email="taken@acme.example")
    lead = make_lead("mql", owner=owner, phone="+48 1", email="ann@acme.example")
    client.force_login(owner)
    if slot == "status_postponed":
        slot, values = "status", {"status": str(LeadStatus.objects.get(key="postponed").pk)}
    answer = save(client, lead, slot, **values)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert 'aria-invalid="true"' in text
    lead.refresh_from_db()
    assert (lead.phone, lead.email, lead.status.key) == ("+48 1", "ann@acme.example", "new")


def test_a_lead_keeps_something_to_know_it_by(client: Client, owner: User, make_lead: MakeLead) -> None:
    named = make_lead("mql", owner=owner, phone="+48 1")
    client.force_login(owner)
    assert save(client, named, "phone", phone="").status_code == 200
    bare = make_lead("mql", owner=owner, first_name="", last_name="", email="", phone="+48 1")
    refused = save(client, bare, "phone", phone="")
    assert (refused.status_code, "at least a name" in refused.content.decode()) == (422, True)


def test_what_somebody_changed_meanwhile_is_said_with_both_values(
    client: Client, owner: User, manager: User, make_lead: MakeLead
) -> None:
    lead = make_lead("mql", owner=owner, phone="+48 1")
    client.force_login(owner)
    mine = shown(client, lead, "phone") | {"phone": "+48 3"}
    with pghistory.context(user=manager.pk):
        Lead.objects.filter(pk=lead.pk).update(phone="+48 2")
    answer = client.post(url(lead, "phone"), mine, **HTMX)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Max Manager changed this while you had it open." in text
    assert "+48 2" in text
    assert "yours: +48 3" in text
    lead.refresh_from_db()
    assert lead.phone == "+48 2"
    again = filled(text, of="csrfmiddlewaretoken")
    assert (again["phone"], again["initial-phone"]) == (["+48 3"], ["+48 2"])
    assert client.post(url(lead, "phone"), again, **HTMX).status_code == 200
    lead.refresh_from_db()
    assert lead.phone == "+48 3"


def test_what_two_people_change_alike_or_apart_is_no_conflict(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner, phone="+48 1", first_name="Ann", last_name="Li")
    client.force_login(owner)
    mine = shown(client, lead, "phone") | {"phone": "+48 2"}
    names = shown(client, lead, "name") | {"first_name": "Anna"}
    Lead.objects.filter(pk=lead.pk).update(phone="+48 2", last_name="Lee")
    assert client.post(url(lead, "phone"), mine, **HTMX).status_code == 200
    assert client.post(url(lead, "name"), names, **HTMX).status_code == 200
    lead.refresh_from_db()
    assert lead.full_name == "Anna Lee"


@pytest.mark.parametrize(
    ("slot", "mine", "theirs", "told"),
    [
        ("status", {"status": "connected"}, {"status": "nurturing"}, ("Nurturing", "Connected")),
        ("do_not_call", {"do_not_call": "on"}, {}, None),
        ("journey_step", {"journey_step": "decision"}, {"journey_step": "awareness"}, ("Awareness", "Decision")),
    ],
)
def test_a_conflict_of_choices_is_told_in_words(
    client: Client,
    owner: User,
    make_lead: MakeLead,
    slot: str,
    mine: dict[str, str],
    theirs: dict[str, str],
    told: tuple[str, str] | None,
) -> None:
    lead = make_lead("mql", owner=owner)
    client.force_login(owner)

    def value(name: str, given: str) -> Any:
        return LeadStatus.objects.get(key=given).pk if name == "status" else given

    sent = shown(client, lead, slot) | {name: value(name, given) for name, given in mine.items()}
    if theirs:
        Lead.objects.filter(pk=lead.pk).update(**{name: value(name, given) for name, given in theirs.items()})
    answer = client.post(url(lead, slot), sent, **HTMX)
    assert answer.status_code == (409 if told else 200)
    for words in told or ():
        assert words in answer.content.decode()


def test_cancel_shows_the_fact_again_and_changes_nothing(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner, phone="+48 1")
    client.force_login(owner)
    text = client.get(url(lead, "phone"), {"show": "1"}, **HTMX).content.decode()
    assert "tel:+481" in text
    assert "<form" not in text


def test_the_stage_is_moved_by_those_who_may_and_with_a_reason(
    client: Client, owner: User, manager: User, make_lead: MakeLead
) -> None:
    lead = make_lead("lead", owner=owner)
    sql = LifecycleStage.objects.get(key="sql")
    client.force_login(owner)
    assert client.get(url(lead, "stage"), **HTMX).status_code == 403
    client.force_login(manager)
    refused = save(client, lead, "stage", stage=sql.pk)
    assert (refused.status_code, "Say why" in refused.content.decode()) == (422, True)
    assert save(client, lead, "stage", stage=sql.pk, stage_reason="Met in person").status_code == 200
    moved = StageChange.objects.get(lead=lead)
    assert (moved.to_stage, moved.by, moved.detail) == (sql, manager, "Met in person")
    told = client.get(reverse("lead-field-history", args=[lead.pk, "stage"]), **HTMX).content.decode()
    assert "Met in person" in told


def test_the_owner_is_changed_by_those_who_may(
    client: Client, owner: User, colleague: User, manager: User, make_lead: MakeLead
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=NOW)
    client.force_login(owner)
    assert client.get(url(clock.lead, "owner"), **HTMX).status_code == 403
    client.force_login(manager)
    assert save(client, clock.lead, "owner", to=colleague.pk, reason="On leave").status_code == 200
    clock.refresh_from_db()
    assert (clock.owner, clock.handoff.owner, clock.lead.owner) == (colleague, colleague, colleague)
    told = client.get(reverse("lead-field-history", args=[clock.lead_id, "owner"]), **HTMX).content.decode()
    assert "Olga Owner" in told
    assert "On leave" in told
    assert "Max Manager" in told


def test_two_managers_who_reassign_at_once_hear_of_each_other(
    client: Client, owner: User, colleague: User, manager: User, make_user: Any, make_lead: MakeLead
) -> None:
    third = make_user("Theo Third", team=owner.team, reports_to=manager)
    lead = make_lead("mql", owner=owner)
    client.force_login(manager)
    mine = shown(client, lead, "owner") | {"to": third.pk}
    Lead.objects.filter(pk=lead.pk).update(owner=colleague)
    answer = client.post(url(lead, "owner"), mine, **HTMX)
    text = answer.content.decode()
    assert (answer.status_code, "Carl Colleague" in text, "yours: Theo Third" in text) == (409, True, True)


def test_a_lead_given_out_of_sight_leads_back_to_the_list(
    client: Client, owner: User, other_team_sdr: User, manager: User, make_lead: MakeLead
) -> None:
    lead = make_lead("mql", owner=owner)
    client.force_login(manager)
    answer = save(client, lead, "owner", to=other_team_sdr.pk)
    assert answer.headers["HX-Redirect"] == reverse("lead-list")


def test_works_without_scripts(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner, phone="+48 1")
    client.force_login(owner)
    page = client.get(url(lead, "phone")).content.decode()
    assert "<html" in page
    data = filled(page, of="phone") | {"phone": "+48 2"}
    saved = client.post(url(lead, "phone"), data)
    assert saved.headers["Location"] == reverse("lead-detail", args=[lead.pk]) + "#fact-phone"
    assert "<html" in client.post(url(lead, "email"), {"email": "nonsense"}).content.decode()


@pytest.mark.parametrize("slot", ["phone", "owner", "stage"])
def test_what_one_may_not_see_is_not_found(
    client: Client, owner: User, other_team_sdr: User, make_lead: MakeLead, slot: str
) -> None:
    lead = make_lead("mql", owner=owner)
    client.force_login(other_team_sdr)
    assert client.get(url(lead, slot)).status_code == 404
    assert client.post(url(lead, slot), {"phone": "1"}).status_code == 404
    assert client.get(reverse("lead-field-history", args=[lead.pk, slot])).status_code == 404


def test_an_unknown_place_or_lead_is_not_found(client: Client, owner: User, make_lead: MakeLead) -> None:
    client.force_login(owner)
    assert client.get(url(make_lead("mql", owner=owner), "score")).status_code == 404
    assert client.get(reverse("lead-field", args=[10**9, "phone"])).status_code == 404


def test_only_what_was_changed_has_a_history_to_open(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner, phone="+48 1", job_title="Buyer")
    with pghistory.context(user=owner.pk):
        lead.phone = "+48 2"
        lead.save()
    client.force_login(owner)
    text = client.get(reverse("lead-detail", args=[lead.pk])).content.decode()
    assert reverse("lead-field-history", args=[lead.pk, "phone"]) in text
    assert reverse("lead-field-history", args=[lead.pk, "job_title"]) not in text
    told = client.get(reverse("lead-field-history", args=[lead.pk, "phone"])).content.decode()
    for expected in ("<html", "Olga Owner", "+48 1", "+48 2"):
        assert expected in told


def test_offers_no_link_where_they_may_not_be_called_or_written_to(
    client: Client, owner: User, make_lead: MakeLead
) -> None:
    lead = make_lead("mql", owner=owner, phone="+48 1", email="ann@acme.example", do_not_call=True, do_not_email=True)
    client.force_login(owner)
    text = client.get(reverse("lead-detail", args=[lead.pk])).content.decode()
    assert "tel:" not in text
    assert "mailto:" not in text
    assert text.count("Do not call") >= 2
    assert "Do not contact" in text


def test_consent_that_was_withdrawn_is_shown_where_one_writes(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner, consent="withdrawn", consent_at=NOW - timedelta(days=1))
    client.force_login(owner)
    text = client.get(reverse("lead-detail", args=[lead.pk])).content.decode()
    assert "Consent withdrawn" in text
    assert "mailto:" not in text


def test_what_is_known_of_the_need_says_who_found_it_out(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner, bant_need="A LIMS", journey_step="consideration")
    client.force_login(owner)
    answer = save(client, lead, "bant_budget", bant_budget="40,000")
    assert "Olga Owner · " in answer.content.decode()
    context = client.get(reverse("lead-detail", args=[lead.pk])).context
    assert [(fact.key, fact.value, bool(fact.more)) for fact in context["bant"]] == [
        ("bant_budget", "40,000", True),
        ("bant_authority", "", False),
        ("bant_need", "A LIMS", False),
        ("bant_timeline", "", False),
    ]
    assert [step["state"] for step in context["journey"]] == ["past", "now", "ahead"]
