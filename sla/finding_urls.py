"""The list of leads, views of it kept by name, and acts on many leads; below ``leads/``."""

from __future__ import annotations

from django.urls import path

from sla.views import bulk, export, leads, saved_views

urlpatterns = [
    path("", leads.lead_list, name="lead-list"),
    path("count/", leads.lead_count, name="lead-count"),
    path("export/", export.lead_export, name="lead-export"),
    path("columns/", saved_views.list_columns, name="list-columns"),
    path("views/new/", saved_views.view_create, name="view-create"),
    path("views/<int:pk>/", saved_views.view_edit, name="view-edit"),
    path("views/<int:pk>/save/", saved_views.view_save, name="view-save"),
    path("views/<int:pk>/delete/", saved_views.view_delete, name="view-delete"),
    path("views/<int:pk>/default/", saved_views.view_default, name="view-default"),
    path("bulk/", bulk.bulk_list, name="bulk-list"),
    path("bulk/new/", bulk.bulk_new, name="bulk-new"),
    path("bulk/<int:pk>/", bulk.bulk_job, name="bulk-job"),
    path("bulk/<int:pk>/live/", bulk.bulk_live, name="bulk-live"),
    path("bulk/<int:pk>/cancel/", bulk.bulk_cancel, name="bulk-cancel"),
    path("bulk/<int:pk>/undo/", bulk.bulk_undo, name="bulk-undo"),
]
