"""Every address of Baton, one include per app."""

from __future__ import annotations

from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("people.account_urls")),
    path("", include("sla.work_urls")),
    path("", include("sla.editor_urls")),
    path("scoring/", include("scoring.urls")),
    path("leads/", include("sla.finding_urls")),
    path("leads/", include("leads.urls")),
    path("", include("people.urls")),
]
