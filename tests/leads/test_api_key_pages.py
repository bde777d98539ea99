"""Handing out keys of the API in the browser."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import ApiKey
from leads.services.api_keys import issue_key, key_of
from people.history import Told, history_of
from people.models import User
from tests.cast import NOW
from tests.forms import send

CREATE = reverse("api-key-create")


@pytest.fixture
def client(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def build_key(by: User, name: str = "CRM") -> ApiKey:
    return issue_key(name=name, scopes=["leads:read"], per_minute=60, by=by, now=NOW)[0]


def test_the_secret_is_shown_once_with_an_example(client: Client, administrator: User) -> None:
    response = send(client, CREATE, {"name": "Website", "scopes": ["leads:write", "events:write"], "per_minute": "90"})

    html = response.content.decode()
    key = ApiKey.objects.get()
    found = re.search(r'id="secret">(bt_[\w-]{43})<', html)
    assert found is not None
    assert key_of(found[1]) == key
    assert (key.name, key.scopes, key.per_minute) == ("Website", ["events:write", "leads:write"], 90)
    assert key.created_by == administrator
    assert f"Authorization: Bearer {found[1]}" in html
    assert "no-store" in response["Cache-Control"]
    for page in (reverse("api-key-list"), reverse("api-key-edit", args=[key.pk])):
        assert found[1] not in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"scopes": None}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"per_minute": "0"}, "per_minute"),
        ({"per_minute": "100001"}, "per_minute"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client: Client, change: dict[str, object], field: str) -> None:
    sound = {"name": "Website", "scopes": ["leads:write"], "per_minute": "90"}

    response = send(client, CREATE, sound | change)

    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not ApiKey.objects.exists()


def test_changed_with_a_history_of_who(client: Client, administrator: User) -> None:
    key = build_key(administrator)

    send(client, reverse("api-key-edit", args=[key.pk]), {"name": "New CRM", "scopes": ["events:write"]})
    client.post(reverse("api-key-revoke", args=[key.pk]))

    key.refresh_from_db()
    assert (key.name, key.scopes, key.revoked_at is not None) == ("New CRM", ["events:write"], True)
    changes = history_of(Told.of(key))
    assert [(change.kind, change.who) for change in changes][:2] == [("update", administrator.name)] * 2
    assert client.get(reverse("api-key-edit", args=[key.pk])).status_code == 200


def test_revoked_is_for_good(client: Client, administrator: User) -> None:
    key = build_key(administrator)
    for _ in range(2):
        assert client.post(reverse("api-key-revoke", args=[key.pk])).status_code == 302
    first = ApiKey.objects.get().revoked_at

    assert b"revoked" in client.get(reverse("api-key-list")).content
    client.post(reverse("api-key-revoke", args=[key.pk]))
    assert ApiKey.objects.get().revoked_at == first


def test_an_empty_list_says_what_to_do(client: Client) -> None:
    assert CREATE in client.get(reverse("api-key-list")).content.decode()


def test_the_list_names_those_that_open_something_first(client: Client, administrator: User) -> None:
    for name in ("B", "A", "C"):
        build_key(administrator, name)
    client.post(reverse("api-key-revoke", args=[ApiKey.objects.get(name="A").pk]))

    assert [key.name for key in client.get(reverse("api-key-list")).context["keys"]] == ["B", "C", "A"]
