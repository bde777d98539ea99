"""Who is no longer signed in comes back to the page they were on, not to an address that cannot be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from django.urls import reverse

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
INBOX = "/inbox/?show=late"


def sign_in(back_to: str) -> str:
    return f"{reverse('account_login')}?{urlencode({'next': back_to}, safe='/')}"


def test_a_page_that_was_asked_for_is_where_one_goes(client: Client) -> None:
    assert client.get(INBOX)["Location"] == sign_in(INBOX)


@pytest.mark.parametrize(
    ("referer", "back_to"),
    [
        (f"http://testserver{INBOX}", f"http://testserver{INBOX}"),
        ("https://elsewhere.example/inbox/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_a_button_leads_back_to_its_page(client: Client, referer: str, back_to: str) -> None:
    response = client.post(reverse("availability"), headers={"Referer": referer})
    assert response.status_code == 302
    assert response["Location"] == sign_in(back_to)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_does_not_become_the_sign_in_page(client: Client, method: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{INBOX}"}
    response = getattr(client, method)(reverse("availability"), headers=headers)
    assert response.status_code == 200
    assert response.content == b""
    assert response["HX-Redirect"] == sign_in(f"http://testserver{INBOX}")


def test_a_page_elsewhere_is_no_way_back(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://elsewhere.example/inbox/"}
    assert client.post(reverse("availability"), headers=headers)["HX-Redirect"] == sign_in("/")
