"""The other side of a webhook, on loopback: a real server that answers as the test wants."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from leads.models import WebhookDelivery, WebhookEndpoint, WebhookKind
from people.models import User

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Heard:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Listener:
    """Answers each request with ``answer(handler)``, 204 unless told otherwise."""

    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Any], None] = lambda handler: status(handler, 204)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?x=1"


def status(handler: Any, code: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def close(handler: Any) -> None:
    handler.connection.close()


def hang(handler: Any) -> None:
    time.sleep(3)


def drip(handler: Any, begins: bytes) -> None:
    """A letter every tenth of a second."""
    handler.wfile.write(begins)
    for _ in range(40):
        handler.wfile.write(b"H")
        time.sleep(0.1)


def endless(handler: Any) -> None:
    """A good status, and an answer that never ends."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(50):
        handler.wfile.write(b"x" * 100_000)
        time.sleep(0.01)


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            listener.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            listener.answer(self)

        do_GET = do_POST  # noqa: N815 - what a redirect would be followed by

        def log_message(self, *_args: Any) -> None:
            return

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, ValueError):
                return  # the other side went away, as some tests want

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()


def build_endpoint(by: User, url: str = "https://example.com/hook", *kinds: str, **fields: Any) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        url=url, kinds=list(kinds) or list(WebhookKind.values), secret=SECRET, created_by=by, created_at=NOW, **fields
    )


def build_delivery(endpoint: WebhookEndpoint, **fields: Any) -> WebhookDelivery:
    payload = {"type": "ping", "timestamp": NOW.isoformat(), "data": {"word": "ż"}}
    defaults = {"kind": "ping", "payload": payload, "created_at": NOW, "next_try_at": NOW, "event_id": uuid4()}
    return WebhookDelivery.objects.create(endpoint=endpoint, **{**defaults, **fields})
