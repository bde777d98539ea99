"""Django's settings: one module, everything that differs between places comes from the environment."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import django_stubs_ext
import environ
import pghistory
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.environment import BASE_DIR, Environment, read

# So that ModelForm[Lead] and the like, which the type checker wants, exist when the program runs.
django_stubs_ext.monkeypatch()


def database(environment: Environment) -> dict[str, Any]:
    """The connection: pooled, because both gunicorn's and Celery's threads come and go with their connections.

    Celery closes a thread's connection after every task, and a pool makes that a hand-back rather than a new
    server process each time; it also bounds what one process may open, which a connection per thread does not.
    """
    settings: dict[str, Any] = environ.Env.db_url_config(environment.database_url)
    options = settings.setdefault("OPTIONS", {})
    settings["HOST"] = options.pop("host", settings["HOST"])
    options["pool"] = {"min_size": 1, "max_size": 10, "timeout": 3, "max_idle": 300}
    options.setdefault("application_name", "baton")
    settings["CONN_HEALTH_CHECKS"] = True
    return settings


def mail(environment: Environment) -> dict[str, Any]:
    """Where mail goes: the server of EMAIL_URL, else files under BATON_HOME, so that nothing leaves by accident."""
    if environment.email_url:
        # django-environ takes smtps for STARTTLS; everybody else means TLS from the first byte.
        settings: dict[str, Any] = environ.Env.email_url_config(
            environment.email_url.replace("smtps://", "smtp+ssl://", 1)
        )
        settings["EMAIL_PORT"] = settings["EMAIL_PORT"] or (465 if settings.get("EMAIL_USE_SSL") else 25)
        return settings
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": environment.home.path / "mail",
    }


def broker_options(environment: Environment) -> dict[str, Any]:
    """Short waits, in the words of the broker's transport."""
    retries = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
    if environment.broker_url.startswith("redis"):
        # A blocking read of the worker lasts a second, so the socket's own limit has to be longer.
        return retries | {"socket_timeout": 5, "socket_connect_timeout": 2, "health_check_interval": 30}
    return retries


def no_probe(record: logging.LogRecord) -> bool:
    """Whether to log it: that /readyz answers 503 is told to whoever asked, many times a minute.

    That the database is away is a line for each request, without the same traceback every time.
    """
    if getattr(record, "status_code", 0) == HTTPStatus.SERVICE_UNAVAILABLE:
        record.exc_info = None
    return getattr(getattr(record, "request", None), "path", "") != "/readyz"


ENV = read()
HTTPS = ENV.base_url.startswith("https://")

DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
ALLOWED_HOSTS = list(ENV.allowed_hosts)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BATON_HOME = ENV.home.path
BATON_BASE_URL = ENV.base_url
BATON_SWEEP_SECONDS = ENV.sweep_seconds
BATON_DELIVERY_LEASE_SECONDS = ENV.delivery_lease_seconds
BATON_LATE_AFTER_SECONDS = ENV.late_after_seconds
BATON_VISITOR_DAYS = ENV.visitor_days
BATON_DEMO = ENV.demo
BATON_WEBHOOK_PRIVATE = ENV.webhook_private
BATON_MAIL_WITHOUT_CONSENT = ENV.mail_without_consent
BATON_RETENTION_DAYS = ENV.retention_days
BATON_ERASURE_SECRET = ENV.erasure_secret
BATON_IMPORT_MEGABYTES = ENV.import_megabytes
BATON_IMPORT_KEEP_DAYS = ENV.import_keep_days
BATON_IMPORT_LEASE_SECONDS = ENV.import_lease_seconds
# The lower floors wake the flow of the top floor by name, without importing it.
BATON_FLOW_TASK = "sla.tasks.flow"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_filters",
    "ninja",
    "pgtrigger",
    "pghistory",
    "people",
    "leads",
    "scoring",
    "sla",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.outage.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.bodies.BodiesMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "people.middleware.ReaderZoneMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "people.context.navigation",
            ],
        },
    },
]

# Forms are drawn by templates/django/forms, where Django's own are the fallback.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES: dict[str, dict[str, Any]] = {"default": database(ENV)}

CACHES = {
    "default": {
        "BACKEND": "config.cache.Cache",
        "LOCATION": ENV.redis_url,
        "KEY_PREFIX": "baton",
    },
}

AUTH_USER_MODEL = "people.User"
# The e-mail is unique without regard to case, by a constraint on Lower("email") that this check can't see.
# The redirect to HTTPS and what HSTS covers beyond this host are matters of the proxy in front.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W005", "security.W008", "security.W021"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Who changed what: reading changes nothing and needs no context.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("es", _("Spanish")),
    ("pl", _("Polish")),
    ("pt-br", _("Brazilian Portuguese")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# Files that people send in; no address serves them.
MEDIA_ROOT = ENV.home.path / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
# The columns of a file are five fields each, and some programs export hundreds of columns.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
STATIC_URL = "static/"
STATIC_ROOT = ENV.home.path / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}

DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.from_email
EMAIL_TIMEOUT = 10
vars().update(mail(ENV))

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [ENV.base_url] if HTTPS else []

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Who deleted a rule matters as much as who changed it (domain rule 20).
PGHISTORY_DEFAULT_TRACKERS = (
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange()),
    pghistory.DeleteEvent(),
)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Celery. Tasks are nudges and sweeps that find their own work, so no result is kept and a lost one costs seconds.
CELERY_BROKER_URL = ENV.broker_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For ever: after a hundred tries the worker would leave, and take the whole of `make run` along.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A request that nudges the worker must not wait for a dead broker: one try, then an error the caller may drop.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(ENV)
CELERY_BEAT_SCHEDULER = "config.pulse:PulsingScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    # Each expires before the next: after an hour without a worker there is one sweep to do, not hundreds.
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, task, seconds in (
        ("sweep", "sla.tasks.sweep", ENV.sweep_seconds),
        ("deliver", "sla.tasks.deliver", ENV.sweep_seconds),
        ("flow", "sla.tasks.flow", ENV.sweep_seconds),
        ("find-duplicates", "leads.tasks.find_duplicates", ENV.sweep_seconds),
        ("work-lists", "leads.tasks.work_lists", ENV.sweep_seconds),
        ("bulk", "sla.tasks.bulk", ENV.sweep_seconds),
        # Decay is counted in days; hourly, because a daily one would be lost with a restart at the wrong hour.
        ("refresh-stale", "scoring.tasks.refresh_stale", 3600),
        ("webhooks", "leads.tasks.webhooks", ENV.sweep_seconds),
        ("forget-answers", "leads.tasks.forget_answers", 3600),
        ("retention", "sla.tasks.retention", 3600),
        ("forget-visitors", "leads.tasks.forget_visitors", 3600),
        ("imports", "leads.tasks.work_imports", ENV.sweep_seconds),
        ("import-files", "leads.tasks.delete_old_files", 3600),
    )
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "filters": {"no_probes": {"()": "django.utils.log.CallbackFilter", "callback": no_probe}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"filters": ["no_probes"]},
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # Beat and the worker say a line or two for every task; only what goes wrong is worth one.
        "celery": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
