"""The pages about people, teams and oneself."""

from __future__ import annotations

from django.urls import path

from people import views

urlpatterns = [
    path("people/", views.person_list, name="person-list"),
    path("people/new/", views.person_create, name="person-create"),
    path("people/<int:pk>/", views.person_edit, name="person-edit"),
    path("people/<int:pk>/invite/", views.person_invite, name="person-invite"),
    path("teams/", views.team_list, name="team-list"),
    path("teams/new/", views.team_create, name="team-create"),
    path("teams/<int:pk>/", views.team_edit, name="team-edit"),
    path("profile/", views.profile, name="profile"),
]
