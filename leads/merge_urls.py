"""Duplicates of companies and their merging, below ``leads/``."""

from __future__ import annotations

from django.urls import path

from leads import merge_views

urlpatterns = [
    path("companies/duplicates/", merge_views.company_duplicate_list, name="company-duplicate-list"),
    path("companies/duplicates/<int:pk>/", merge_views.company_duplicate_pair, name="company-duplicate-pair"),
    path(
        "companies/duplicates/<int:pk>/dismiss/",
        merge_views.company_duplicate_dismiss,
        name="company-duplicate-dismiss",
    ),
    path("companies/<int:pk>/merge/<int:other>/", merge_views.company_merge, name="company-merge"),
    path("companies/merges/<int:pk>/undo/", merge_views.company_merge_undo, name="company-merge-undo"),
]
