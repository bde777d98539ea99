"""Addresses about what is held on people."""

from __future__ import annotations

from django.urls import path

from sla.views import privacy

urlpatterns = [
    path("settings/privacy/", privacy.privacy, name="privacy"),
    path("settings/privacy/unblock/", privacy.privacy_unblock, name="privacy-unblock"),
    path("leads/<int:pk>/privacy/", privacy.lead_privacy, name="lead-privacy"),
    path("leads/<int:pk>/privacy/export/", privacy.lead_export, name="lead-export-held"),
    path("leads/<int:pk>/privacy/erase/", privacy.lead_erase, name="lead-erase"),
]
