"""Who may send how much."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from people.models import User
from tests.leads.capture.building import build_form

MUCH = b"E-mail\n" + b"a@x.example\n" * 250_000


def send(client: Client, url: str) -> int:
    return client.post(url, {"file": SimpleUploadedFile("leads.csv", MUCH)}).status_code


@pytest.mark.parametrize("name", ["import-create", "account_login", "lead-create"])
def test_a_stranger_fills_no_disk(db: None, name: str) -> None:
    assert send(Client(), reverse(name)) == 413


def test_a_public_form_takes_what_people_type(db: None) -> None:
    form = build_form()
    for name in ("hosted-form", "hosted-form-embed"):
        assert send(Client(), reverse(name, args=[form.key])) == 413


def test_only_who_may_import_sends_files(client: Client, owner: User, marketer: User, settings: Any) -> None:
    settings.BATON_IMPORT_MEGABYTES = 1
    client.force_login(owner)
    assert send(client, reverse("import-create")) == 413
    client.force_login(marketer)
    assert send(client, reverse("import-create")) == 422, "the view says it at its field"
    assert send(client, reverse("lead-create")) == 413


def test_the_api_says_it_in_its_own_shape(db: None) -> None:
    answer = Client().put("/api/v1/leads", MUCH, content_type="application/json")
    assert answer.status_code == 401
    assert answer.headers["Cache-Control"] == "private, no-store"
