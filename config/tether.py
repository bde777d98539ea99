"""Web, worker and beat end with `config.run`, also when it was killed and could tell them nothing.

Honcho forks a reader for each of the three; the reader sees that its parent is gone (by polling: what the kernel
offers for this differs between Linux and macOS), ends its process group and then itself. With the last of them go the
run lock and the share in the embedded servers, which they had inherited.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import Any

from honcho.manager import Manager
from honcho.process import Process

EVERY_SECONDS = 0.5
# What gunicorn and Celery get to finish what they are at, as in honcho's own stop.
GRACE_SECONDS = 5.0


class Tethered(Process):  # type: ignore[misc]  # honcho has no types
    """One of the processes, and its reader."""

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        threading.Thread(target=self._end_with, args=(os.getppid(),), daemon=True).start()
        super().run(events, ignore_signals)

    def _end_with(self, parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(EVERY_SECONDS)
        if self._child is not None:
            end(self._child)
        os._exit(1)  # without a word: whoever would read it is gone


class TetheredManager(Manager):  # type: ignore[misc]  # honcho has no types
    """A manager of processes that do not outlive it."""

    def __init__(self) -> None:
        super().__init__()
        self._process_ctor = Tethered


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask the process group of a child to end; after the time of grace make it."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
            return
