"""The requests that the running application is answering: a test ends when the last one is through."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

from django.core.signals import request_finished, request_started

if TYPE_CHECKING:
    from types import TracebackType

QUIET = 0.2  # what a closed window had sent may lie in the server's queue that long
LONGEST = 30.0


class Requests:
    """Counts them from here on; ``settle`` waits until none has been under way for a moment.

    Otherwise what a window asked for last, such as a list that refreshes itself, reads the tables while the test's
    end empties them: they would wait for each other, and the next test find rows of this one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        request_started.connect(self._begin)
        request_finished.connect(self._end)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        request_started.disconnect(self._begin)
        request_finished.disconnect(self._end)

    def settle(self) -> None:
        deadline = time.monotonic() + LONGEST
        while not self._is_quiet() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _is_quiet(self) -> bool:
        with self._lock:
            return self._open <= 0 and time.monotonic() - self._last >= QUIET

    def _begin(self, **_: Any) -> None:
        self._count(1)

    def _end(self, **_: Any) -> None:
        self._count(-1)

    def _count(self, step: int) -> None:
        with self._lock:
            self._open += step
            self._last = time.monotonic()
