"""Which addresses a webhook may have: none inside our own network, whatever its name says and when."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from leads import outgoing
from leads.models import WebhookDelivery
from leads.services.webhook_delivery import deliver
from leads.services.webhook_endpoints import check_url
from people.models import User
from tests.leads.hooks import NOW, build_delivery, build_endpoint, listening

INSIDE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104 - never bound
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1",
    "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "2002:7f00:1::1", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    assert not outgoing.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside(address: str) -> None:
    assert outgoing.is_public(ipaddress.ip_address(address))


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The resolver says these in turn, the last again and again; the names it was asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com/", "http://example.com/", "https://", "https:///x", "https://user:pw@example.com/",
     "https://example.com/#x", "https://example.com:99999/", "https://exa mple.com/", "https://example.com/\x00",
     "https://example.com\\@127.0.0.1/", "https://[::1/", "javascript:alert(1)", "https://żółw.example/"],
)  # fmt: skip
def test_no_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    resolving(monkeypatch, ["8.8.8.8"])
    with pytest.raises(ValidationError) as refused:
        check_url(url)
    assert list(refused.value.message_dict) == ["url"]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]"])
def test_ways_to_write_loopback(host: str) -> None:
    with pytest.raises(ValidationError):
        check_url(f"https://{host}/hook")


def test_one_inner_address_among_outer_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(ValidationError):
        check_url("https://example.com/hook")


def test_a_name_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any, **_options: Any) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", gone)
    with pytest.raises(ValidationError):
        check_url("https://example.com/hook")


def test_a_setting_lets_inner_addresses_and_plain_http_pass(settings: Any) -> None:
    settings.BATON_WEBHOOK_PRIVATE = True
    assert check_url(" http://127.0.0.1:8080/hook ") == "http://127.0.0.1:8080/hook"


def test_a_name_that_turned_inwards_is_not_sent_to(monkeypatch: pytest.MonkeyPatch, administrator: User) -> None:
    asked = resolving(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    with listening() as listener:
        url = check_url(f"https://rebind.example:{listener.port}/hook")
        build_delivery(build_endpoint(administrator, url))
        deliver(now=NOW)
        assert listener.heard == []

    kept = WebhookDelivery.objects.get()
    assert (asked, kept.state) == (["rebind.example"] * 2, "pending")
    assert "private" in kept.error


def test_the_name_is_not_asked_again_after_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between check and connection the name may turn inwards: the connection goes to the address that was checked."""
    asked = resolving(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    connected: list[Any] = []

    def create_connection(address: tuple[str, int], *_args: Any, **_options: Any) -> None:
        connected.append(address)
        raise OSError("no network here")

    monkeypatch.setattr("urllib3.util.connection.create_connection", create_connection)
    target = outgoing.target_of("https://rebind.example/hook", private=False)
    reply = outgoing.post(target, b"{}", {})

    assert (asked, connected) == (["rebind.example"], [("8.8.8.8", 443)])
    assert (reply.status, "no network here" in reply.error) == (None, True)
