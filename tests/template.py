"""A database in which all migrations have run, copied by every test run: seconds saved each time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from config.environment import BASE_DIR

PREFIX = "template_baton_"


def migrated_template(folder: Path) -> str:
    """The name of the template for the migrations as they are now, made when there is none."""
    name = PREFIX + fingerprint()
    database = settings.DATABASES["default"]
    administrator = {"host": database["HOST"], "user": database["USER"], "password": database["PASSWORD"] or None}
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(
            **administrator, port=database["PORT"] or None, dbname="postgres", autocommit=True
        ) as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
            there = {row[0] for row in rows}
            if name not in there:
                for old in there:
                    connection.execute(f"DROP DATABASE {old} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {PREFIX}draft")
                _migrate(f"{PREFIX}draft")
                connection.execute(f"ALTER DATABASE {PREFIX}draft RENAME TO {name}")
    return name


def fingerprint() -> str:
    """Changes with any migration, what they load, and the packages, which bring some of their own."""
    digest = hashlib.sha256((BASE_DIR / "requirements.lock").read_bytes())
    for path in sorted([*BASE_DIR.glob("*/migrations/*.py"), *BASE_DIR.glob("*/defaults.py")]):
        digest.update(f"{path.relative_to(BASE_DIR)}\\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _migrate(name: str) -> None:
    """In a process of its own, because this one is not yet allowed to touch a database."""
    code = f"""
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {name!r}
django.setup()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BASE_DIR, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.exit(f"the migrations do not run:\n{done.stderr}", returncode=2)
