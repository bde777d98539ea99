"""Signing in and out, a forgotten password, and the pages that tell of errors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.template.loader import get_template
from django.test import Client, override_settings
from django.urls import reverse
from redis.exceptions import RedisError

from people.models import User
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = PASSWORD) -> int:
    return client.post(reverse("account_login"), {"login": email, "password": password}).status_code


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("account_login", "Sign in"),
        ("account_reset_password", "Forgotten password"),
        ("account_reset_password_done", "Look into your mail"),
        ("account_reset_password_from_key_done", "Your password is changed"),
        ("account_signup", "Accounts are given out"),
        ("account_inactive", "This account is switched off"),
    ],
)
def test_a_signed_out_page_shows_in_baton_s_frame(client: Client, name: str, text: str) -> None:
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert text in page.content.decode()
    assert "css/baton" in page.content.decode()


def test_the_address_signs_in_whatever_its_case(client: Client, owner: User) -> None:
    assert sign_in(client, owner.email.upper()) == 302
    assert client.session["_auth_user_id"] == str(owner.pk)


def test_a_wrong_password_is_said_without_telling_whether_the_address_exists(client: Client, owner: User) -> None:
    wrong = client.post(reverse("account_login"), {"login": owner.email, "password": "nonsense"}).content.decode()
    unknown = client.post(reverse("account_login"), {"login": "no@baton.example", "password": "no"}).content.decode()
    said = re.compile(r'class="mb-0">\s*<li>(.*?)</li>', re.DOTALL)
    assert said.findall(wrong) == said.findall(unknown) != []
    assert "_auth_user_id" not in client.session


def test_a_person_who_is_switched_off_is_not_let_in(client: Client, owner: User) -> None:
    owner.is_active = False
    owner.save(update_fields=["is_active"])
    sign_in(client, owner.email)
    assert "_auth_user_id" not in client.session


def test_signing_out_is_a_post(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert client.get(reverse("account_logout")).status_code == 200
    assert "_auth_user_id" in client.session
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_renewed_by_mail(client: Client, owner: User) -> None:
    client.post(reverse("account_reset_password"), {"email": owner.email})
    (message,) = mail.outbox
    assert message.subject.endswith("Choose a new password for Baton")
    assert message.to == [owner.email]
    (link,) = re.findall(r"https?://[^/\s]+(/\S+)", str(message.body))
    page = client.get(link, follow=True)
    assert "Choose a new password" in page.content.decode()
    renewed = {"password1": "a tall green bicycle", "password2": "a tall green bicycle"}
    client.post(page.request["PATH_INFO"], renewed)
    assert sign_in(client, owner.email, "a tall green bicycle") == 302
    again = client.get(link, follow=True).content.decode()
    assert "This link does not work any more" in again


def test_an_unknown_address_is_told_by_mail_not_on_the_page(client: Client, owner: User) -> None:
    known = client.post(reverse("account_reset_password"), {"email": owner.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@baton.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert mail.outbox[-1].to == ["nobody@baton.example"]
    assert "nobody signs in to Baton with this address" in str(mail.outbox[-1].body)


@pytest.mark.parametrize("known", [True, False])
def test_a_mail_server_that_is_down_is_said(client: Client, owner: User, known: bool, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = client.post(reverse("account_reset_password"), {"email": owner.email if known else "no@baton.example"})
    assert page.status_code == 503
    assert "The mail could not be sent" in page.content.decode()


def test_without_redis_one_signs_in_all_the_same(client: Client, owner: User, settings: Any) -> None:
    """Rate limits live in Redis; where it is away, nobody is held back."""
    gone = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": gone}
    assert sign_in(client, owner.email, "nonsense") == 200
    assert sign_in(client, owner.email) == 302
    assert client.post(reverse("account_reset_password"), {"email": owner.email}).status_code == 302
    with pytest.raises(RedisError):
        cache.get("anything")


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_stands_on_its_own(code: str) -> None:
    with override_settings(STORAGES={"staticfiles": {"BACKEND": "no.such.Storage"}}):
        html = get_template(f"{code}.html").render()
    assert code[:3] in html
    assert 'href="/static/css/baton.css"' in html


def test_a_form_without_its_token_is_explained(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.post(reverse("account_login"), {"login": owner.email, "password": PASSWORD})
    assert page.status_code == 403
    assert "open for too long" in page.content.decode()
