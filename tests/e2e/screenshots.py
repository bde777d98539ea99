"""Take the pictures of the README anew: the real stack, freshly loaded with the demonstration, in a real browser.

``make screenshots`` runs it. It works in a home and on a port of its own and takes about three minutes, most of them
waiting for the clocks of the demonstration to run out.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "screenshots"
PASSWORD = "baton-demo-2026"  # the demonstration's, printed at every start
PATIENCE = 300
WIDE, TALL, NARROW = (1440, 900), (1440, 1200), (390, 844)
# From the worker's start to the last of the demonstrated notices.
LADDER_SECONDS = 115


@dataclass(frozen=True, slots=True)
class Picture:
    """A file, whose page it shows, and how it is looked at; the first of each of the ``links`` is followed.

    The first two of ``ticks`` are ticked.
    """

    name: str
    who: str
    path: str
    size: tuple[int, int] = WIDE
    dark: bool = False
    links: tuple[str, ...] = ()
    ticks: str = ""


IN_WORK = ".work-head:has-text('In work') + .card a[href^='/leads/']"
# A pair with more than one reason.
PROBABLE = ".pair-row:has(.badge + .badge) a:has-text('Compare')"
# While the clocks still run, and after they have run out.
EARLY = (
    Picture("inbox", "sdr", "/inbox/"),
    Picture("inbox-dark", "sdr", "/inbox/", dark=True),
    Picture("inbox-390", "sdr", "/inbox/", size=NARROW),
    Picture("lead", "sdr", "/inbox/", size=(1440, 1500), links=(IN_WORK,)),
    Picture("leads", "manager", "/leads/", links=("a:has-text('Hot, nobody owns them')",), ticks=".lead-tick input"),
    Picture("duplicates", "marketer", "/leads/duplicates/", size=TALL, links=(PROBABLE,)),
    Picture("import", "marketer", "/leads/imports/", links=("main td a",)),
    Picture("form", "marketer", "/forms/", size=TALL, links=("main a:has-text('Request a demo')", "a[href$='/edit/']")),
    Picture("form-390", "marketer", "/forms/", size=NARROW, links=("main a:has-text('Brochure')", "a[href*='/f/']")),
    Picture("moves", "admin", "/settings/lists/moves/"),
)
LATE = (
    Picture("board", "manager", "/board/"),
    Picture("notices", "ceo", "/notices/"),
    Picture("scoring", "marketer", "/scoring/"),
    Picture("promise", "manager", "/policies/", links=("main a[href^='/policies/']:not([href$='new/'])",)),
    Picture("glossary", "marketer", "/glossary/"),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def baton(home: str, port: int) -> Iterator[str]:
    """The whole of Baton in ``home``; yields its address when it is ready, and stops it at the end."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "EMAIL_URL"}},
        "BATON_HOME": home,
        "PORT": str(port),
        "BATON_DEMO": "true",
        "DEBUG": "false",
    }
    process = subprocess.Popen([sys.executable, "-m", "config.run"], cwd=ROOT, env=environment)  # ours
    try:
        wait_until_ready(port, process)
        yield f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        if is_ready(port):
            return
        time.sleep(0.5)
    raise SystemExit("Baton did not become ready; its output above says why.")


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("localhost", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def take(browser: Browser, address: str, pictures: Sequence[Picture], folder: Path) -> None:
    for picture in pictures:
        width, height = picture.size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if picture.dark else "light",
            locale="en-GB",
            timezone_id="Europe/Madrid",
            reduced_motion="reduce",
        )
        page = context.new_page()
        sign_in(page, address, picture.who)
        look(page, address, picture)
        path = folder / f"{picture.name}.png"
        page.screenshot(path=path)
        print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}", flush=True)  # noqa: T201  # progress
        context.close()


def sign_in(page: Page, address: str, who: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", f"{who}@meridian.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def look(page: Page, address: str, picture: Picture) -> None:
    page.goto(address + picture.path)
    for link in picture.links:
        # Gone to rather than clicked: some open a window of their own.
        page.goto(urljoin(page.url, page.locator(link).first.get_attribute("href") or ""))
    # What the page asks for after it is there, such as the story of a lead.
    page.wait_for_load_state("networkidle")
    for box in page.locator(picture.ticks).all()[1:3] if picture.ticks else ():
        box.check()
    # A second for what the scripts write (countdowns), and nothing marked by the pointer.
    page.mouse.move(0, 0)
    page.wait_for_timeout(1_200)


def main(folder: Path = PICTURES) -> None:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        raise SystemExit("No Chromium here; install the package chromium to take pictures.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="baton-") as home, baton(home, free_port()) as address:
        started = time.monotonic()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=executable, args=["--no-sandbox", "--disable-quic", "--disable-background-networking"]
            )
            take(browser, address, EARLY, folder)
            time.sleep(max(0.0, LADDER_SECONDS - (time.monotonic() - started)))
            take(browser, address, LATE, folder)
            browser.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
