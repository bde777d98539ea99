"""The embedded servers: started by the first, shared, stopped after the last, whatever way each process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.environment import BASE_DIR, Home

pytestmark = pytest.mark.slow

USE = """
import sys, psycopg, redis
from config import embedded
from config.environment import parse
embedded.ensure()
environment = parse()
with psycopg.connect(environment.database_url) as connection:
    connection.execute("SELECT pg_advisory_xact_lock(1)")
    connection.execute("CREATE TABLE IF NOT EXISTS seen (at timestamptz DEFAULT now())")
    connection.execute("INSERT INTO seen DEFAULT VALUES")
    rows = connection.execute("SELECT count(*) FROM seen").fetchone()[0]
redis.Redis.from_url(environment.redis_url).incr("seen")
print(rows, flush=True)
sys.stdin.readline()
"""


class Cast:
    """Processes that use the servers of one home."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("BATON_") and name not in {"DATABASE_URL", "REDIS_URL"}
        } | {"BATON_HOME": str(path)}
        self.started: list[subprocess.Popen[str]] = []

    def user(self, code: str = USE) -> subprocess.Popen[str]:
        """A process that uses the servers until its input ends."""
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=BASE_DIR,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def running(self) -> dict[str, int]:
        """The pid of each server and of the keeper of this home."""
        found = {}
        for process in psutil.process_iter(["name", "cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            # Where the path is too long for a socket, Redis is known by the short one only.
            is_ours = str(self.home.path) in line or str(self.home.runtime) in line
            if not is_ours or process.info["status"] == psutil.STATUS_ZOMBIE:
                continue
            for name in ("bin/postgres", "redis-server", "keeper.py"):
                if name in line:
                    found[name] = process.pid
        return found

    def postgres_pid(self) -> int:
        return int((self.home.path / "postgres" / "postmaster.pid").read_text().split()[0])


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    cast = Cast(tmp_path / "home")
    yield cast
    for process in cast.started:
        process.kill()
        process.communicate()
    assert eventually(lambda: not cast.running()), cast.running()


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def rows(process: subprocess.Popen[str]) -> int:
    """How often the servers were used so far, as this process saw it: it is using them now."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return int(line)


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=20)


def nothing_left(cast: Cast) -> bool:
    return not cast.running() and not list(cast.home.runtime.iterdir())


def test_shared_then_stopped_by_the_last_and_data_stays(cast: Cast) -> None:
    first, second = cast.user(), cast.user()
    assert {rows(first), rows(second)} == {1, 2}
    servers = cast.running()
    assert set(servers) == {"bin/postgres", "redis-server", "keeper.py"}
    end(first)
    time.sleep(0.5)
    assert cast.running() == servers
    end(second)
    assert eventually(lambda: nothing_left(cast))
    again = cast.user()
    assert rows(again) == 3


def test_a_killed_user_is_no_user(cast: Cast) -> None:
    first, second = cast.user(), cast.user()
    assert rows(first) + rows(second) == 3
    first.kill()
    first.wait()
    time.sleep(0.5)
    assert len(cast.running()) == 3
    second.kill()
    second.wait()
    assert eventually(lambda: nothing_left(cast))


def test_a_forked_child_does_not_stop_them(cast: Cast) -> None:
    process = cast.user(USE.replace("sys.stdin.readline()", "import os; os.fork() or sys.exit(); sys.stdin.readline()"))
    assert rows(process) == 1
    time.sleep(0.5)
    assert len(cast.running()) == 3
    end(process)
    assert eventually(lambda: nothing_left(cast))


def test_servers_that_were_killed_start_again(cast: Cast) -> None:
    first = cast.user()
    assert rows(first) == 1
    for pid in (cast.postgres_pid(), cast.running()["redis-server"], cast.running()["keeper.py"]):
        os.kill(pid, signal.SIGKILL)
    second = cast.user()
    assert rows(second) == 2
    end(first)
    end(second)
    assert eventually(lambda: nothing_left(cast))


def test_a_pid_file_of_somebody_else_is_no_obstacle(cast: Cast) -> None:
    first = cast.user()
    assert rows(first) == 1
    left = (cast.home.path / "postgres" / "postmaster.pid").read_text()
    end(first)
    assert eventually(lambda: nothing_left(cast))
    (cast.home.path / "postgres" / "postmaster.pid").write_text(left.replace(left.split()[0], str(os.getpid()), 1))
    (cast.home.path / "redis" / "redis.pid").write_text(str(os.getpid()))
    assert rows(cast.user()) == 2


def test_a_home_too_long_for_a_socket(cast: Cast, tmp_path: Path) -> None:
    cast.home = Home(tmp_path / ("much-too-long-for-a-socket-" * 4))
    cast.environ["BATON_HOME"] = str(cast.home.path)
    process = cast.user()
    assert rows(process) == 1
    end(process)
    assert eventually(lambda: nothing_left(cast))
    cast.home.runtime.rmdir()


def test_what_postgres_says_is_passed_on(cast: Cast) -> None:
    cast.environ["BATON_PG_SHARED_BUFFERS"] = "999999GB"
    process = cast.user()
    errors = process.communicate()[1]
    assert process.returncode == 2
    assert "baton: PostgreSQL did not start" in errors
    assert "999999GB" in errors
    assert "Traceback" not in errors
