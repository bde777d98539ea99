"""Hand messages to the mail server over one connection, and say in our words what became of each.

Django's SMTP backend does not tell which of several recipients were refused, so its connection is used directly.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Self

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

if TYPE_CHECKING:
    from types import TracebackType

PERMANENT = 500
CLOSING = 421
Refusals = Mapping[str, tuple[int, bytes]]


class Fate(Enum):
    """What became of a message."""

    ACCEPTED = auto()
    LATER = auto()  # try this one again
    LOST = auto()  # the connection broke over it: it may or may not have arrived
    NEVER = auto()  # the server will not take it, now or later
    UNREACHABLE = auto()  # there is no server to ask


@dataclass(frozen=True, slots=True)
class Answer:
    """``refused`` are the recipients that an accepted message does not go to."""

    fate: Fate
    detail: str
    refused: Refusals = field(default_factory=dict)

    @property
    def refused_for_now(self) -> list[str]:
        return [address for address, (code, _text) in self.refused.items() if code < PERMANENT]


class Postman:
    """One connection for a round; opened by the first message, opened again when the server has closed it."""

    def __init__(self) -> None:
        self._backend: Any = get_connection()  # any backend EMAIL_URL may name
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say good-bye if there is still somebody to say it to."""
        self._sent = 0
        with suppress(smtplib.SMTPException, OSError):
            self._backend.close()

    def send(self, message: EmailMessage) -> Answer:
        """Send one message. Servers end a connection after so many; that is no trouble of the next message."""
        answer = self._send(message)
        if answer.fate is Fate.UNREACHABLE and self._sent:
            self.close()
            answer = self._send(message)
        if answer.fate in {Fate.LOST, Fate.UNREACHABLE}:
            self.close()
        else:
            self._sent += 1
        return answer

    def _send(self, message: EmailMessage) -> Answer:
        try:
            self._backend.open()
        except (smtplib.SMTPException, OSError) as error:
            return Answer(Fate.UNREACHABLE, _words(error))
        smtp = self._backend.connection if isinstance(self._backend, EmailBackend) else None
        return self._hand_over(message) if smtp is None else _mail(smtp, message)

    def _hand_over(self, message: EmailMessage) -> Answer:
        """To a backend that is no SMTP: a file, the console, a test's list."""
        try:
            self._backend.send_messages([message])
        except OSError as error:
            return Answer(Fate.UNREACHABLE, _words(error))
        return Answer(Fate.ACCEPTED, "")


def _mail(smtp: smtplib.SMTP, message: EmailMessage) -> Answer:
    sender = sanitize_address(message.from_email, "utf-8")
    recipients = {sanitize_address(address, "utf-8"): address for address in message.recipients()}
    content: Any = message.message()  # Django's own class, whose as_bytes takes the line ending
    try:
        refused = smtp.sendmail(sender, list(recipients), content.as_bytes(linesep="\r\n"))
    except (smtplib.SMTPException, OSError) as error:
        return _answer(error)
    return Answer(Fate.ACCEPTED, "250", {recipients[address]: said for address, said in refused.items()})


def _answer(error: smtplib.SMTPException | OSError) -> Answer:
    """The fate that an error of the conversation means."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _refused_by_all(error.recipients)
        case smtplib.SMTPSenderRefused(smtp_code=code):
            # The sender is ours for every message: mended in the settings, not by dropping messages.
            return Answer(Fate.UNREACHABLE if code == CLOSING else Fate.LATER, _words(error))
        case smtplib.SMTPDataError(smtp_code=code):
            fate = Fate.NEVER if code >= PERMANENT else Fate.LOST if code == CLOSING else Fate.LATER
            return Answer(fate, _words(error))
        case smtplib.SMTPResponseException() | smtplib.SMTPNotSupportedError():
            return Answer(Fate.LATER, _words(error))
        case _:
            return Answer(Fate.LOST, _words(error))


def _refused_by_all(refused: Refusals) -> Answer:
    codes = [code for code, _text in refused.values()]
    detail = refusals(refused)
    if CLOSING in codes:
        return Answer(Fate.LOST, detail)
    return Answer(Fate.NEVER if min(codes) >= PERMANENT else Fate.LATER, detail)


def refusals(refused: Refusals) -> str:
    """``anna@example.com: 550 No such user; …``"""
    return "; ".join(f"{address}: {code} {_text(said)}" for address, (code, said) in refused.items())


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
