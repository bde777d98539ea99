"""A request to an address that somebody else chose, made so that it cannot be turned against our own network.

The name is resolved once, every address it has is checked, and the connection goes to one that was checked: a name
that answers differently a moment later changes nothing. Redirects are not followed, and little of an answer is read.
No Django in it.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3.response import BaseHTTPResponse

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 10.0, 15.0
EXCERPT = 2_000
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses of the new kind that stand for one of the old kind: what counts is whom they lead to.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedError(ValueError):
    """The address may not be asked; ``code`` says why, for whoever puts it into words."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and what is said there."""

    parts: SplitResult
    host: str
    port: int
    address: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status with the beginning of the answer, or what went wrong on the way."""

    seconds: float
    status: int | None = None
    excerpt: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def target_of(url: str, *, private: bool) -> Target:
    """The checked target of an address. Raises RefusedError: malformed, scheme, unknown, or private.

    ``private`` lets plain HTTP and addresses of inner networks pass.
    """
    parts, host, port = _read(url)
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise RefusedError("scheme")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise RefusedError("malformed")
    addresses = resolve(host, port)
    if not private:
        for address in addresses:
            if not is_public(ipaddress.ip_address(address)):
                raise RefusedError("private", address)
    return Target(parts, host, port, addresses[0])


def _read(url: str) -> tuple[SplitResult, str, int]:
    try:
        if not url.isascii() or any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
            raise RefusedError("malformed")
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise RefusedError("malformed") from error
    if not parts.hostname or "\\" in parts.netloc:
        raise RefusedError("malformed")
    return parts, parts.hostname, port


def resolve(host: str, port: int) -> list[str]:
    """Every address of the name, in the order in which the system would try them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RefusedError("unknown", host) from error
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not addresses:
        raise RefusedError("unknown", host)
    return addresses


def is_public(address: Address) -> bool:
    """Whether it is somewhere in the internet: not loopback, private, link-local, multicast or set aside."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send the body; whatever happens on the way is part of the reply, never an exception."""
    started = time.monotonic()
    try:
        with _pool(target) as pool:
            response = pool.urlopen(
                "POST",
                _path(target.parts),
                body=body,
                headers={**headers, "Host": target.parts.netloc},
                redirect=False,
                retries=Retry(total=False),
                preload_content=False,
                decode_content=False,
                assert_same_host=False,
            )
            excerpt = _excerpt(response, started + WHOLE_SECONDS)
            return Reply(time.monotonic() - started, response.status, excerpt)
    except (HTTPError, OSError, ValueError) as error:
        return Reply(time.monotonic() - started, error=f"{type(error).__name__}: {error}"[:500])


class _Bounded:
    """A connection that is cut after a while: a timeout of the socket begins anew with every byte that drips in."""

    _cutter: threading.Timer | None = None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # of the connection that this is mixed into
        self._cutter = threading.Timer(WHOLE_SECONDS, _cut, [getattr(self, "sock", None)])
        self._cutter.daemon = True
        self._cutter.start()

    def close(self) -> None:
        if self._cutter is not None:
            self._cutter.cancel()
        super().close()  # type: ignore[misc]  # as above


def _cut(sock: socket.socket | None) -> None:
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class _Plain(_Bounded, HTTPConnection):
    pass


class _Encrypted(_Bounded, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


def _pool(target: Target) -> HTTPConnectionPool:
    timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if target.parts.scheme == "http":
        return _PlainPool(target.address, target.port, timeout=timeout)
    return _EncryptedPool(
        target.address,
        target.port,
        timeout=timeout,
        server_hostname=target.host,
        assert_hostname=target.host,
        ssl_context=ssl.create_default_context(),
    )


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _excerpt(response: BaseHTTPResponse, deadline: float) -> str:
    """The beginning of the answer; the status counts even where the rest of it breaks off."""
    read = b""
    try:
        while len(read) < EXCERPT and time.monotonic() < deadline:
            piece = response.read1(EXCERPT - len(read))
            if not piece:
                break
            read += piece
    except (HTTPError, OSError):
        pass
    finally:
        response.close()
    return read.decode("utf-8", "replace").replace("\x00", "\ufffd")
