"""Addresses of API keys and webhooks, below ``settings/``."""

from __future__ import annotations

from django.urls import path

from leads import access_views, webhook_views

urlpatterns = [
    path("api/", access_views.api_key_list, name="api-key-list"),
    path("api/new/", access_views.api_key_create, name="api-key-create"),
    path("api/<int:pk>/", access_views.api_key_edit, name="api-key-edit"),
    path("api/<int:pk>/revoke/", access_views.api_key_revoke, name="api-key-revoke"),
    path("webhooks/", webhook_views.webhook_list, name="webhook-list"),
    path("webhooks/new/", webhook_views.webhook_create, name="webhook-create"),
    path("webhooks/<int:pk>/", webhook_views.webhook_detail, name="webhook-detail"),
    path("webhooks/<int:pk>/edit/", webhook_views.webhook_edit, name="webhook-edit"),
    path("webhooks/<int:pk>/delete/", webhook_views.webhook_delete, name="webhook-delete"),
    path("webhooks/<int:pk>/switch/", webhook_views.webhook_switch, name="webhook-switch"),
    path("webhooks/<int:pk>/roll/", webhook_views.webhook_roll, name="webhook-roll"),
    path("webhooks/<int:pk>/ping/", webhook_views.webhook_ping, name="webhook-ping"),
    path("webhooks/deliveries/<int:pk>/", webhook_views.webhook_delivery, name="webhook-delivery"),
    path("webhooks/deliveries/<int:pk>/again/", webhook_views.webhook_delivery_again, name="webhook-delivery-again"),
]
