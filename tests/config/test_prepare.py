"""What is done before the first page, and above all what is not done again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import announce, prepare
from config.environment import BASE_DIR, parse
from manage import needs_servers
from tests.cast import build_user


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The management commands called, none of which is run."""
    names: list[str] = []

    def call(name: str, **options: Any) -> None:
        names.append(name)
        if "stdout" in options:
            options["stdout"].write("sdr@example.com / secret\n")

    monkeypatch.setattr(prepare, "call_command", call)
    monkeypatch.setattr(prepare, "get_commands", lambda: {"load_demo": "sla"})
    return names


def test_fingerprint_follows_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    before = prepare.fingerprint(tmp_path)
    assert prepare.fingerprint(tmp_path) == before
    os.utime(tmp_path / "a.css", (1, 1))
    touched = prepare.fingerprint(tmp_path)
    (tmp_path / "b.css").write_text("")
    assert len({before, touched, prepare.fingerprint(tmp_path)}) == 3


def test_static_files_are_collected_once(called: list[str], tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    prepare.collect_static(tmp_path / "stamp")
    prepare.collect_static(tmp_path / "stamp")
    assert called == ["collectstatic"]


@pytest.mark.django_db
def test_the_demo_is_for_an_empty_house(called: list[str], tmp_path: Path, settings: Any) -> None:
    settings.BATON_DEMO = True
    prepare.load_demo(tmp_path / "demo.txt")
    assert called == ["load_demo"]
    assert "sdr@example.com / secret" in announce.announcement("http://localhost:8000", tmp_path / "demo.txt")

    build_user()
    prepare.load_demo(tmp_path / "demo.txt")
    assert called == ["load_demo"]


@pytest.mark.django_db
def test_the_demo_can_be_declined(called: list[str], tmp_path: Path, settings: Any) -> None:
    settings.BATON_DEMO = False
    prepare.load_demo(tmp_path / "demo.txt")
    assert called == []
    assert "sdr@" not in announce.announcement("http://localhost:8000", tmp_path / "demo.txt")


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ([], False),
        (["--help"], False),
        (["migrate", "--help"], False),
        (["check"], False),
        (["collectstatic", "--noinput"], False),
        (["migrate"], True),
        (["shell", "-c", "print()"], True),
    ],
)
def test_only_commands_that_use_data_start_servers(arguments: list[str], needed: bool) -> None:
    assert needs_servers(arguments) is needed


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"DATABASE_URL": "postgres://u:hunter2@127.0.0.1:1/baton"},
            "baton: PostgreSQL (DATABASE_URL) cannot be used:",
        ),
        ({"DATABASE_URL": "postgres://u:hunter2@127.0.0.1:1/baton?sslmode=never"}, 'invalid sslmode value: "never"'),
        ({"REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}, "baton: Redis (REDIS_URL) cannot be used:"),
    ],
)
def test_a_server_that_is_not_there_is_one_sentence(servers: None, variables: dict[str, str], sentence: str) -> None:
    environment = {**os.environ, "SECRET_KEY": "k" * 50, "DJANGO_SETTINGS_MODULE": "config.settings", **variables}
    environment.setdefault("DATABASE_URL", parse().database_url)
    environment.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
    done = subprocess.run(
        [sys.executable, "-m", "config.prepare"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
