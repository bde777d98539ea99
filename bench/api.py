"""The API: batches of events through HTTP, with the two web processes of ``make run`` and nothing else beside them."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from bench.db import column, execute
from bench.registry import Effort, Result, Target, benchmark
from bench.stack import READY_SECONDS, SERVERS, database_url, free_port, get
from bench.timing import result, seconds
from config.environment import BASE_DIR
from leads.models import ApiKey, Scope
from leads.services.api_keys import issue_key
from people.models import User

KEY = "bench-api-"
BATCH = 1_000
BATCHES = 20
CALLERS = 2
LEADS = "SELECT id FROM leads_lead ORDER BY id * 7919 %% 1000003 LIMIT %s"
FLOOR = """
INSERT INTO leads_event (lead_id, event_type_id, occurred_at, received_at, idempotency_key, properties)
SELECT lead.id, (SELECT id FROM leads_eventtype WHERE key = 'page_viewed'), now(), now(), %s || lead.id, '{"n": 1}'
FROM unnest(%s::bigint[]) AS lead (id)
"""


@benchmark("batch_events")
def batch_events(effort: Effort) -> Iterable[Result]:
    """Events a second through HTTP: a thousand to a request, two callers, two web processes; checked, marked, kept."""
    leads = column(LEADS, [effort.many(BATCH)])
    key, secret = issue_key(
        name="Bench", scopes=[Scope.EVENTS_WRITE], per_minute=100_000, by=somebody(), now=timezone.now()
    )
    rounds = effort.times(5)
    try:
        with web() as port:
            send_all(port, secret, [body(leads, "warm-up")])
            floor, taken = [], []
            for number in range(rounds):
                floor.append(len(leads) / seconds(partial(insert, f"floor-{number}-", leads)))
                taken.append(rate(port, secret, leads, f"round-{number}", effort.times(BATCHES)))
    finally:
        ApiKey.objects.filter(pk=key.pk).delete()
        take_back()
    yield result("batch_events", len(leads), "events/s", taken, floor, Target("median", 3_000, at_least=True))


def somebody() -> User:
    user: User = User.objects.order_by("pk")[0]
    return user


def insert(name: str, leads: Sequence[int]) -> None:
    """The floor: the same rows by one statement, without a question asked."""
    execute(FLOOR, [KEY + name, list(leads)])


def rate(port: int, secret: str, leads: Sequence[int], name: str, batches: int) -> float:
    bodies = [body(leads, f"{name}-{number}") for number in range(batches)]
    return len(leads) * batches / seconds(lambda: send_all(port, secret, bodies))


def body(leads: Sequence[int], name: str) -> bytes:
    """An hour of a website's page views, each with its key."""
    now = timezone.now()
    events = [
        {
            "lead_id": lead,
            "event_type": "page_viewed",
            "occurred_at": (now - timedelta(seconds=number)).isoformat(),
            "idempotency_key": f"{KEY}{name}-{number}",
            "properties": {"url": "https://www.example.com/pricing", "seconds": number},
        }
        for number, lead in enumerate(leads)
    ]
    return json.dumps({"events": events}).encode()


def send_all(port: int, secret: str, bodies: Sequence[bytes]) -> None:
    """Each caller sends its share over a connection of its own."""
    failed: list[str] = []

    def send(mine: Sequence[bytes]) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Host": "localhost", "Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        for one in mine:
            client.request("POST", "/api/v1/events/batch", one, headers)
            response = client.getresponse()
            told = response.read()
            if response.status != 200 or json.loads(told)["errors"] or json.loads(told)["duplicates"]:
                failed.append(f"{response.status} {told[:200]!r}")
        client.close()

    callers = [threading.Thread(target=send, args=(bodies[number::CALLERS],)) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    if failed:
        raise RuntimeError(f"a batch was not kept: {failed[0]}")


def take_back() -> None:
    """As if nothing had been sent: nobody drains the marks meanwhile."""
    execute(
        "DELETE FROM leads_changedlead WHERE lead_id IN "
        "(SELECT lead_id FROM leads_event WHERE idempotency_key LIKE %s)",
        [f"{KEY}%"],
    )
    execute("DELETE FROM leads_event WHERE idempotency_key LIKE %s", [f"{KEY}%"])


@contextmanager
def web() -> Iterator[int]:
    """The web processes of ``make run`` over the bench's database, at a port of their own."""
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        port = free_port()
        environment = {name: value for name, value in os.environ.items() if name not in SERVERS}
        environment |= {
            "BATON_HOME": str(Path(folder) / "home"),
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "WEB_CONCURRENCY": "2",
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
        }
        Path(folder).chmod(0o711)
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:config.web", "config.wsgi"],
                cwd=BASE_DIR, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                wait_until_answered(process, port, Path(folder) / "log")
                yield port
            finally:
                process.terminate()
                process.wait(60)


def wait_until_answered(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if get(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/healthz", {}).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the web processes did not start: {log.read_text(errors='replace')[-500:]}")
