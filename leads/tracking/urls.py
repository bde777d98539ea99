"""Addresses of tracking: its settings, and where the snippet sends."""

from __future__ import annotations

from django.urls import path

from leads.tracking import collector, views

urlpatterns = [
    path("settings/tracking/", views.site_list, name="site-list"),
    path("settings/tracking/new/", views.site_create, name="site-create"),
    path("settings/tracking/<int:pk>/", views.site_detail, name="site-detail"),
    path("settings/tracking/<int:pk>/edit/", views.site_edit, name="site-edit"),
    path("t/", collector.track, name="track"),
]
