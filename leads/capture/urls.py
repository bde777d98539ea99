"""Addresses of forms: where they are built, and the public ones."""

from __future__ import annotations

from django.urls import path

from leads.capture import pages, views

urlpatterns = [
    path("forms/", views.capture_list, name="capture-list"),
    path("forms/new/", views.capture_create, name="capture-create"),
    path("forms/preview/", views.capture_try, name="capture-try"),
    path("forms/<int:pk>/", views.capture_detail, name="capture-detail"),
    path("forms/<int:pk>/edit/", views.capture_edit, name="capture-edit"),
    path("forms/<int:pk>/preview/", views.capture_preview, name="capture-preview"),
    path("forms/<int:pk>/switch/", views.capture_switch, name="capture-switch"),
    path("forms/<int:pk>/copy/", views.capture_copy, name="capture-copy"),
    path("forms/<int:pk>/delete/", views.capture_delete, name="capture-delete"),
    path("f/<slug:key>/", pages.hosted_form, name="hosted-form"),
    path("f/<slug:key>/thanks/", pages.hosted_form_thanks, name="hosted-form-thanks"),
    path("f/<slug:key>/embed/", pages.hosted_form_embed, name="hosted-form-embed"),
    path("f/<slug:key>/embed/thanks/", pages.hosted_form_embed_thanks, name="hosted-form-embed-thanks"),
]
