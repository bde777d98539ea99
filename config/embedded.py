"""The embedded PostgreSQL and Redis: started by the first process that needs them, stopped after the last.

Four files in BATON_HOME say who is there, by flock, which the kernel drops when a process ends in any way:
`servers.lock` is held shared by every user of the servers; `start.lock` by the one process that starts them;
`keeper.lock` by the keeper, which waits for the last user to go (config/keeper.py).
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from config.environment import Environment, Home, ServerError, SettingError, parse, stop

# The descriptor of this process's share in the servers; forked children inherit and so prolong it.
_share: dict[Path, int] = {}
STOP_TIMEOUT = 30.0


def ensure() -> None:
    """See that the embedded servers run until this process ends; leave with a sentence when they can't.

    Does nothing when DATABASE_URL and REDIS_URL name other servers.
    """
    try:
        environment = parse()
        if environment.embedded_database or environment.embedded_redis:
            share(environment)
    except (SettingError, ServerError) as error:
        stop(str(error))
    except OSError as error:
        stop(f"BATON_HOME cannot be used: {error}.")


def share(environment: Environment) -> None:
    """Take a share in the servers of this home, starting what does not run. Raises ServerError and SettingError."""
    home = environment.home
    home.path.mkdir(parents=True, exist_ok=True)
    if home.path not in _share:
        descriptor = _open(home.path / "servers.lock")
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        _share[home.path] = descriptor
    with _locked(home.path / "start.lock"):
        _start_missing(environment)


def leave(home: Home) -> None:
    """Give up this process's share and wait until the servers have stopped, unless others still use them."""
    descriptor = _share.pop(home.path, None)
    if descriptor is None:
        return
    os.close(descriptor)
    deadline = time.monotonic() + STOP_TIMEOUT
    used_until = time.monotonic() + 1.0
    while time.monotonic() < deadline and not _free(home.path / "keeper.lock"):
        if not _free(home.path / "servers.lock", fcntl.LOCK_SH):
            used_until = deadline  # the keeper has it: the servers are being stopped
        elif time.monotonic() > used_until:
            return
        time.sleep(0.02)


def _start_missing(environment: Environment) -> None:
    home = environment.home
    postgres = environment.embedded_database and not _answers(home.postgres_socket)
    redis = environment.embedded_redis and not _answers(home.redis_socket)
    kept = not _free(home.path / "keeper.lock")
    if kept and not (postgres or redis):
        return
    # Imported only by the process that starts them: it is slow, and the others stay small without.
    from config import servers

    who = servers.identity()
    servers.prepare_folder(home.runtime, who)
    if not kept:
        _start_keeper(home, servers.stop_commands(home), who)
    if postgres:
        servers.start_postgres(home, who)
    if redis:
        servers.start_redis(home, who)


def _start_keeper(home: Home, commands: list[list[str]], who: dict[str, Any]) -> None:
    """Start the process that stops the servers; return when it watches."""
    order = {
        "users_lock": str(home.path / "servers.lock"),
        "keeper_lock": str(home.path / "keeper.lock"),
        "commands": commands,
        "identity": who,
    }
    script = Path(__file__).with_name("keeper.py")
    keeper = subprocess.Popen(  # noqa: S603 - this interpreter and our own script
        [sys.executable, "-I", "-S", str(script), json.dumps(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    if keeper.stdout is None or keeper.stdout.readline() != b"keeping\n":
        raise ServerError(f"the keeper of the embedded servers did not start ({script}).")
    keeper.stdout.close()
    keeper.returncode = 0  # it outlives this process on purpose: no warning about an unfinished child


def _answers(path: Path) -> bool:
    """Whether a server listens on this socket."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _free(path: Path, kind: int = fcntl.LOCK_EX) -> bool:
    """Whether nobody holds a lock of the other kind on the file at this moment."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
