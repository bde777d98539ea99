"""A form that is sent becomes one lead, with where it came from, and an event that says so."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from leads.capture import submit as submitting
from leads.capture.tokens import Ticket
from leads.models import (
    Campaign,
    CaptureForm,
    ChangedLead,
    Company,
    CustomField,
    Event,
    EventType,
    Lead,
    LeadType,
    Source,
    StageChange,
    Submission,
)
from leads.services.erased import block
from tests.cast import NOW, MakeLead
from tests.leads.capture.building import EMAIL, Sender, build_form


def test_a_submission_makes_a_lead_with_history_event_and_mark(db: None) -> None:
    form = build_form()
    answer = Sender(form)(email=" Ann@Acme.example ", first_name="Ann", last_name="  Ångström ")
    assert (answer.status_code, answer["Location"]) == (302, f"/f/{form.key}/thanks/")
    lead = Lead.objects.get()
    assert (lead.email, lead.first_name, lead.last_name) == ("ann@acme.example", "Ann", "Ångström")
    assert (lead.stage.key, lead.status.key, lead.lead_type.key) == ("lead", "new", "new_customer")
    assert (lead.captured_at, lead.language) == (NOW + timedelta(seconds=30), "en")
    assert StageChange.objects.get(lead=lead).reason == "created"
    event = Event.objects.get(lead=lead)
    assert (event.event_type.key, event.occurred_at) == ("form_submitted", NOW + timedelta(seconds=30))
    assert event.properties == {"form": "Demo", "page": f"http://testserver/f/{form.key}/"}
    assert ChangedLead.objects.filter(lead=lead).exists()
    sent = Submission.objects.get()
    assert sent.values == {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Ångström"}
    assert (sent.form, sent.lead, sent.consent_given, sent.consent_text) == (form, lead, False, "")


def test_the_same_page_sent_twice_is_one_submission(db: None) -> None:
    sender = Sender(build_form())
    ticket = sender.open().context["ticket"]
    for seconds in (5, 6):
        sender.send({"ticket": ticket, "email": "ann@acme.example"}, NOW + timedelta(seconds=seconds))
    assert (Submission.objects.count(), Event.objects.count()) == (1, 1)
    sender.send({"ticket": ticket, "email": "ann@acme.example", "first_name": "Ann"}, NOW + timedelta(seconds=20))
    assert (Submission.objects.count(), Lead.objects.get().first_name) == (2, "Ann")


def test_who_was_erased_is_not_told_to_whoever_asks(db: None) -> None:
    block(["ann@acme.example"], now=NOW)
    answer = Sender(build_form())(email="ann@acme.example", first_name="Ann")
    page = answer.content.decode()
    assert (answer.status_code, Lead.objects.count()) == (422, 0)
    assert "This address cannot be used here." in page
    assert "erased" not in page


def test_a_known_address_updates_and_an_empty_answer_clears_nothing(make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@acme.example", first_name="Ann", last_name="Old", phone="123")
    Sender(build_form(EMAIL, "first_name", "last_name", "phone"))(
        email="ANN@acme.example", first_name="", last_name="New", phone=""
    )
    lead.refresh_from_db()
    assert (Lead.objects.count(), lead.first_name, lead.last_name, lead.phone) == (1, "Ann", "New", "123")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_lead_and_one_company(monkeypatch: pytest.MonkeyPatch) -> None:
    form = build_form(EMAIL, "first_name", "company.name", "company.domain")
    senders = [Sender(form), Sender(form)]
    tickets = [sender.open().context["ticket"] for sender in senders]
    start, answers = threading.Barrier(2), []

    def work(sender: Sender, ticket: str) -> None:
        try:
            start.wait()
            data = {"ticket": ticket, "email": "ann@acme.example", "first_name": "Ann"}
            company = {"company_name": "Acme", "company_domain": "acme.example"}
            answers.append(sender.client.post(sender.url, data | company).status_code)
        finally:
            connection.close()

    for name in ("is_too_quick", "is_stale"):  # threads share no frozen clock
        monkeypatch.setattr(Ticket, name, lambda _ticket, _now: False)
    workers = [threading.Thread(target=work, args=pair) for pair in zip(senders, tickets, strict=True)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert answers == [302, 302]
    assert (Lead.objects.count(), Company.objects.count()) == (1, 1)
    assert (Submission.objects.count(), Event.objects.count(), StageChange.objects.count()) == (2, 2, 1)


@pytest.mark.parametrize(
    ("address", "told", "name"),
    [
        ("ann@acme.example", {}, "Acme Inc"),
        ("ann@gmail.com", {}, None),
        ("ann@gmail.com", {"company_name": "Free Spirits"}, "Free Spirits"),
        ("ann@acme.example", {"company_name": "ACME"}, "Acme Inc"),
        ("ann@other.example", {}, None),
    ],
    ids=["by domain", "free mail", "free mail, named", "named alike", "unknown domain"],
)
def test_the_company_is_found_as_an_import_finds_it(
    db: None, address: str, told: dict[str, Any], name: str | None
) -> None:
    Company.objects.create(name="Acme Inc", domain="acme.example")
    Sender(build_form(EMAIL, "company.name"))(email=address, **told)
    company = Lead.objects.get().company
    assert (company.name if company else None) == name


def test_facts_of_a_company_are_filled_in_and_known_ones_stay(make_lead: MakeLead) -> None:
    company = Company.objects.create(name="Acme", domain="acme.example", industry="Steel")
    other = make_lead(company="Acme")
    Sender(build_form(EMAIL, "company.industry", "company.employees"))(
        email="ann@acme.example", company_industry="Toys", company_employees="250"
    )
    company.refresh_from_db()
    assert (company.industry, company.employees) == ("Steel", 250)
    assert Lead.objects.get(email="ann@acme.example").company == company
    assert ChangedLead.objects.filter(lead=other).exists()


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("https://www.Acme.example/about?x=1", "acme.example"),
        ("acme.example", "acme.example"),
        ("gmail.com", None),
        ("hello world", 422),
        ("acme", 422),
    ],
    ids=["address", "domain", "free mail", "words", "no dot"],
)
def test_the_website_is_the_companys_domain(db: None, typed: str, domain: str | int | None) -> None:
    answer = Sender(build_form(EMAIL, "company.domain"))(email="ann@gmail.com", company_domain=typed)
    if domain == 422:
        assert answer.status_code == 422
        return
    company = Lead.objects.get().company
    assert (company.domain if company else None) == domain


def test_a_text_that_grows_when_it_is_composed_still_fits(db: None) -> None:
    growing = "\u0958" * 250
    form = build_form(EMAIL, "company.name", "first_name")
    answer = Sender(form)(email="ann@acme.example", company_name=growing, first_name=growing[:150])
    assert answer.status_code == 302
    assert len(Company.objects.get().name) == 250


LINK = "?utm_source=Newsletter&utm_medium=mail&utm_campaign=Spring+2026&utm_content=a&utm_term=b"


def test_utm_parameters_are_source_and_campaign_of_a_new_lead(db: None) -> None:
    Sender(build_form(), LINK)(email="ann@acme.example")
    lead = Lead.objects.get()
    assert (str(lead.source), str(lead.campaign)) == ("Newsletter", "Spring 2026")
    assert Submission.objects.get().utm == {
        "utm_source": "Newsletter",
        "utm_medium": "mail",
        "utm_campaign": "Spring 2026",
        "utm_content": "a",
        "utm_term": "b",
    }


def test_a_later_touch_is_kept_with_the_event_only(db: None) -> None:
    form = build_form()
    Sender(form, LINK)(email="ann@acme.example")
    Sender(form, "?utm_source=Fair&utm_campaign=Autumn")(email="ann@acme.example", first_name="Ann")
    lead = Lead.objects.get()
    assert (str(lead.source), str(lead.campaign)) == ("Newsletter", "Spring 2026")
    latest = Event.objects.filter(lead=lead).latest("pk").properties
    assert (latest["utm_source"], latest["utm_campaign"]) == ("Fair", "Autumn")
    assert not Source.objects.filter(name="Fair").exists()


@pytest.mark.parametrize(
    ("query", "referrer", "source"),
    [
        ("", "https://www.duckduckgo.com/?q=private", "duckduckgo.com"),
        ("?utm_source=Fair", "https://www.duckduckgo.com/", "Fair"),
        ("", "https://www.acme-embeds.example/demo", "Website"),
        ("", "http://testserver/elsewhere", "Website"),
        ("", "", "Website"),
        ("", "javascript:alert(1)", "Website"),
    ],
    ids=["referrer", "link before referrer", "our own site", "our own page", "nothing", "nonsense"],
)
def test_else_the_referrer_is_the_source_else_what_the_form_says(
    db: None, query: str, referrer: str, source: str
) -> None:
    usual = Source.objects.create(name="Website")
    form = build_form(source=usual, allowed_sites=["https://www.acme-embeds.example"])
    Sender(form, query, headers={"Referer": referrer} if referrer else {})(email="ann@acme.example")
    assert str(Lead.objects.get().source) == source
    assert "private" not in Submission.objects.get().referrer


def test_a_form_says_type_campaign_and_event_of_new_leads(db: None) -> None:
    kind = LeadType.objects.get(key="existing_customer")
    campaign = Campaign.objects.create(name="Always")
    demo = EventType.objects.get(key="demo_requested")
    Sender(build_form(lead_type=kind, campaign=campaign, event_type=demo))(email="ann@acme.example")
    lead = Lead.objects.get()
    assert (lead.lead_type, lead.campaign, lead.events.get().event_type) == (kind, campaign, demo)


def test_custom_fields_are_kept_typed_and_a_message_with_the_event(db: None) -> None:
    for key, kind, choices in (
        ("seats", "number", []), ("budget", "money", []), ("start", "date", []),
        ("size", "choice", ["S", "L"]), ("partner", "yes_no", []), ("remark", "text", []),
    ):  # fmt: skip
        CustomField.objects.create(key=key, name=key.title(), kind=kind, choices=choices)
    keys = ("seats", "budget", "start", "size", "partner", "remark")
    form = build_form(EMAIL, "message", *(f"custom.{key}" for key in keys))
    Sender(form)(
        email="ann@acme.example", message="Call me", custom_seats="12", custom_budget="99.50",
        custom_start="2027-02-01", custom_size="L", custom_partner="no", custom_remark=" fine ",
    )  # fmt: skip
    lead = Lead.objects.get()
    assert lead.custom == {
        "seats": 12, "budget": 99.5, "start": "2027-02-01", "size": "L", "partner": False, "remark": "fine",
    }  # fmt: skip
    assert lead.events.get().properties["message"] == "Call me"
    assert Submission.objects.get().values["custom.seats"] == 12


def test_a_custom_field_that_is_gone_is_not_asked(db: None) -> None:
    form = build_form(EMAIL, "custom.gone")
    assert Sender(form).asked() == ["email"]
    assert Sender(form)(email="ann@acme.example").status_code == 302


def test_do_not_email_stays_and_the_consent_is_on_record(make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@acme.example", do_not_email=True, consent="withdrawn", consent_at=NOW)
    form = build_form(consent_mode="optional", consent_text="You may write to me.")
    Sender(form)(email="ann@acme.example")
    lead.refresh_from_db()
    assert (lead.do_not_email, lead.consent) == (True, "withdrawn")
    Sender(form)(email="ann@acme.example", first_name="Ann", consent="on")
    lead.refresh_from_db()
    assert (lead.do_not_email, lead.consent, lead.consent_source) == (True, "granted", "Demo (v1)")
    told = lead.events.latest("pk").properties
    assert (told["consent"], told["do_not_email"]) == ("granted", "kept")


def test_consent_is_granted_only_by_ticking_and_keeps_the_text_as_shown(db: None) -> None:
    form = build_form(consent_mode="optional", consent_text="You may write to me.")
    sender = Sender(form)
    ticket = sender.open().context["ticket"]
    CaptureForm.objects.update(consent_text="And phone me.", consent_version=2)
    sender.send({"ticket": ticket, "email": "ann@acme.example", "consent": "on"}, NOW + timedelta(seconds=9))
    Sender(form)(email="bob@acme.example")
    ann, bob = Lead.objects.get(email__startswith="ann"), Lead.objects.get(email__startswith="bob")
    assert (ann.consent, ann.consent_at) == ("granted", NOW + timedelta(seconds=9))
    assert (bob.consent, bob.consent_at) == ("unknown", None)
    first, second = Submission.objects.order_by("pk")
    assert (first.consent_given, first.consent_text, first.consent_version) == (True, "You may write to me.", 1)
    assert (second.consent_given, second.consent_text) == (False, "And phone me.")


def test_leaving_the_box_empty_withdraws_nothing(make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@acme.example", consent="granted", consent_at=NOW, consent_source="Fair")
    Sender(build_form(consent_mode="optional", consent_text="You may."))(email="ann@acme.example")
    lead.refresh_from_db()
    assert (lead.consent, lead.consent_source) == ("granted", "Fair")


def test_a_refusal_of_the_lead_is_said_at_its_question(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Sender(build_form(EMAIL, "company.domain"))(email="ann@acme.example", company_domain="x" * 300)
    assert answer.status_code == 422
    assert not Lead.objects.exists()


def test_nothing_is_half_saved(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**kwargs: Any) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("leads.capture.submit.record_event", broken)
    with pytest.raises(RuntimeError):
        Sender(build_form())(email="ann@acme.example")
    assert not Lead.objects.exists()
    assert not Submission.objects.exists()


def test_links_do_not_fill_the_lists_without_end(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "MOST_NAMES", Source.objects.count() + 1)
    form = build_form(source=Source.objects.create(name="Our form"))
    for name in ("Nonsense 1", "our FORM"):
        Sender(form, f"?utm_source={name}")(email=f"{name[-1]}@acme.example")
    assert {str(lead.source) for lead in Lead.objects.all()} == {"Our form"}
    assert Submission.objects.order_by("pk")[0].utm == {"utm_source": "Nonsense 1"}
