"""The product's settings, on a database of the bench's own, with one more page: the floor that pages are held to."""

from __future__ import annotations

import os
from pathlib import Path

from config.settings import *  # noqa: F403 - the product's settings, as they are

DATABASES["default"]["NAME"] = os.environ.get("BATON_BENCH_DATABASE", "baton_bench")  # noqa: F405 - from the line above
ROOT_URLCONF = "bench.urls"
TEMPLATES[0]["DIRS"].append(Path(__file__).with_name("templates"))  # noqa: F405 - as above
# What is measured here is no mail of anybody's; the measurement of delivery names its own server.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
# A nudge must not wake a worker that may be running on the product's own database.
CELERY_BROKER_URL = "memory://localhost/"
LOGGING["root"]["level"] = "WARNING"  # type: ignore[index]  # noqa: F405 - a table is to be read, not a log
