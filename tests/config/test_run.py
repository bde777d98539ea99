"""`make run`: ready, one at a time, and nothing left behind, however it ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from config.environment import BASE_DIR, Home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Run:
    """A running Baton in a home of its own, without the demo."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = Home(home), port
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("BATON_") and not name.endswith("_URL")
        } | {"BATON_HOME": str(home), "BATON_DEMO": "false", "PORT": str(port)}
        self.environ.pop("DJANGO_SETTINGS_MODULE", None)
        self.said = home.with_suffix(".out")
        self.seen: list[psutil.Process] = []

    def start(self) -> subprocess.Popen[bytes]:
        with self.said.open("w") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "config.run"],
                cwd=BASE_DIR,
                env=self.environ,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_word(self, process: subprocess.Popen[bytes], word: str, seconds: float = 90) -> None:
        """Until it has said this; an end before that, or silence, fails with all that it said."""
        deadline = time.monotonic() + seconds
        while word not in self.said.read_text():
            assert process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.05)

    def await_ready(self, process: subprocess.Popen[bytes]) -> None:
        self.await_word(process, f"Baton is ready at http://localhost:{self.port}")
        self.seen = psutil.Process(process.pid).children(recursive=True)
        assert len(self.seen) >= 8  # web and its two workers, worker, beat, and honcho's three readers

    def refused(self, **environ: str) -> str:
        """What a further start says when it is refused."""
        done = subprocess.run(
            [sys.executable, "-m", "config.run"],
            cwd=BASE_DIR,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        return done.stderr

    def collected_at(self) -> float:
        """When the static files were collected, which takes longest of all that a later start can skip."""
        return (self.home.path / "static.stamp").stat().st_mtime

    def processes(self) -> list[psutil.Process]:
        """What is alive of the servers of this home, and of all that was seen to descend from a start."""
        found = set(self.seen)
        for process in psutil.process_iter():
            if str(self.home.path) in command_of(process):
                found.add(process)
        return [process for process in found if alive(process)]


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_of(process: psutil.Process) -> str:
    """Its command line; nothing for one that has just ended, as the one that says "ready" does."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all tests here: only the first start has to make its database."""
    return tmp_path_factory.mktemp("run") / "home"


@pytest.fixture
def run(home: Path) -> Iterator[Run]:
    run = Run(home, free_port())
    yield run
    for process in run.processes():
        process.kill()


def stopped_clean(run: Run, process: subprocess.Popen[bytes]) -> None:
    """It has ended within the time honcho grants, and left no process, socket or open port."""
    process.wait(timeout=30)
    deadline = time.monotonic() + 30
    while (run.processes() or any(run.home.runtime.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.1)  # the keeper stops the servers when the last that used them is gone
    assert run.processes() == []
    assert list(run.home.runtime.iterdir()) == []
    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", run.port)) != 0


def test_one_at_a_time_and_nothing_left(run: Run, tmp_path: Path) -> None:
    process = run.start()
    run.await_ready(process)
    again = run.refused(PORT=str(free_port()))
    assert f"Baton is already running at http://localhost:{run.port}" in again
    elsewhere = run.refused(BATON_HOME=str(tmp_path / "other"))
    assert f"port {run.port} is taken" in elsewhere
    process.send_signal(signal.SIGINT)
    stopped_clean(run, process)
    assert process.returncode == 0

    before = run.collected_at()
    process = run.start()
    run.await_ready(process)
    assert run.collected_at() == before
    process.send_signal(signal.SIGTERM)
    stopped_clean(run, process)
    assert process.returncode == 0


def test_when_one_ends_all_are_stopped(run: Run) -> None:
    process = run.start()
    run.await_ready(process)
    next(seen for seen in run.seen if "[celery beat]" in command_of(seen)).kill()
    stopped_clean(run, process)
    assert process.returncode == 1
    assert "one of web, worker and beat ended by itself" in run.said.read_text()


def ask(run: Run, path: str) -> tuple[int, str, float]:
    """Status and text of a page, and how many seconds it took."""
    started = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", run.port, timeout=20)) as connection:
        connection.request("GET", path, headers={"Host": "localhost", "Cookie": "sessionid=somebodys"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), time.monotonic() - started


def test_without_its_database_it_says_so_and_comes_back(run: Run) -> None:
    process = run.start()
    run.await_ready(process)
    pid = int((run.home.path / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGINT)
    psutil.Process(pid).wait(30)

    status, page, seconds = ask(run, "/inbox/")
    assert (status, "Baton cannot reach its database" in page) == (503, True)
    assert seconds < 8  # three for the pool; the rest is for a busy machine
    assert ask(run, "/inbox/")[0] == 503
    assert ask(run, "/healthz")[:2] == (200, "ok\n")
    status, said, _ = ask(run, "/readyz")
    assert (status, "PostgreSQL does not answer" in said) == (503, True)

    # Any command starts it again, as the first one did.
    subprocess.run([sys.executable, "manage.py", "migrate"], cwd=BASE_DIR, env=run.environ, check=True, timeout=90)
    deadline = time.monotonic() + 60
    while (status := ask(run, "/accounts/login/")[0]) != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert status == 200
    process.send_signal(signal.SIGINT)
    stopped_clean(run, process)


def test_killed_it_takes_all_along_and_starts_again_at_once(run: Run) -> None:
    """SIGKILL can't be handled: the three see that their parent is gone, and the next start waits for that."""
    process = run.start()
    run.await_ready(process)
    process.kill()
    process.wait()

    left = run.seen
    process = run.start()
    run.await_ready(process)

    assert [each for each in left if alive(each)] == []
    process.send_signal(signal.SIGINT)
    stopped_clean(run, process)


@pytest.mark.parametrize("after", [0.0, 0.7, 1.4])
def test_stopped_while_it_starts(run: Run, after: float) -> None:
    process = run.start()
    run.await_word(process, "Starting Baton")
    time.sleep(after)
    process.send_signal(signal.SIGTERM)
    stopped_clean(run, process)
    assert process.returncode in {0, 128 + signal.SIGTERM}  # 0 where a quick machine was serving by then
