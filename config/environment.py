"""What Baton reads from its environment, checked once, before anything starts.

A wrong value ends the process with one sentence and status 2, whoever reads it: manage.py, Celery, gunicorn
or pytest.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
# sun_path holds 108 bytes on Linux and 104 on macOS, and PostgreSQL keeps a lock file beside its socket.
LONGEST_SOCKET_DIR = 80
DATABASE_SCHEMES = ("postgres", "postgresql", "psql", "pgsql")
BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "amqp", "amqps", "memory")
EMAIL_SCHEMES = (
    "smtp",
    "smtps",
    "smtp+tls",
    "smtp+ssl",
    "consolemail",
    "filemail",
    "memorymail",
    "dummymail",
)

# A name, all below a name (.example.com), an address of either kind, or everything.
HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
PASSWORD = re.compile(r"(//[^/@:]*:).*@")

T = TypeVar("T")


class SettingError(ValueError):
    """A setting is missing or malformed; the text is the sentence to show."""


class ServerError(RuntimeError):
    """An embedded server did not start; the text is the sentence to show."""


def stop(sentence: str) -> NoReturn:
    """Say why Baton cannot go on and leave with status 2."""
    print(f"baton: {sentence}", file=sys.stderr)  # noqa: T201 - logging may not be configured yet
    raise SystemExit(2)


@dataclass(frozen=True)
class Home:
    """The folder of the embedded servers, their data and their sockets."""

    path: Path

    @property
    def runtime(self) -> Path:
        """Where the sockets are: inside the home, or somewhere short when its path is too long for one."""
        inside = self.path / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_DIR:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"baton-{os.geteuid()}-{digest}"

    @property
    def postgres_socket(self) -> Path:
        return self.runtime / ".s.PGSQL.5432"

    @property
    def redis_socket(self) -> Path:
        return self.runtime / "redis.sock"

    @property
    def database_url(self) -> str:
        return f"postgres://postgres@/baton?host={quote(str(self.runtime))}"

    @property
    def redis_url(self) -> str:
        """The cache's address. The broker keeps database 0, so that clearing the cache never drops a task."""
        return f"unix://{quote(str(self.redis_socket))}?db=1"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{quote(str(self.redis_socket))}?virtual_host=0"


@dataclass(frozen=True)
class Environment:
    """Every setting, valid. `embedded_*` say whether Baton runs that server itself."""

    debug: bool
    secret_key: str
    allowed_hosts: tuple[str, ...]
    base_url: str
    port: int
    home: Home
    database_url: str
    redis_url: str
    broker_url: str
    email_url: str
    from_email: str
    sweep_seconds: int
    delivery_lease_seconds: int
    late_after_seconds: int
    visitor_days: int
    import_megabytes: int
    import_keep_days: int
    import_lease_seconds: int
    demo: bool
    webhook_private: bool
    mail_without_consent: bool
    retention_days: int
    erasure_secret: str
    embedded_database: bool
    embedded_redis: bool


def _value(read: Callable[[], T], name: str, wanted: str) -> T:
    try:
        return read()
    except (ValueError, TypeError, environ.ImproperlyConfigured):
        raise SettingError(f"{name} must be {wanted}, not {_without_password(_text(name))!r}.") from None


def _number(name: str, default: int, lowest: int, highest: int, unit: str) -> int:
    wanted = f"a whole number of {unit} from {lowest} to {highest}" if unit else f"a number from {lowest} to {highest}"
    number = _value(lambda: int(_text(name) or default), name, wanted)
    if not lowest <= number <= highest:
        raise SettingError(f"{name} must be {wanted}, not {os.environ[name]!r}.")
    return number


def _text(name: str, default: str = "") -> str:
    """The value as it is. django-environ would take one that begins with $ for the name of another variable."""
    return os.environ.get(name, "") or default


def _flag(name: str, *, default: bool) -> bool:
    text = _text(name, str(default)).strip().lower()
    if text not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise SettingError(f"{name} must be true or false, not {os.environ[name]!r}.")
    return text in {"true", "1", "yes", "on"}


def _url(name: str, schemes: tuple[str, ...], example: str) -> str:
    text = _text(name).strip()
    if not text:
        return ""
    wanted = f"an address such as {example}"
    parts = _value(lambda: urlsplit(text), name, wanted)
    _value(lambda: parts.port, name, wanted)
    if parts.scheme not in schemes or not (parts.netloc or parts.path):
        raise SettingError(f"{name} must be {wanted}, not {_without_password(text)!r}.")
    return text


def _without_password(url: str) -> str:
    """The address as it may be shown: a password in it stays out of terminals and logs."""
    return PASSWORD.sub(r"\1…@", url)


def _database_url() -> str:
    example = "postgres://user:password@host:5432/baton"
    text = _url("DATABASE_URL", DATABASE_SCHEMES, example)
    if text and len(urlsplit(text).path) < 2:
        raise SettingError(f"DATABASE_URL must name a database, as in {example}; {_without_password(text)!r} does not.")
    return text


def _redis_url() -> str:
    """Checked here, as the client and Celery each say late, and in their own way, that a database is no number."""
    example = "redis://host:6379/0"
    text = _url("REDIS_URL", ("redis", "rediss", "unix"), example)
    parts = urlsplit(text)
    named = parse_qs(parts.query).get("db", []) + ([] if parts.scheme == "unix" else [parts.path.strip("/")])
    if not all(re.fullmatch(r"[0-9]{0,4}", database, re.ASCII) for database in named):
        raise SettingError(
            f"REDIS_URL must name a database by its number, as in {example}; {_without_password(text)!r} does not."
        )
    return text


def _broker_url(redis_url: str) -> str:
    """BROKER_URL, or the Redis of REDIS_URL in the words Celery has for it; empty when neither is set."""
    text = _url("BROKER_URL", BROKER_SCHEMES, "amqp://user:password@host:5672//")
    if text or not redis_url.startswith("unix://"):
        return text or redis_url
    parts = urlsplit(redis_url)
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"


def _base_url(port: int) -> str:
    text = _url("BATON_BASE_URL", ("http", "https"), "https://baton.example.com")
    parts = urlsplit(text)
    if text and (not parts.hostname or parts.query or parts.fragment or re.search(r"\s", text)):
        raise SettingError(f"BATON_BASE_URL must be an address such as https://baton.example.com, not {text!r}.")
    return text.rstrip("/") or f"http://localhost:{port}"


def _secret_key(home: Home, *, required: bool) -> str:
    text = _text("SECRET_KEY")
    if text:
        return text
    if required:
        raise SettingError("SECRET_KEY is missing: with DATABASE_URL set and DEBUG off it must be a long random text.")
    return _kept_secret(home.path / "secret_key")


def _kept_secret(path: Path) -> str:
    """A key made once for this home, readable by its owner only; processes starting together agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def home_from_environment() -> Home:
    """The home named by BATON_HOME, relative to the repository."""
    return Home((BASE_DIR / Path(_text("BATON_HOME", ".baton")).expanduser()).resolve())


def parse() -> Environment:
    """Read the environment. Raises SettingError: the sentence to show for the first value that is wrong."""
    home = home_from_environment()
    debug = _flag("DEBUG", default=False)
    port = _number("PORT", 8000, 1, 65535, "")
    database_url = _database_url()
    redis_url = _redis_url()
    secret_key = _secret_key(home, required=bool(database_url) and not debug)
    base_url = _base_url(port)
    return Environment(
        debug=debug,
        secret_key=secret_key,
        allowed_hosts=_allowed_hosts() or _own_hosts(base_url),
        base_url=base_url,
        port=port,
        home=home,
        database_url=database_url or home.database_url,
        redis_url=redis_url or home.redis_url,
        broker_url=_broker_url(redis_url) or home.broker_url,
        email_url=_email_url(),
        from_email=_from_email(),
        sweep_seconds=_number("BATON_SWEEP_SECONDS", 15, 1, 3600, "seconds"),
        delivery_lease_seconds=_number("BATON_DELIVERY_LEASE_SECONDS", 60, 1, 3600, "seconds"),
        late_after_seconds=_number("BATON_LATE_AFTER_SECONDS", 120, 1, 86400, "seconds"),
        visitor_days=_number("BATON_VISITOR_DAYS", 180, 1, 3650, "days"),
        import_megabytes=_number("BATON_IMPORT_MEGABYTES", 200, 1, 10_000, "megabytes"),
        import_keep_days=_number("BATON_IMPORT_KEEP_DAYS", 30, 1, 3650, "days"),
        import_lease_seconds=_number("BATON_IMPORT_LEASE_SECONDS", 120, 5, 3600, "seconds"),
        demo=_flag("BATON_DEMO", default=True),
        webhook_private=_flag("BATON_WEBHOOK_PRIVATE", default=False),
        mail_without_consent=_flag("BATON_MAIL_WITHOUT_CONSENT", default=False),
        retention_days=_number("BATON_RETENTION_DAYS", 0, 0, 36500, "days"),
        erasure_secret=_text("BATON_ERASURE_SECRET") or secret_key,
        embedded_database=not database_url,
        embedded_redis=not redis_url,
    )


def _allowed_hosts() -> tuple[str, ...]:
    """Names, as a browser sends them; with a scheme or a port each request would be refused without a word."""
    hosts = tuple(host.strip() for host in _text("ALLOWED_HOSTS").split(",") if host.strip())
    for host in hosts:
        if not HOST.fullmatch(host):
            raise SettingError(
                f"ALLOWED_HOSTS must be names such as baton.example.com, with commas between, not {host!r}."
            )
    return hosts


def _own_hosts(base_url: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((urlsplit(base_url).hostname or "localhost", "localhost", "127.0.0.1", "[::1]")))


def _email_url() -> str:
    """smtp (plain), smtp+tls (STARTTLS), smtp+ssl or smtps (TLS from the first byte)."""
    example = "smtp+tls://user:password@host:587"
    text = _url("EMAIL_URL", EMAIL_SCHEMES, example)
    parts = urlsplit(text)
    if parts.scheme.startswith("smtp") and (not parts.hostname or parts.query or parts.path.strip("/")):
        shown = _without_password(text)
        raise SettingError(f"EMAIL_URL must be a server and nothing more, such as {example}, not {shown!r}.")
    return text


def _from_email() -> str:
    text = _text("BATON_FROM_EMAIL", "Baton <baton@localhost>")
    if "@" not in text or "\n" in text or "\r" in text:
        raise SettingError(f"BATON_FROM_EMAIL must be an e-mail address such as baton@example.com, not {text!r}.")
    return text


def read() -> Environment:
    """The environment, or the end of the process with one sentence and status 2."""
    try:
        return parse()
    except SettingError as error:
        stop(str(error))
    except OSError as error:
        stop(f"BATON_HOME cannot be used: {error}.")
