"""Delivery: a thousand notices to a mail server on loopback that takes everything."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage

from django.test import override_settings
from django.utils import timezone

from bench.db import clear_due
from bench.registry import Effort, Result, Target, benchmark
from bench.sweeps import due_clocks, set_due, undo
from bench.timing import result, seconds
from sla.models import DeliveryTry
from sla.services.compose import compose
from sla.services.deliver import deliver
from sla.services.sweep import sweep

MAILS = 1000
HOST = "127.0.0.1"
# A process of its own: it must not share this one's interpreter.
SERVER = """
import sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
Controller(Sink(), hostname=sys.argv[1], port=int(sys.argv[2])).start()
time.sleep(3600)
"""


@contextmanager
def mail_server() -> Iterator[int]:
    """The port of a mail server that takes everything and keeps nothing."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen([sys.executable, "-c", SERVER, HOST, str(port)])  # noqa: S603 - this interpreter, our code
    try:
        wait_for(port)
        yield port
    finally:
        server.kill()
        server.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the mail server did not start")


@benchmark("deliver")
def deliver_mails(effort: Effort) -> Iterable[Result]:
    """A thousand notices rendered, sent and recorded by one worker; the floor sends a thousand ready-made mails."""
    now = timezone.now()
    clear_due(now)
    count = effort.many(MAILS)
    rates, floor = [], []
    with mail_server() as port, due_clocks(count, now), smtp(port):
        for _ in range(effort.times(3)):
            rates.append(count / send_notices(count, now))
            floor.append(count / seconds(lambda: send_plain(count, port)))
            undo()
            set_due(now)
    yield result("deliver", count, "mails/s", rates, floor, Target("median", 200, at_least=True))


def smtp(port: int) -> override_settings:
    return override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST=HOST, EMAIL_PORT=port
    )


def send_notices(count: int, now: datetime) -> float:
    """Seconds of the delivery alone."""
    sweep(now=now)
    compose(now=now)
    tries = DeliveryTry.objects.count()
    taken = seconds(deliver_all)
    sent = DeliveryTry.objects.count() - tries
    if sent != count:
        raise RuntimeError(f"{sent} mails were sent instead of {count}")
    return taken


def deliver_all() -> None:
    """Round after round, as the task does."""
    while deliver(now=timezone.now()).more:
        pass


def send_plain(count: int, port: int) -> None:
    """What the protocol costs: one connection, one text."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@bench.example", "b@bench.example", "Waiting"
    message.set_content("A lead is waiting.\n" * 60)
    message.add_alternative("<p>A lead is waiting.</p>\n" * 60, subtype="html")
    with smtplib.SMTP(HOST, port) as connection:
        for _ in range(count):
            connection.send_message(message)
