"""Addresses of leads, below ``leads/``."""

from __future__ import annotations

from django.urls import include, path

from leads import views

urlpatterns = [
    path("new/", views.lead_create, name="lead-create"),
    path("<int:pk>/edit/", views.lead_edit, name="lead-edit"),
    path("companies/<int:pk>/edit/", views.company_edit, name="company-edit"),
    path("<int:pk>/events/new/", views.event_create, name="event-create"),
    path("imports/", include("leads.import_urls")),
]
