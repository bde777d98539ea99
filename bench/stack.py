"""The whole of Baton as ``make run`` starts it: what it weighs idle, and how soon an event is on the screen."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connection
from django.utils import timezone

from bench import place
from bench.db import clear_due, column
from bench.flows import FREE, take_back
from bench.pages import sign_in
from bench.registry import Effort, Result, Target, benchmark
from bench.timing import result
from config.environment import BASE_DIR
from leads.models import LifecycleStage
from people.models import Team, User
from sla.models import RoutingRule

READY_SECONDS = 120
SETTLE_SECONDS = 45
SAMPLES = 44  # with the warm-up fewer than a page of the inbox holds
# The first events meet a worker that has compiled nothing yet.
WARM_UP = 4
# As static/js/live.js asks: so long after the last answer.
POLL_SECONDS = 1.5
PATIENCE_SECONDS = 30
SERVERS = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "EMAIL_URL", "BATON_BASE_URL", "ALLOWED_HOSTS", "DEBUG")


@dataclass(frozen=True)
class Stack:
    """A running Baton: its main process, port, home and environment."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    environment: dict[str, str]


@contextmanager
def running(**extra: str) -> Iterator[Stack]:
    """Baton in a home of its own, from the start to /readyz, and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        home = Path(folder) / "home"
        port = free_port()
        environment = {name: value for name, value in os.environ.items() if name not in SERVERS}
        environment |= {
            "BATON_HOME": str(home),
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **extra,
        }
        Path(folder).chmod(0o711)
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "config.run"], cwd=BASE_DIR, env=environment, stdout=log, stderr=log
        )
        try:
            wait_until_ready(process, port, Path(folder) / "log")
            yield Stack(process, port, home, environment)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if get(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/readyz", {}).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"Baton did not start: {log.read_text(errors='replace')[-500:]}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    etag: str


def get(client: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> Answer:
    client.request("GET", path, headers={"Host": "localhost", **headers})
    response = client.getresponse()
    return Answer(response.status, response.read().decode(), response.headers.get("ETag", ""))


@benchmark("idle_memory")
def idle_memory(effort: Effort) -> Iterable[Result]:
    """Web, worker, beat, PostgreSQL, Redis and the keeper with the demo loaded: proportional set size, summed."""
    with running() as stack:
        get(http.client.HTTPConnection("127.0.0.1", stack.port), "/accounts/login/", {})
        time.sleep(2 if effort.quick else SETTLE_SECONDS)
        sizes = []
        for _ in range(effort.times(5)):
            processes = family(stack)
            sizes.append(sum(weight(one) for one in processes))
            time.sleep(1)
    yield result("idle_memory", len(processes), "MB", sizes, [], Target("p95", 700))


def family(stack: Stack) -> list[psutil.Process]:
    """The processes of the stack: those that it started, and those that know its home."""
    found = {one.pid: one for one in [psutil.Process(stack.process.pid)]}
    for one in psutil.process_iter(["cmdline"]):
        if any(str(stack.home) in part for part in one.info["cmdline"] or ()):
            found[one.pid] = one
    for one in list(found.values()):
        found |= {child.pid: child for child in one.children(recursive=True)}
    return list(found.values())


def weight(process: psutil.Process) -> float:
    """Proportional set size in MB: shared pages are counted once over all who share them."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


@benchmark("event_to_screen")
def event_to_screen(effort: Effort) -> Iterable[Result]:
    """From a demo request recorded to its clock in the inbox of an SDR: as the browser asks, and without its pause."""
    clear_due(timezone.now())
    leads = column(FREE, [WARM_UP + effort.times(SAMPLES)])
    addresses = {"DATABASE_URL": database_url(), "SECRET_KEY": settings.SECRET_KEY, "BATON_DEMO": "false"}
    with lone_rep() as rep, running(**addresses) as stack:
        try:
            yield from watch(stack, rep, leads)
        finally:
            take_back(leads)


def database_url() -> str:
    """The address of the bench's database, for another process."""
    given = connection.settings_dict
    user = f"{quote(given['USER'] or '')}:{quote(given['PASSWORD'] or '')}@".replace(":@", "@")
    if str(given["HOST"]).startswith("/"):
        return f"postgres://{user}/{place.name()}?host={quote(str(given['HOST']))}"
    return f"postgres://{user}{given['HOST']}:{given['PORT'] or 5432}/{place.name()}"


@contextmanager
def lone_rep() -> Iterator[User]:
    """A new SDR in a team of their own, to whom every lead goes for now: the inbox starts empty."""
    team, _ = Team.objects.get_or_create(name="Bench screen")
    rep, _ = User.objects.update_or_create(
        email="screen@bench.example", defaults={"name": "Screen", "role": "sdr", "team": team, "takes_leads": True}
    )
    stage = LifecycleStage.objects.get(key="mql")
    rule = RoutingRule.objects.create(name="Bench screen", position=0, stage=stage, team=team)
    RoutingRule.objects.exclude(pk=rule.pk).update(is_active=False)
    try:
        yield rep
    finally:
        RoutingRule.objects.filter(pk=rule.pk).delete()
        RoutingRule.objects.update(is_active=True)
        User.objects.filter(pk=rep.pk).update(takes_leads=False)


def watch(stack: Stack, rep: User, leads: list[int]) -> Iterable[Result]:
    """Each lead once: half of them seen by a browser's polling, half by asking without a pause."""
    cookie = sign_in(rep).cookies[settings.SESSION_COOKIE_NAME].value
    browser = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
    recorder = subprocess.Popen(
        [sys.executable, "-m", "bench.recorder"],
        cwd=BASE_DIR, env=stack.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Baton-Live": "1"}
    taken: dict[bool, list[float]] = {True: [], False: []}
    try:
        answer_of(recorder, "ready")
        for number, lead in enumerate(leads):
            polling = number % 2 == 0
            waited = one_event(recorder, browser, headers, lead, POLL_SECONDS if polling else 0.01)
            if number >= WARM_UP:
                taken[polling].append(waited)
    finally:
        recorder.kill()
        recorder.wait()
    yield result("event_to_screen", len(taken[True]), "s", taken[True], taken[False], Target("p95", 2))
    yield result("event_to_screen, no pause", len(taken[False]), "s", taken[False], [], None)


def one_event(
    recorder: subprocess.Popen[str],
    browser: http.client.HTTPConnection,
    headers: dict[str, str],
    lead: int,
    pause: float,
) -> float:
    """Seconds from the moment before the event is recorded until the lead's row is in an answer."""
    etag = get(browser, "/inbox/live/", headers).etag
    # The browser's rhythm knows nothing of the event: it falls anywhere within a pause.
    next_poll = time.monotonic() + random.uniform(0, pause)  # noqa: S311 - no secret
    started = time.monotonic()
    ask_recorder(recorder, lead)
    while time.monotonic() - started < PATIENCE_SECONDS:
        time.sleep(max(0.0, next_poll - time.monotonic()))
        answer = get(browser, "/inbox/live/", {**headers, "If-None-Match": etag})
        if answer.status == 200 and f'id="lead-{lead}"' in answer.body:
            return time.monotonic() - started
        if answer.status not in (200, 304):
            raise RuntimeError(f"/inbox/live/ answered {answer.status}")
        etag = answer.etag or etag
        next_poll = time.monotonic() + pause
    raise RuntimeError(f"lead {lead} was not on the screen within {PATIENCE_SECONDS} s")


def ask_recorder(recorder: subprocess.Popen[str], lead: int) -> None:
    if recorder.stdin is None:
        raise RuntimeError("the recorder has no pipe")
    recorder.stdin.write(f"{lead}\n")
    recorder.stdin.flush()
    answer_of(recorder, str(lead))


def answer_of(recorder: subprocess.Popen[str], wanted: str) -> None:
    """Wait for the recorder's next line, which must be the one expected."""
    said = recorder.stdout.readline().strip() if recorder.stdout else ""
    if said != wanted:
        raise RuntimeError(f"the recorder said {said!r} instead of {wanted!r}")
