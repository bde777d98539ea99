"""What the tests of escalations share: clocks under a ladder in seconds, and a mail server that does as it is told."""

from __future__ import annotations

import logging
import socket
from asyncio import Transport
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from people.models import User
from sla.models import Clock, Notice, PolicyVersion
from tests.sla.build import build_clock, build_policy

DUE = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
HEADERS = BytesHeaderParser(policy=default)
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every command


def quick_policy(**fields: Any) -> PolicyVersion:
    """Due after 10 s; the owner at once, owner and manager 10 s later, executives after 20 s."""
    ladder = ((0, ("owner",)), (10, ("owner", "manager")), (20, ("executives",)))
    return build_policy(**{"seconds": 10, "ladder": ladder, **fields})


def clocks(owner: User | None, count: int, now: datetime, **fields: Any) -> list[Clock]:
    return [build_clock(owner, now=now, **fields) for _number in range(count)]


def addressed(notice: Notice) -> list[str]:
    """Who gets it, in the order in which they stand in the message."""
    return list(
        notice.recipients.through.objects.filter(notice=notice).order_by("pk").values_list("user__email", flat=True)
    )


Said = str | None


@dataclass
class MailServer:
    """An SMTP server on loopback. ``on_rcpt`` and ``on_data`` may answer instead of it; “hang up” hangs up."""

    on_rcpt: Callable[[str], Said] = lambda _address: None
    on_data: Callable[[EmailMessage], Said] = lambda _message: None
    accepted: list[EmailMessage] = field(default_factory=list)
    envelopes: list[list[str]] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    port: int = 0
    _controller: Controller | None = None

    def start(self, port: int = 0) -> MailServer:
        self.port = port or free_port()

        class Loopback(Controller):
            def factory(self) -> SMTP:
                return SMTP(self.handler, enable_SMTPUTF8=True)

        self._controller = Loopback(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd's arguments
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002 - as above
    ) -> str:
        self.peers.add(session.peer)
        said = self.on_rcpt(address)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002 - aiosmtpd's arguments
        envelope: Envelope,
    ) -> str:
        message = HEADERS.parsebytes(envelope.original_content or b"")
        assert isinstance(message, EmailMessage)
        said = self.on_data(message)
        if said == "hang up":
            assert isinstance(server.transport, Transport)
            server.transport.abort()
            return "421 gone"
        if said is None:
            self.accepted.append(message)
            self.envelopes.append(list(envelope.rcpt_tos))
        return said or "250 OK"

    @property
    def connections(self) -> int:
        """How many were used to send something (starting the server makes one to itself)."""
        return len(self.peers)

    def by_message_id(self) -> dict[str, list[EmailMessage]]:
        found: dict[str, list[EmailMessage]] = defaultdict(list)
        for message in self.accepted:
            found[message["Message-ID"]].append(message)
        return dict(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
