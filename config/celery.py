"""The Celery application; its settings are the CELERY_… ones of config/settings.py."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init

from config import embedded, pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("baton")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(pulse.WorkerPulse)


@celeryd_init.connect
@beat_init.connect
def _servers(**_: Any) -> None:
    """A worker or a beat that was started by hand needs the embedded servers like any other command."""
    embedded.ensure()
