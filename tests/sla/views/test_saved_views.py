"""Views of the list kept by name: whose they are, who changes them, and with which one the list opens."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import ListChoice, SavedView
from people.models import User
from tests.cast import MakeLead

URL = reverse("lead-list")


def create(client: Client, **fields: str) -> Any:
    return client.post(reverse("view-create"), {"name": "Hot", "query": "score_from=50&sort=-score", **fields})


def test_a_list_is_kept_with_its_filters_order_and_columns(client: Client, owner: User) -> None:
    ListChoice.objects.create(user=owner, columns=["phone"])
    client.force_login(owner)

    response = create(client)

    view = SavedView.objects.get()
    assert (view.owner, view.query, view.columns, view.is_shared) == (
        owner,
        "score_from=50&sort=-score",
        ["phone"],
        False,
    )
    assert response["Location"] == f"{URL}?score_from=50&sort=-score&view={view.pk}"
    html = client.get(response["Location"]).content.decode()
    assert f'href="{URL}?score_from=50&amp;sort=-score&amp;view={view.pk}"' in html
    assert "Save the view" not in html
    assert "Save the view" in client.get(f"{URL}?score_from=60&view={view.pk}").content.decode()


def test_a_name_is_used_once(client: Client, owner: User, marketer: User) -> None:
    client.force_login(owner)
    create(client)
    response = create(client)
    assert response.status_code == 422
    assert "You have a view of this name already." in response.content.decode()
    client.force_login(marketer)
    assert create(client, is_shared="on").status_code == 302
    assert SavedView.objects.count() == 2


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 81}, {"query": "x" * 4_001}, {"name": "a\x00"}])
def test_what_cannot_be_kept_is_refused(client: Client, owner: User, fields: dict[str, str]) -> None:
    client.force_login(owner)
    assert create(client, **fields).status_code == 422
    assert not SavedView.objects.exists()


def test_who_may_not_share_keeps_it_to_themselves(
    client: Client, owner: User, colleague: User, marketer: User, manager: User
) -> None:
    for user, name in ((owner, "Mine"), (marketer, "Ours")):
        client.force_login(user)
        create(client, name=name, is_shared="on")
    assert set(SavedView.objects.visible_to(colleague).values_list("name", flat=True)) == {"Ours"}
    assert set(SavedView.objects.changeable_by(colleague)) == set()
    assert set(SavedView.objects.changeable_by(manager).values_list("name", flat=True)) == {"Ours"}
    client.force_login(colleague)
    mine = SavedView.objects.get(name="Mine")
    for name in ("view-edit", "view-save", "view-delete", "view-default"):
        assert client.post(reverse(name, args=[mine.pk])).status_code == 404
    assert f"view={mine.pk}" not in client.get(URL).content.decode()


def test_rename_share_save_and_delete(client: Client, marketer: User) -> None:
    client.force_login(marketer)
    create(client)
    view = SavedView.objects.get()
    client.post(reverse("view-edit", args=[view.pk]), {"name": "Hotter", "is_shared": "on"})
    client.post(reverse("view-save", args=[view.pk]), {"query": "stage=3"})
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("Hotter", True, "stage=3")
    assert client.post(reverse("view-delete", args=[view.pk]))["Location"] == f"{URL}?view=all"
    assert not SavedView.objects.exists()


def test_the_list_opens_with_the_view_that_is_ones_own_first(client: Client, owner: User, make_lead: MakeLead) -> None:
    client.force_login(owner)
    create(client)
    view = SavedView.objects.get()
    client.post(reverse("view-default", args=[view.pk]))
    assert client.get(URL)["Location"] == f"{URL}?score_from=50&sort=-score&view={view.pk}"
    assert client.get(f"{URL}?view=all").status_code == 200
    client.post(reverse("view-default", args=[view.pk]))
    assert client.get(URL).status_code == 200
    client.post(reverse("view-default", args=[view.pk]))
    view.delete()
    assert client.get(URL).status_code == 200


def test_columns_of_a_view_are_its_owners(client: Client, marketer: User, owner: User) -> None:
    client.force_login(marketer)
    create(client, is_shared="on")
    view = SavedView.objects.get()
    client.post(reverse("list-columns"), {"column": ["phone"], "view": str(view.pk), "query": view.query})
    view.refresh_from_db()
    assert view.columns == ["phone"]
    client.force_login(owner)
    client.post(reverse("list-columns"), {"column": ["city"], "view": str(view.pk), "query": view.query})
    view.refresh_from_db()
    assert view.columns == ["phone"]
    assert ListChoice.objects.get(user=owner).columns == ["city"]
    html = client.get(f"{URL}?view={view.pk}").content.decode()
    assert "Show these" not in html


@pytest.mark.parametrize("view", ["x", "9" * 30, "-1", "\x00", "²"])
def test_a_view_that_is_none_is_no_error(client: Client, owner: User, view: str) -> None:
    client.force_login(owner)
    assert client.get(URL, {"view": view}).status_code == 200
    assert client.post(reverse("list-columns"), {"view": view}).status_code == 302
