"""Stops the embedded servers when their last user has gone.

Every process that uses the servers holds a shared lock on one file until it ends, however it ends: the kernel
lets go of it even after SIGKILL. This small process waits for the exclusive lock on the same file, which it gets
the moment nobody uses the servers any more. It reads only the standard library, to stay a few megabytes small.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from typing import Any

STOP_TIMEOUT = 30.0


def stop_servers(commands: list[list[str]], identity: dict[str, Any]) -> None:
    """Run each stopping command; a server that is already gone is no error."""
    for command in commands:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 - the commands are Baton's own, built in config/servers.py
                command,
                check=False,
                timeout=STOP_TIMEOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **identity,
            )


def keep(*, users_lock: str, keeper_lock: str, commands: list[list[str]], identity: dict[str, Any]) -> None:
    """Wait for the last user to leave, then stop the servers. Only one keeper per home goes beyond its first lock.

    The keeper's own lock is dropped before the users' lock: a newcomer waiting for the latter must see no keeper.
    """
    mine = os.open(keeper_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(mine, fcntl.LOCK_EX)
    users = os.open(users_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.write(sys.stdout.fileno(), b"keeping\n")
    os.close(sys.stdout.fileno())
    fcntl.flock(users, fcntl.LOCK_EX)
    stop_servers(commands, identity)
    os.close(mine)
    os.close(users)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    keep(**json.loads(sys.argv[1]))
    os._exit(0)
