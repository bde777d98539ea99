"""Where somebody came from, as tables of values."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from leads.capture.touch import Touch, bare_address, host_of, origin_of, utm_of, utm_of_address
from leads.limits import address_of


@pytest.mark.parametrize(
    ("given", "bare", "origin", "host"),
    [
        ("https://www.Acme.com/a?b=c#d", "https://www.Acme.com/a", "https://www.acme.com", "acme.com"),
        ("http://user:secret@acme.com:8080/", "http://acme.com:8080/", "http://acme.com:8080", "acme.com"),
        ("https://acme.com", "https://acme.com", "https://acme.com", "acme.com"),
        ("android-app://com.google.android.gm", "", "", ""),
        ("javascript:alert(1)", "", "", ""),
        ("//acme.com", "", "", ""),
        ("http://[", "", "", ""),
        ("", "", "", ""),
        (None, "", "", ""),
    ],
)
def test_addresses(given: str | None, bare: str, origin: str, host: str) -> None:
    assert (bare_address(given), origin_of(given), host_of(given)) == (bare, origin, host)


def test_utm_parameters_are_tidied_cut_and_nothing_else_is_taken() -> None:
    given = {
        "utm_source": " Fair\n 2026 ",
        "utm_term": "x" * 300,
        "utm_medium": "",
        "utm_id": "1",
        "x": "y",
        "utm_content": "a\x00b",
    }
    assert utm_of(given) == {"utm_source": "Fair 2026", "utm_term": "x" * 200, "utm_content": "ab"}
    assert utm_of_address("https://acme.com/?utm_source=Fair+2026&token=1") == {"utm_source": "Fair 2026"}
    assert utm_of_address("https://acme.com/?" + "a=1&" * 5_000) == {}


@pytest.mark.parametrize(
    ("touch", "source"),
    [
        (Touch(), ""),
        (Touch(utm={"utm_source": "Fair"}, referrer="https://duckduckgo.com/"), "Fair"),
        (Touch(referrer="https://duckduckgo.com/"), "duckduckgo.com"),
        (Touch(page="https://acme.com/demo", referrer="https://www.acme.com/"), ""),
        (Touch(page="https://forms.acme.com/f", referrer="https://www.acme.com/", own=frozenset({"acme.com"})), ""),
    ],
)
def test_the_source(touch: Touch, source: str) -> None:
    assert touch.source == source


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("8.8.8.8", "", "8.8.8.8"),
        ("8.8.8.8", "9.9.9.9", "8.8.8.8"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "1.1.1.1, 9.9.9.9, 10.0.0.3", "9.9.9.9"),
        ("10.0.0.2", "10.0.0.7", "10.0.0.2"),
        ("::1", "2a00:1450::1", "2a00:1450::/64"),
        ("2a00:1450:0:1:ffff::7", "", "2a00:1450:0:1::/64"),
        ("::1", "::ffff:9.9.9.9", "9.9.9.9"),
        ("", "", ""),
    ],
)
def test_who_asks_behind_a_proxy(remote: str, forwarded: str, address: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert address_of(request) == address
