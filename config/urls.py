"""Every address of Baton, one include per app."""

from __future__ import annotations

from django.urls import include, path

from config import health

handler500 = "config.outage.answer"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("people.account_urls")),
    path("", include("sla.work_urls")),
    path("", include("sla.editor_urls")),
    path("", include("sla.privacy_urls")),
    path("scoring/", include("scoring.urls")),
    path("leads/", include("sla.merge_urls")),
    path("leads/", include("leads.merge_urls")),
    path("leads/", include("sla.finding_urls")),
    path("leads/", include("leads.urls")),
    path("settings/", include("leads.access_urls")),
    path("api/v1/", include("leads.api.urls")),
    path("settings/lists/", include("leads.lists.urls")),
    path("", include("leads.capture.urls")),
    path("", include("leads.tracking.urls")),
    path("", include("people.urls")),
]
