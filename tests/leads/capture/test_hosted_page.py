"""The public page of a form: whom it asks what, who may frame it, and whom it turns away kindly."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client, override_settings

from leads.capture.pages import PER_ADDRESS
from leads.capture.tokens import KNOWN_FOR, Ticket, known_lead_token, lead_id_of, ticket_of
from leads.models import CaptureForm, Company, Event, Lead, Submission, Visitor
from tests.cast import NOW, MakeLead
from tests.forms import filled
from tests.leads.capture.building import EMAIL, Sender, build_form

PROGRESSIVE: list[dict[str, Any] | str] = [
    EMAIL,
    "first_name",
    *({"what": what, "progressive": True} for what in ("job_title", "phone", "company.name", "country")),
]


def test_the_page_needs_no_session_and_sets_no_cookie(db: None) -> None:
    answer = Sender(build_form(intro="One line\n\nand another")).open()
    assert answer.cookies == {}
    html = answer.content.decode()
    assert "navbar" not in html
    assert "<p>One line</p>" in html
    assert 'autocomplete="given-name"' in html
    assert "no-store" in answer["Cache-Control"]


def test_it_is_sent_without_a_cookie_as_from_a_frame_of_another_site(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert Sender(build_form(), client=strict)(email="ann@acme.example").status_code == 302


def test_an_unknown_person_is_asked_the_first_few_progressive_questions(db: None) -> None:
    form = build_form(*PROGRESSIVE, ask_at_once=2)
    assert Sender(form).asked() == ["email", "first_name", "job_title", "phone"]


@pytest.mark.parametrize("by", ["link in a mail", "visitor in the address", "visitor in a cookie"])
def test_a_known_person_is_asked_what_is_not_known_yet(make_lead: MakeLead, by: str) -> None:
    company = Company.objects.create(name="Secret Ltd")
    lead = make_lead(email="ann@acme.example", first_name="Secretname", job_title="Chief", company=company)
    visitor = Visitor.objects.create(lead=lead)
    sender = Sender(build_form(*PROGRESSIVE, ask_at_once=2))
    if by == "link in a mail":
        sender.query = f"?k={known_lead_token(lead)}"
    elif by == "visitor in the address":
        sender.query = f"?v={visitor.uuid}"
    else:
        sender.client.cookies["baton_v"] = visitor.uuid.hex
    assert sender.asked() == ["email", "first_name", "phone", "country"]
    html = sender.open().content.decode()
    assert not any(secret in html for secret in ("Secret", "Chief", "ann@acme.example"))


def test_who_is_known_need_not_give_an_address_that_is_asked_progressively(make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@acme.example", phone="")
    form = build_form({"what": "email", "required": True, "progressive": True}, {"what": "phone", "progressive": True})
    sender = Sender(form, f"?k={known_lead_token(lead)}")
    assert sender.asked() == ["phone"]
    assert sender(phone="555").status_code == 302
    lead.refresh_from_db()
    assert (lead.phone, Lead.objects.count()) == ("555", 1)


def test_somebody_who_was_deleted_in_between_is_asked_for_an_address(make_lead: MakeLead) -> None:
    lead = make_lead(phone="")
    form = build_form({"what": "email", "required": True, "progressive": True}, {"what": "phone", "progressive": True})
    sender = Sender(form, f"?k={known_lead_token(lead)}")
    ticket = sender.open().context["ticket"]
    lead.delete()
    answer = sender.send({"ticket": ticket, "phone": "555"}, NOW + timedelta(seconds=9))
    assert answer.status_code == 422
    assert not Lead.objects.exists()
    again = filled(answer.content.decode(), "ticket")
    assert again["phone"] == ["555"]
    assert sender.send({**again, "email": "ann@acme.example"}, NOW + timedelta(seconds=20)).status_code == 302
    assert Lead.objects.get().phone == "555"


def test_somebody_of_whom_everything_is_known_only_presses_the_button(make_lead: MakeLead) -> None:
    lead = make_lead(email="ann@acme.example", phone="1")
    form = build_form({"what": "email", "required": True, "progressive": True}, {"what": "phone", "progressive": True})
    sender = Sender(form, f"?k={known_lead_token(lead)}")
    assert sender.asked() == []
    assert sender().status_code == 302
    assert lead.events.count() == 1


def test_another_address_is_another_person(make_lead: MakeLead) -> None:
    ann = make_lead(email="ann@acme.example", first_name="Ann", phone="")
    visitor = Visitor.objects.create(lead=ann, first_seen=NOW)
    Sender(build_form(EMAIL, "phone"), f"?v={visitor.uuid}")(email="bob@acme.example", phone="555")
    ann.refresh_from_db()
    bob = Lead.objects.get(email="bob@acme.example")
    assert (ann.phone, bob.phone, bob.first_name) == ("", "555", "")
    visitor.refresh_from_db()
    assert (visitor.lead, visitor.ended_at) == (ann, NOW + timedelta(seconds=30))
    assert Visitor.objects.get(uuid=visitor.uuid, ended_at=None).lead == bob


def test_a_link_of_a_mail_is_known_for_a_year_and_cannot_be_forged(make_lead: MakeLead) -> None:
    lead = make_lead()
    with time_machine.travel(NOW, tick=False):
        token = known_lead_token(lead)
    for after, known in ((timedelta(0), lead.pk), (KNOWN_FOR, lead.pk), (KNOWN_FOR + timedelta(seconds=1), None)):
        with time_machine.travel(NOW + after, tick=False):
            assert lead_id_of(token) == known
    with time_machine.travel(NOW, tick=False):
        assert lead_id_of(token[:-2] + "xx") is None
        assert lead_id_of("") is None


def test_a_page_in_a_frame_says_which_sites_may_frame_it(db: None) -> None:
    sites = ["https://www.acme.example", "https://*.acme.example"]
    for allowed, ancestors in (([], "frame-ancestors *"), (sites, f"frame-ancestors {' '.join(sites)}")):
        form = build_form(name=f"Form {len(allowed)}", allowed_sites=allowed)
        framed = Sender(form, embed=True)
        answer = framed(email="ann@acme.example")
        assert answer["Location"] == f"/f/{form.key}/embed/thanks/"
        for shown in (framed.open(), framed.client.get(answer["Location"]), framed.send({})):
            assert ancestors in shown["Content-Security-Policy"].split("; ")
            assert "X-Frame-Options" not in shown
        alone = Sender(form).open()
        assert "frame-ancestors 'none'" in alone["Content-Security-Policy"]
        assert alone["X-Frame-Options"] == "DENY"


def test_what_people_do_not_see_catches_a_bot_and_keeps_nothing(db: None) -> None:
    form = build_form()
    answer = Sender(form)(email="bot@spam.example", website_url="https://spam.example")
    assert (answer.status_code, answer["Location"]) == (302, f"/f/{form.key}/thanks/")
    form.refresh_from_db()
    assert form.bots_caught == 1
    assert not any(model.objects.exists() for model in (Lead, Submission, Event, Visitor))


@pytest.mark.parametrize(
    ("after", "taken"), [(1.9, False), (2, True), (12 * 3600, True), (12 * 3600 + 1, False)], ids=str
)
def test_too_quick_and_too_old_are_told_kindly_and_keep_what_was_typed(db: None, after: float, taken: bool) -> None:
    sender = Sender(build_form())
    answer = sender(after=after, email="ann@acme.example", first_name="Ann")
    assert answer.status_code == (302 if taken else 422)
    if taken:
        return
    html = answer.content.decode()
    assert 'value="ann@acme.example"' in html
    assert 'value="Ann"' in html
    assert 'role="alert"' in html
    again = sender.send(filled(html, "ticket"), NOW + timedelta(seconds=after + 1))
    assert again.status_code == 302
    assert Lead.objects.get().first_name == "Ann"


@pytest.mark.parametrize("ticket", ["", "nonsense", "x" * 30_000, None], ids=["empty", "nonsense", "huge", "none"])
def test_a_ticket_that_is_not_ours_is_told_the_same_way(db: None, ticket: str | None) -> None:
    sender = Sender(build_form())
    data = {"email": "ann@acme.example"} | ({} if ticket is None else {"ticket": ticket})
    answer = sender.send(data)
    assert answer.status_code == 422
    assert 'value="ann@acme.example"' in answer.content.decode()


def test_a_ticket_of_another_form_is_none(db: None) -> None:
    other, form = build_form(name="Other"), build_form()
    ticket = Ticket(form=other.key, shown_at=NOW, asked=()).signed()
    assert ticket_of(ticket, other.key) is not None
    assert ticket_of(ticket, form.key) is None
    assert Sender(form).send({"ticket": ticket, "email": "ann@acme.example"}).status_code == 422


def test_one_address_may_send_so_often_and_keeps_what_was_typed(db: None) -> None:
    form = build_form()
    ticket = Sender(form).open().context["ticket"]
    at = NOW + timedelta(seconds=60)
    for number in range(PER_ADDRESS.number):
        assert Sender(form).send({"ticket": ticket, "email": f"a{number}@acme.example"}, at).status_code == 302
    answer = Sender(form).send({"ticket": ticket, "email": "more@acme.example"}, at)
    assert (answer.status_code, answer["Retry-After"]) == (429, str(PER_ADDRESS.seconds - 60))
    assert 'value="more@acme.example"' in answer.content.decode()
    elsewhere = Sender(form, headers={"X-Forwarded-For": "203.0.113.9, 8.8.8.8"})
    assert elsewhere.send({"ticket": ticket, "email": "more@acme.example"}, at).status_code == 302
    other = build_form(name="Other")
    assert Sender(other)(email="other@acme.example").status_code == 302
    later = NOW + timedelta(seconds=PER_ADDRESS.seconds)
    assert Sender(form).send({"ticket": ticket, "email": "later@acme.example"}, later).status_code == 302


AWAY = {"default": {"BACKEND": "config.cache.Cache", "LOCATION": "redis://127.0.0.1:1/0"}}


def test_without_redis_nobody_is_held_back(db: None) -> None:
    with override_settings(CACHES=AWAY):
        cache.close()
        for number in range(PER_ADDRESS.number + 1):
            assert PER_ADDRESS.wait("somebody", NOW) == 0, number
        assert Sender(build_form())(email="ann@acme.example").status_code == 302


def test_what_is_wrong_is_said_at_the_field_and_on_top_in_the_forms_language(db: None) -> None:
    form = build_form(EMAIL, {"what": "first_name", "required": True}, language="es")
    answer = Sender(form)(email="nobody", first_name="")
    assert (answer.status_code, answer["Content-Language"]) == (422, "es")
    html = answer.content.decode()
    assert '<html lang="es"' in html
    for text in ("Este campo es obligatorio.", "correo electrónico válid", "Nombre", "Enviar", "corrija", "Corrija"):
        assert text.lower() in html.lower(), text
    assert 'href="#id_email"' in html
    assert 'id="id_email_error"' in html
    assert 'value="nobody"' in html


@pytest.mark.parametrize("language", ["en", "es", "pl", "pt-br"])
def test_every_language_has_every_word(db: None, language: str) -> None:
    from leads.capture.questions import QUESTIONS

    form = build_form(EMAIL, *(what for what in QUESTIONS if what != "email"), language=language)
    html = Sender(form).open().content.decode()
    labels = [field.label for field in Sender(form).open().context["answers"]]
    assert len(set(labels)) == len(QUESTIONS)
    assert all(str(label) in html for label in labels)


def test_consent_may_be_required(db: None) -> None:
    form = build_form(consent_mode="required", consent_text="You may write to me.")
    assert Sender(form)(email="ann@acme.example").status_code == 422
    assert Sender(form)(email="ann@acme.example", consent="on").status_code == 302
    assert Lead.objects.get().consent == "granted"


def test_a_form_that_is_closed_says_so(db: None) -> None:
    form = build_form(is_active=False)
    for embed in (False, True):
        sender = Sender(form, embed=embed)
        assert sender.open().status_code == 410
        assert sender.send({"email": "ann@acme.example"}).status_code == 410
    assert Client().get("/f/nowhere/").status_code == 404


def test_one_goes_on_to_another_address_and_from_a_frame_by_its_page(db: None) -> None:
    form = build_form(redirect_url="https://www.acme.example/thanks?x=1")
    answer = Sender(form)(email="ann@acme.example")
    assert answer["Location"] == "https://www.acme.example/thanks?x=1"
    # The browser follows only where the page's policy lets a form lead.
    assert "form-action 'self' https://www.acme.example" in Sender(form).open()["Content-Security-Policy"]
    framed = Sender(form, embed=True)
    thanks = framed.client.get(framed(email="bob@acme.example")["Location"]).content.decode()
    assert 'data-go-on="https://www.acme.example/thanks?x=1"' in thanks
    assert 'target="_top"' in thanks


def test_the_page_in_a_frame_knows_the_page_around_it(db: None) -> None:
    query = "?page=https://www.acme.example/demo%3Fsecret=1&ref=https://duckduckgo.com/&utm_campaign=Spring"
    Sender(build_form(), query, embed=True)(email="ann@acme.example")
    sent, lead = Submission.objects.get(), Lead.objects.get()
    assert (sent.page, sent.referrer) == ("https://www.acme.example/demo", "https://duckduckgo.com/")
    assert (str(lead.source), str(lead.campaign)) == ("duckduckgo.com", "Spring")


NONSENSE: tuple[Any, ...] = ("\x00", "x" * 20_000, "9" * 400, "%s{}", "\ud83d", "-1")


@pytest.mark.parametrize("embed", [False, True])
def test_nonsense_is_a_refusal(db: None, embed: bool) -> None:
    form = build_form(EMAIL, "company.employees", "message", "company.domain", consent_mode="none")
    for text in NONSENSE:
        safe = text.encode("utf-8", "surrogatepass")
        sender = Sender(form, embed=embed)
        answer = sender(email="ann@acme.example", company_employees=safe, message=safe, company_domain=safe)
        assert answer.status_code < 500, text
        for name in ("v", "k", "page", "ref", "utm_source", "theme"):
            assert sender.client.get(sender.url, {name: safe}).status_code < 500, (name, text)
        answer = Sender(form, f"?v={uuid.uuid4()}&utm_source=%00&page=http://[", embed=embed)(
            email=f"{len(text)}@acme.example"
        )
        assert answer.status_code == 302
    body = Client().post(f"/f/{form.key}/", b"\xff--", content_type="multipart/form-data; boundary=x")
    assert body.status_code < 500


def test_a_theme_may_be_asked_for(db: None) -> None:
    form = build_form()
    assert 'data-theme="dark"' in Sender(form, "?theme=dark").open().content.decode()
    assert "data-theme" not in Sender(form, "?theme=pink").open().content.decode()


def test_a_question_added_while_a_page_is_open_is_not_missed(db: None) -> None:
    form = build_form(EMAIL)
    sender = Sender(form)
    ticket = sender.open().context["ticket"]
    form.questions.create(what="phone", required=True)
    answer = sender.send({"ticket": ticket, "email": "ann@acme.example"}, NOW + timedelta(seconds=9))
    assert answer.status_code == 302
    assert CaptureForm.objects.get().submissions.count() == 1
