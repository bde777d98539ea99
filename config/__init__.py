"""How Baton is wired. The Celery app is imported here so that tasks find it wherever Django runs."""

from __future__ import annotations

from config.celery import app

__all__ = ["app"]
