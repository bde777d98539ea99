"""The product's settings, in a home of their own and without what only slows a test down."""

from __future__ import annotations

import os
from hashlib import blake2b

os.environ.setdefault("BATON_HOME", ".baton-test")
os.environ.setdefault("BATON_PG_FSYNC", "off")

from config.settings import *  # noqa: F403 - the line above decides what it reads


def cache_key(key: str, prefix: str, version: int) -> str:
    """Rate limits and other cached facts of one test do not reach the next, nor another run."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    return f"{prefix}:{os.getpid()}:{blake2b(test.encode(), digest_size=8).hexdigest()}:{version}:{key}"


DATABASES["default"]["OPTIONS"].pop("pool")  # noqa: F405 - one connection, which pytest-django wraps in a transaction
CACHES["default"]["KEY_FUNCTION"] = "tests.settings.cache_key"  # noqa: F405 - as above
CELERY_BROKER_URL = "memory://"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405 - as above
WHITENOISE_AUTOREFRESH = True
