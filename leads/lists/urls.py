"""Addresses of the configured lists, below ``settings/lists/``."""

from __future__ import annotations

from django.urls import path

from leads.lists import views

urlpatterns = [
    path("", views.lists, name="lists"),
    path("moves/", views.stage_moves, name="stage-moves"),
    path("<slug:what>/", views.list_detail, name="list-detail"),
    path("<slug:what>/new/", views.list_create, name="list-create"),
    path("<slug:what>/<int:pk>/", views.list_edit, name="list-edit"),
    path("<slug:what>/<int:pk>/move/", views.list_move, name="list-move"),
    path("<slug:what>/<int:pk>/switch/", views.list_switch, name="list-switch"),
    path("<slug:what>/<int:pk>/delete/", views.list_delete, name="list-delete"),
    path("<slug:what>/<int:pk>/merge/", views.list_merge, name="list-merge"),
]
