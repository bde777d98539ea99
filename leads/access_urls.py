"""Addresses of API keys and webhooks, below ``settings/``."""

from __future__ import annotations

urlpatterns = []
