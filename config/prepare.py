"""What has to be done before the first page: tables, static files, and on the very first start the demo."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import django
import psycopg
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command, get_commands
from django.db import connection, transaction
from redis.exceptions import RedisError

from config.environment import BASE_DIR, stop

# What load_demo said (its sign-ins), shown again at every start.
DEMO_NOTE = "demo.txt"
CONNECT_SECONDS = 10


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from config import pulse

    check_servers()
    call_command("migrate", interactive=False, verbosity=0)
    pulse.forget()
    collect_static(settings.BATON_HOME / "static.stamp")
    load_demo(settings.BATON_HOME / DEMO_NOTE)


def check_servers() -> None:
    """Leave with a sentence when PostgreSQL or Redis does not answer: what DATABASE_URL and REDIS_URL name may be down.

    Outside of the pool, which would wait ten seconds and then not know why.
    """
    parameters = {**connection.get_connection_params(), "connect_timeout": CONNECT_SECONDS}
    parameters.pop("pool", None)
    try:
        psycopg.connect(**parameters).close()
    except psycopg.Error as error:
        stop(f"PostgreSQL (DATABASE_URL) cannot be used: {' '.join(str(error).split())}")
    try:
        cache.get("anything")
    except (RedisError, OSError) as error:
        stop(f"Redis (REDIS_URL) cannot be used: {error}")


def collect_static(stamp: Path) -> None:
    """Copy, name by content and compress the static files, unless none changed since the last time."""
    state = fingerprint(BASE_DIR / "static", BASE_DIR / "requirements.lock")
    if stamp.exists() and stamp.read_text() == state and Path(settings.STATIC_ROOT).exists():
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(state)


def fingerprint(*roots: Path) -> str:
    """Changes when a file below the roots is added, removed or written."""
    digest = hashlib.sha256()
    for root in roots:
        for path in sorted([root, *root.rglob("*")]):
            if path.is_file():
                status = path.stat()
                digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def load_demo(note: Path) -> None:
    """A made-up company for a first look: only where nobody is yet, and not when BATON_DEMO is false."""
    from django.contrib.auth import get_user_model

    wanted = settings.BATON_DEMO and "load_demo" in get_commands()
    if not wanted or get_user_model()._default_manager.exists():
        return
    said = io.StringIO()
    # Whole or not at all: half a demo would look like somebody's data at the next start.
    with transaction.atomic():
        call_command("load_demo", stdout=said)
    note.write_text(said.getvalue())


if __name__ == "__main__":
    main()
