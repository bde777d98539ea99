"""The whole of Baton in the foreground: the embedded servers, web, worker and beat. `make run` calls it.

When one of the three ends by itself, all are stopped: at a desk a loud end is worth more than a quiet restart, and
where Baton runs for good, each is a service of its own under a supervisor that restarts it.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from types import FrameType
from typing import IO

import psutil

from config import embedded
from config.environment import BASE_DIR, Environment, read, stop
from config.tether import TetheredManager

# In a container one is root; Celery's long warning about that helps nobody there.
CELERY = "-W ignore::UserWarning:celery.platforms -m celery --quiet -A config.celery:app"
PROCESSES = {
    "web": "-m gunicorn -c python:config.web config.wsgi",
    # Threads: the work is waiting for PostgreSQL and for mail servers, and one process needs a third of the memory.
    "worker": f"{CELERY} worker --pool threads --concurrency 4 --loglevel warning"
    " --without-gossip --without-mingle --without-heartbeat",
    "beat": f"{CELERY} beat --loglevel warning",
}

# How long the three of a Baton that was killed may take to end.
REMAINS_SECONDS = 15.0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - it speaks to the person at the terminal


@contextmanager
def only_one(environment: Environment) -> Iterator[None]:
    """Hold this home's run lock, or leave with a sentence that names the Baton that has it."""
    path = environment.home.path / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        if not _taken(lock):
            lock.seek(0)
            address = lock.read().split(" ")[0] or "an unknown address"
            stop(f"Baton is already running at {address} (BATON_HOME is {environment.home.path}).")
        lock.truncate(0)
        lock.write(f"{address_of(environment)} {os.getpid()}")
        lock.flush()
        yield


def _taken(lock: IO[str]) -> bool:
    """Whether the lock is ours. What a killed Baton left is just ending (config/tether.py), so that is waited for."""
    deadline = time.monotonic() + REMAINS_SECONDS
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        lock.seek(0)
        holder = lock.read().rpartition(" ")[2]
        if not holder.isdigit() or _lives(int(holder)) or time.monotonic() > deadline:
            return False
        time.sleep(0.1)


def _lives(pid: int) -> bool:
    """Also the dead whom nobody reaped, as in a container without an init, count as gone."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def address_of(environment: Environment) -> str:
    return f"http://localhost:{environment.port}"


def check_port(port: int) -> None:
    """Leave with a sentence when something else listens there."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            stop(f"port {port} is not allowed for this user; choose another with PORT=8001 make run.")
        except OSError:
            stop(f"port {port} is taken; choose another with PORT={port % 65535 + 1} make run.")


def prepare() -> None:
    """Tables, static files, demo: in a process of its own, so that this one stays small."""
    done = subprocess.run([sys.executable, "-m", "config.prepare"], cwd=BASE_DIR, check=False)
    if done.returncode:
        stop("the database could not be prepared; the lines above say why.")


def serve(environment: Environment) -> int:
    """Run the three processes until a signal or the end of one of them; the exit status."""
    manager = TetheredManager()
    for name, command in PROCESSES.items():
        manager.add_process(
            name,
            f"exec {shlex.quote(sys.executable)} {command}",
            cwd=str(BASE_DIR),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    note = environment.home.path / "demo.txt"
    announcer = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "config.announce", address_of(environment), environment.allowed_hosts[0], str(note)],
        cwd=BASE_DIR,
    )
    try:
        manager.loop()
    finally:
        announcer.kill()
        announcer.wait()
    if manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}:
        return 0
    say("baton: one of web, worker and beat ended by itself, so all were stopped; the lines above say which.")
    return 1


def _terminated(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
    raise SystemExit(128 + signum)


def main() -> int:
    environment = read()
    signal.signal(signal.SIGTERM, _terminated)
    started = time.monotonic()
    with only_one(environment):
        check_port(environment.port)
        say(f"Starting Baton in {environment.home.path} …")
        if not environment.email_url:
            say(f"EMAIL_URL is not set: mails are written to {environment.home.path / 'mail'}.")
        try:
            embedded.ensure()
            prepare()
            say(f"Prepared in {time.monotonic() - started:.1f} s; starting web, worker and beat.")
            return serve(environment)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        finally:
            embedded.leave(environment.home)


if __name__ == "__main__":
    sys.exit(main())
