"""Real processes: the worker and the beat that ``make run`` starts, on real servers, mailing to loopback.

They work on this run's test database, whose data is committed (``transaction=True``); the broker is a Redis of
their own, so that nobody else's worker takes their tasks.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from config.environment import BASE_DIR
from config.run import PROCESSES
from config.servers import redis_binary
from tests.sla.ladder import MailServer

SWEEP_SECONDS = 1
LEASE_SECONDS = 3


@dataclass
class Stack:
    """Processes that were started, and where their words go."""

    folder: Path
    environment: dict[str, str]
    mail: MailServer
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, extra: str = "") -> subprocess.Popen[bytes]:
        """One of ``make run``'s processes, by name, with further options."""
        with (self.folder / f"{name}-{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *shlex.split(PROCESSES[name]), *shlex.split(extra)],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL: no last word, no clean-up."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill(process)

    def words(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def until(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                pytest.fail(f"{what}: not within {seconds} s\n{self.words()}")
            time.sleep(0.05)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture
def stack(transactional_db: None, mail_server: MailServer) -> Iterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="baton-faults-"))  # short: a socket lies in it
    socket = folder / "redis.sock"
    redis = subprocess.Popen(
        [
            str(redis_binary("redis-server")),
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--save",
            "",
            "--dir",
            str(folder),
        ],
        stdout=subprocess.DEVNULL,
    )
    stack = Stack(folder, _environment(folder, socket, mail_server.port), mail_server)
    try:
        stack.until(socket.exists, 10, "Redis answers")
        yield stack
    finally:
        stack.stop()
        redis.terminate()
        redis.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, socket: Path, port: int) -> dict[str, str]:
    database = connection.settings_dict
    user = quote(database["USER"] or "postgres")
    password = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    place = f"{user}{password}@/{database['NAME']}?host={quote(str(database['HOST']), safe='')}"
    if database["HOST"] and not str(database["HOST"]).startswith("/"):
        place = f"{user}{password}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BATON_", "BROKER_"))},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgres://{place}",
        "REDIS_URL": f"unix://{quote(str(socket))}?db=0",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "SECRET_KEY": "only-for-this-test-of-real-processes-0123456789",
        "BATON_HOME": str(folder / "home"),
        "BATON_SWEEP_SECONDS": str(SWEEP_SECONDS),
        "BATON_DELIVERY_LEASE_SECONDS": str(LEASE_SECONDS),
    }
