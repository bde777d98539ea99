"""Addresses of the API, below ``api/v1/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from leads.api import app

OPERATIONS = [
    URLPattern(pattern.pattern, app.in_shape(pattern.callback), name=pattern.name)
    for pattern in app.api.urls[0]
    if isinstance(pattern, URLPattern) and pattern.name != "api-root"
]

urlpatterns = [
    path("docs", app.docs, name="api-docs"),
    path("openapi.json", app.openapi, name="api-schema"),
    *OPERATIONS,
    path("", app.nothing_here, name="api-root"),
    path("<path:rest>", app.nothing_here, name="api-nothing"),
]
