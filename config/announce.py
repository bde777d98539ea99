"""Waits until Baton is ready and says where it is and who may sign in."""

from __future__ import annotations

import http.client
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 90.0


def ready(address: str, host: str) -> bool:
    """Whether /readyz answers 200 on this machine, asked under a host name that ALLOWED_HOSTS allows."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(address).port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": host.lstrip("*.") or "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def announcement(address: str, note: Path) -> str:
    """The address, and what the demo's loading said about its sign-ins."""
    lines = ["", f"Baton is ready at {address}"]
    if note.exists():
        lines += ["", note.read_text().rstrip()]
    return "\n".join([*lines, "", "Stop it with Ctrl-C.", ""])


def main(address: str, host: str, note: Path) -> None:
    started = time.monotonic()
    while not ready(address, host):
        if time.monotonic() - started > PATIENCE:
            print(f"\nBaton is not ready yet; {address}/readyz says what is missing.\n", flush=True)  # noqa: T201 - as below
            return
        time.sleep(0.2)
    print(announcement(address, note), flush=True)  # noqa: T201 - it speaks to the person at the terminal


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
