"""Settings from the environment: what is read, and the one sentence that a wrong one ends the process with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import BASE_DIR, LONGEST_SOCKET_DIR, Home, SettingError, parse

PRODUCTION = {"DATABASE_URL": "postgres://u:hunter2@db/baton", "SECRET_KEY": "k" * 50}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but a home."""
    for name in list(os.environ):
        if (
            name.startswith("BATON_")
            or name.endswith("_URL")
            or name in {"SECRET_KEY", "PORT", "DEBUG", "ALLOWED_HOSTS"}
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BATON_HOME", str(tmp_path / "home"))


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL must be an address such as postgres://"),
        ({"DATABASE_URL": "mysql://u@h/d"}, "DATABASE_URL must be an address such as postgres://"),
        ({"DATABASE_URL": "postgres://u:hunter2@host:port/d"}, "DATABASE_URL must be an address"),
        ({"DATABASE_URL": "postgres://u:hunter2@host"}, "DATABASE_URL must name a database"),
        ({"REDIS_URL": "http://host"}, "REDIS_URL must be an address such as redis://"),
        ({"REDIS_URL": "redis://:hunter2@host:6379/cache"}, "REDIS_URL must name a database by its number"),
        ({"REDIS_URL": "unix:///run/redis.sock?db=x"}, "REDIS_URL must name a database by its number"),
        ({"BROKER_URL": "kafka://host"}, "BROKER_URL must be an address such as amqp://"),
        ({"EMAIL_URL": "mail.example.com"}, "EMAIL_URL must be an address such as smtp"),
        ({"EMAIL_URL": "smtp://host:many"}, "EMAIL_URL must be an address such as smtp"),
        ({"EMAIL_URL": "smtp://u:hunter2@host?timeout=3"}, "EMAIL_URL must be a server and nothing more"),
        ({"EMAIL_URL": "smtp://"}, "EMAIL_URL must be"),
        ({"PORT": "abc"}, "PORT must be a number from 1 to 65535, not 'abc'."),
        ({"PORT": "$PORT"}, "PORT must be a number from 1 to 65535, not '$PORT'."),
        ({"PORT": "0"}, "PORT must be a number from 1 to 65535, not '0'."),
        (
            {"BATON_SWEEP_SECONDS": "-1"},
            "BATON_SWEEP_SECONDS must be a whole number of seconds from 1 to 3600, not '-1'.",
        ),
        ({"BATON_DELIVERY_LEASE_SECONDS": "1.5"}, "BATON_DELIVERY_LEASE_SECONDS must be a whole number of seconds"),
        ({"BATON_LATE_AFTER_SECONDS": "soon"}, "BATON_LATE_AFTER_SECONDS must be a whole number of seconds"),
        ({"DEBUG": "maybe"}, "DEBUG must be true or false, not 'maybe'."),
        ({"BATON_DEMO": "2"}, "BATON_DEMO must be true or false, not '2'."),
        ({"BATON_WEBHOOK_PRIVATE": "x"}, "BATON_WEBHOOK_PRIVATE must be true or false, not 'x'."),
        ({"BATON_BASE_URL": "baton.example.com"}, "BATON_BASE_URL must be an address such as https://"),
        ({"BATON_BASE_URL": "https://baton example"}, "BATON_BASE_URL must be an address such as https://"),
        ({"BATON_BASE_URL": "https://baton.example.com?x"}, "BATON_BASE_URL must be an address such as https://"),
        ({"ALLOWED_HOSTS": "a.example.com, https://b.example.com"}, "ALLOWED_HOSTS must be names such as"),
        ({"ALLOWED_HOSTS": "baton.example.com:8000"}, "not 'baton.example.com:8000'."),
        ({"BATON_FROM_EMAIL": "nobody"}, "BATON_FROM_EMAIL must be an e-mail address"),
        ({"DATABASE_URL": "postgres://u@db/baton"}, "SECRET_KEY is missing"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    given(monkeypatch, **variables)
    with pytest.raises(SettingError) as caught:
        parse()
    assert sentence in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_nothing_set_means_embedded(tmp_path: Path) -> None:
    environment = parse()
    assert environment.embedded_database
    assert environment.embedded_redis
    assert (environment.port, environment.base_url) == (8000, "http://localhost:8000")
    assert environment.broker_url.startswith("redis+socket:///")
    assert environment.sweep_seconds == 15


def test_both_addresses_set_mean_nothing_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **PRODUCTION, REDIS_URL="redis://cache:6379/3")
    environment = parse()
    assert not environment.embedded_database
    assert not environment.embedded_redis
    assert environment.broker_url == environment.redis_url == "redis://cache:6379/3"


def test_hosts_may_be_names_addresses_and_everything_below_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, ALLOWED_HOSTS="baton.example.com, .example.org,10.0.0.1,[::1],*")
    assert parse().allowed_hosts == ("baton.example.com", ".example.org", "10.0.0.1", "[::1]", "*")


def test_a_redis_socket_becomes_a_broker_address(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, REDIS_URL="unix:///run/redis.sock?db=2")
    assert parse().broker_url == "redis+socket:///run/redis.sock?virtual_host=2"


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first, again = parse().secret_key, parse().secret_key
    kept = tmp_path / "home" / "secret_key"
    assert first == again == kept.read_text()
    assert len(first) > 50
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_value_that_begins_with_a_dollar_is_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, SECRET_KEY="$HOME-and-more")
    assert parse().secret_key == "$HOME-and-more"


def test_a_long_home_gets_a_short_socket_folder(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long" * 30))
    assert len(os.fsencode(home.runtime)) <= LONGEST_SOCKET_DIR
    assert home.runtime != Home(tmp_path / ("long" * 31)).runtime
    assert Home(Path("/srv/baton")).runtime == Path("/srv/baton/run")


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["manage.py", "migrate"],
        ["-m", "celery", "-A", "config.celery:app", "worker"],
        ["-m", "gunicorn", "-c", "python:config.web", "config.wsgi"],
        ["-m", "pytest", "tests/config/test_health.py"],
        ["-m", "config.run"],
    ],
    ids=lambda command: " ".join(command),
)
def test_every_way_in_says_it_and_leaves_with_two(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, BATON_SWEEP_SECONDS="often")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    done = subprocess.run([sys.executable, *command], cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "baton: BATON_SWEEP_SECONDS must be a whole number of seconds from 1 to 3600, not 'often'." in said
    assert "Traceback" not in said


def test_a_home_that_is_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    given(monkeypatch, BATON_HOME=str(tmp_path / "file"))
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "BATON_HOME cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_privacy_is_careful_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    found = parse()
    assert (found.mail_without_consent, found.retention_days) == (False, 0)
    assert found.erasure_secret == found.secret_key
    given(monkeypatch, BATON_MAIL_WITHOUT_CONSENT="yes", BATON_RETENTION_DAYS="730", BATON_ERASURE_SECRET="pepper")
    found = parse()
    assert (found.mail_without_consent, found.retention_days, found.erasure_secret) == (True, 730, "pepper")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"BATON_RETENTION_DAYS": "-1"}, "BATON_RETENTION_DAYS must be a whole number of days from 0 to 36500"),
        ({"BATON_RETENTION_DAYS": "for ever"}, "BATON_RETENTION_DAYS must be a whole number of days"),
        ({"BATON_MAIL_WITHOUT_CONSENT": "perhaps"}, "BATON_MAIL_WITHOUT_CONSENT must be true or false"),
    ],
)
def test_a_wrong_setting_of_privacy_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    given(monkeypatch, **variables)
    with pytest.raises(SettingError, match=sentence):
        parse()
