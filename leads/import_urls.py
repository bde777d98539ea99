"""Addresses of imports, below ``leads/imports/``."""

from __future__ import annotations

from django.urls import path

from leads import import_mapping_views, import_views

urlpatterns = [
    path("", import_views.import_list, name="import-list"),
    path("new/", import_views.import_create, name="import-create"),
    path("<int:pk>/", import_views.import_detail, name="import-detail"),
    path("<int:pk>/live/", import_views.import_live, name="import-live"),
    path("<int:pk>/columns/", import_mapping_views.import_columns, name="import-columns"),
    path("<int:pk>/sheet/", import_mapping_views.import_sheet, name="import-sheet"),
    path("<int:pk>/words/", import_mapping_views.import_words, name="import-words"),
    path("<int:pk>/check/", import_views.import_check, name="import-check"),
    path("<int:pk>/start/", import_views.import_start, name="import-start"),
    path("<int:pk>/cancel/", import_views.import_cancel, name="import-cancel"),
    path("<int:pk>/undo/", import_views.import_undo, name="import-undo"),
    path("<int:pk>/rejects.csv", import_views.import_rejects, name="import-rejects"),
    path("<int:pk>/mended/", import_views.import_mended, name="import-mended"),
]
