"""Building a form in the browser: its questions in order, the consent text's versions, copy, close, delete."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from leads.capture.editing import Asked, delete_form, save_form
from leads.models import CaptureForm, CustomField, EventType, Source
from people.models import User
from tests.cast import NOW
from tests.forms import rows, send
from tests.leads.capture.building import EMAIL, Sender, build_form

ASKED = ({"what": "email", "required": "on", "ORDER": 1}, {"what": "first_name", "label": "Call me", "ORDER": 2})


@pytest.fixture
def by(client: Client, marketer: User) -> Client:
    client.force_login(marketer)
    return client


def said(**changes: Any) -> dict[str, Any]:
    """A complete page of the editor."""
    event_type = EventType.objects.get(key="demo_requested")
    usual = {
        "name": "Demo", "title": "Ask for a demo", "language": "en", "consent_mode": "none", "ask_at_once": "2",
        "event_type": event_type.pk,
    }  # fmt: skip
    return {**usual, **rows("questions", *ASKED), **changes}


def create(client: Client, **changes: Any) -> Any:
    return client.post(reverse("capture-create"), said(**changes))


def test_build_a_form_with_its_questions_in_order(by: Client, marketer: User) -> None:
    answer = create(by, source_name="Website", campaign_name="Spring", allowed_sites="acme.com\nHTTPS://*.Acme.com:443")
    form = CaptureForm.objects.get()
    assert answer["Location"] == reverse("capture-detail", args=[form.pk])
    assert (form.created_by, str(form.source), str(form.campaign)) == (marketer, "Website", "Spring")
    assert form.allowed_sites == ["https://acme.com", "https://*.acme.com"]
    assert len(form.key) == 12
    found = list(form.questions.values_list("what", "label", "required", "progressive"))
    assert found == [("email", "", True, False), ("first_name", "Call me", False, False)]
    assert Sender(form).asked() == ["email", "first_name"]


def test_questions_are_moved_added_and_removed_and_keep_their_rows(by: Client) -> None:
    create(by)
    form = CaptureForm.objects.get()
    email = form.questions.get(what="email").pk
    changed = rows(
        "questions",
        {"what": "email", "required": "on", "ORDER": 3},
        {"what": "first_name", "DELETE": "on", "ORDER": 2},
        {"what": "phone", "progressive": "on", "ORDER": 1},
        initial=2,
    )
    assert send(by, reverse("capture-edit", args=[form.pk]), changed, without="questions-").status_code == 302
    assert list(form.questions.values_list("what", flat=True)) == ["phone", "email"]
    assert form.questions.get(what="email").pk == email


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": ""}, "This field is required"),
        ({"title": "x" * 151}, "at most 150 characters"),
        ({"consent_mode": "required"}, "Say what people consent to."),
        ({"redirect_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"redirect_url": "ftp://acme.com"}, "Enter a valid URL."),
        ({"allowed_sites": "acme.com; script-src *"}, "is not an address such as"),
        ({"allowed_sites": "https://acme.com'"}, "is not an address such as"),
        ({"ask_at_once": "21"}, "less than or equal to 20"),
        (rows("questions", {"what": "first_name", "ORDER": 1}), "Ask for the e-mail address"),
        (rows("questions", {"what": "email", "required": "", "ORDER": 1}), "it has to be required"),
        (rows("questions", *ASKED, {"what": "email", "required": "on", "ORDER": 3}), "This is asked already."),
        (rows("questions", {"what": "secret", "ORDER": 1}), "is not one of the available choices"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_and_nothing_is_saved(by: Client, changes: dict[str, Any], text: str) -> None:
    answer = create(by, **changes)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not CaptureForm.objects.exists()


def test_a_name_that_is_taken_is_refused(by: Client) -> None:
    create(by)
    assert "already exists" in create(by).content.decode()


def test_somebody_else_saved_in_between(by: Client) -> None:
    create(by)
    form = CaptureForm.objects.get()
    url = reverse("capture-edit", args=[form.pk])
    shown = by.get(url).context["editor"].seen
    CaptureForm.objects.update(title="Another title")
    answer = by.post(url, said(seen=shown, title="Mine"))
    assert answer.status_code == 422
    assert "Somebody has changed this in the meantime" in answer.content.decode()


def test_a_changed_consent_text_is_a_new_version(by: Client, marketer: User) -> None:
    form = build_form(consent_mode="optional", consent_text="You may write.")
    for text, version in (("You may write.", 1), ("You may write and phone.", 2), ("You may write.", 3)):
        form.consent_text = text
        save_form(form=form, questions=[Asked("email", required=True)], by=marketer, now=NOW)
        form.refresh_from_db()
        assert form.consent_version == version


def test_a_source_is_found_whatever_its_case(by: Client) -> None:
    source = Source.objects.create(name="Website")
    create(by, source_name="WEBSITE ")
    assert CaptureForm.objects.get().source == source


def test_own_fields_can_be_asked_and_a_retired_one_stays(by: Client) -> None:
    CustomField.objects.create(key="size", name="Size of the plant")
    form = build_form(EMAIL, "custom.size")
    CustomField.objects.update(is_active=False)
    html = by.get(reverse("capture-edit", args=[form.pk])).content.decode()
    assert '<option value="custom.size" selected' in html


def test_the_list_counts_what_was_sent(by: Client) -> None:
    form = build_form()
    build_form(name="Other")
    Sender(form)(email="ann@acme.example")
    Sender(form)(email="bob@acme.example")
    found = {row.name: (row.sent, row.last) for row in by.get(reverse("capture-list")).context["forms"]}
    assert found == {"Demo": (2, NOW + timedelta(seconds=30)), "Other": (0, None)}


def test_the_page_of_a_form_shows_submissions_address_and_snippet(by: Client, settings: Any) -> None:
    settings.BATON_BASE_URL = "https://baton.example"
    form = build_form(EMAIL, "message", title='A "demo" & more', consent_mode="optional", consent_text="You may.")
    Sender(form)(email="ann@acme.example", message="Call me", consent="on")
    answer = by.get(reverse("capture-detail", args=[form.pk]))
    html = answer.content.decode()
    for text in ("ann@acme.example", "Call me", "You may.", f"https://baton.example/f/{form.key}/"):
        assert text in html
    assert f'<iframe src="https://baton.example/f/{form.key}/embed/"' in answer.context["snippet"]
    assert 'title="A &quot;demo&quot; &amp; more"' in answer.context["snippet"]
    assert 'src="https://baton.example/static/js/embed.js"' in answer.context["snippet"]


def test_submissions_are_paged_by_key(by: Client) -> None:
    form = build_form()
    for number in range(51):
        Sender(form, headers={"X-Forwarded-For": f"8.8.8.{number}"})(email=f"a{number}@acme.example")
    first = by.get(reverse("capture-detail", args=[form.pk])).context["page"]
    second = by.get(reverse("capture-detail", args=[form.pk]) + first.next_url).context["page"]
    assert (len(first.rows), len(second.rows), second.next_url) == (50, 1, "")
    assert (first.rows[0].values["email"], second.rows[0].values["email"]) == ("a50@acme.example", "a0@acme.example")


def test_the_preview_shows_a_closed_form_too_and_sends_nothing(by: Client) -> None:
    form = build_form(EMAIL, {"what": "phone", "progressive": True}, is_active=False)
    url = reverse("capture-preview", args=[form.pk])
    assert f"{url}?framed=1" in by.get(url).content.decode()
    framed = by.get(f"{url}?framed=1")
    html = framed.content.decode()
    assert 'name="phone"' in html
    assert "disabled" in html
    assert 'name="ticket"' not in html
    assert "frame-ancestors 'self'" in framed["Content-Security-Policy"]
    assert framed["X-Frame-Options"] == "SAMEORIGIN"


def test_a_copy_asks_the_same_at_another_address_and_is_closed(by: Client, marketer: User) -> None:
    form = build_form(consent_mode="optional", consent_text="You may.", name="N" * 120)
    CaptureForm.objects.update(bots_caught=3, consent_version=4)
    for number in range(2):
        by.post(reverse("capture-copy", args=[form.pk]))
        copy = CaptureForm.objects.latest("pk")
        assert copy.key != form.key
        assert (copy.is_active, copy.bots_caught, copy.consent_version, copy.created_by) == (False, 0, 1, marketer)
        assert [one.what for one in copy.questions.all()] == ["email", "first_name", "last_name"]
        assert copy.name.endswith("(copy)" if number == 0 else "(copy 2)")
    assert form.questions.count() == 3


def test_close_and_open(by: Client) -> None:
    form = build_form()
    for on in (False, True):
        by.post(reverse("capture-switch", args=[form.pk]), {"on": "1" if on else "0"})
        form.refresh_from_db()
        assert form.is_active is on


def test_delete_only_what_nobody_has_sent(by: Client) -> None:
    sent, unsent = build_form(), build_form(name="Unsent")
    Sender(sent)(email="ann@acme.example")
    with pytest.raises(ValidationError):
        delete_form(form=sent)
    answer = by.post(reverse("capture-delete", args=[sent.pk]), follow=True)
    assert "Somebody has sent this form" in answer.content.decode()
    by.post(reverse("capture-delete", args=[unsent.pk]))
    assert list(CaptureForm.objects.all()) == [sent]


def test_who_changed_what_is_on_record(by: Client) -> None:
    create(by)
    form = CaptureForm.objects.get()
    send(by, reverse("capture-edit", args=[form.pk]), {"title": "Another title"})
    html = by.get(reverse("capture-edit", args=[form.pk])).content.decode()
    assert "Another title" in html
    assert "Mara Marketer" in html


def test_the_list_costs_the_same_however_many(by: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        build_form(name=f"Form {number}")
    with django_assert_max_num_queries(6):
        by.get(reverse("capture-list"))


def test_what_stands_in_the_editor_is_shown_before_it_is_saved(by: Client) -> None:
    half_done = rows(
        "questions",
        {"what": "email", "required": "on", "ORDER": 2},
        {"what": "phone", "label": "Call me at", "progressive": "on", "ORDER": 1},
        {"what": "first_name", "DELETE": "on", "ORDER": 3},
        {"what": "nonsense", "ORDER": 4},
    )
    changes = {"name": "", "title": "Not saved", "language": "pl", "consent_mode": "optional", "consent_text": "Ok?"}
    answer = by.post(reverse("capture-try"), said(**half_done, **changes))
    html = answer.content.decode()
    assert answer.status_code == 200
    for text in ("Not saved", "Wyślij", "Ok?"):
        assert text in html
    assert html.index("Call me at") < html.index("Adres e-mail")
    assert 'name="first_name"' not in html
    assert not CaptureForm.objects.exists()
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("text", ["\x00", "x" * 20_000, "9" * 25, "-1", "%s{}"], ids=["nul", "long", "9s", "-1", "%"])
def test_nonsense_in_the_preview_is_shown_or_refused(by: Client, text: str) -> None:
    for data in (said(), said(**rows("questions", {"what": text, "label": text, "ORDER": text}))):
        for kept in ({}, {"questions-TOTAL_FORMS": text}):
            spoilt = {name: data[name] if name.endswith("_FORMS") else text for name in data} | kept
            assert by.post(reverse("capture-try"), spoilt).status_code < 500
