"""Duplicates of leads and their merging, below ``leads/``."""

from __future__ import annotations

from django.urls import path

from sla.views import merging

urlpatterns = [
    path("duplicates/", merging.duplicate_list, name="duplicate-list"),
    path("duplicates/look/", merging.duplicate_look, name="duplicate-look"),
    path("duplicates/progress/", merging.duplicate_progress, name="duplicate-progress"),
    path("duplicates/<int:pk>/", merging.duplicate_pair, name="duplicate-pair"),
    path("duplicates/<int:pk>/dismiss/", merging.duplicate_dismiss, name="duplicate-dismiss"),
    path("<int:pk>/merge/<int:other>/", merging.lead_merge, name="lead-merge"),
    path("merges/<int:pk>/undo/", merging.merge_undo, name="merge-undo"),
]
