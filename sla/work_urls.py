"""The screens of daily work: inbox, lead page, board, notices, system."""

from __future__ import annotations

from django.urls import path

from sla.views import acts, home, inbox, lead

urlpatterns = [
    path("", home.home, name="home"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/live/", inbox.inbox_live, name="inbox-live"),
    path("inbox/availability/", inbox.availability, name="availability"),
    path("leads/<int:pk>/", lead.lead_detail, name="lead-detail"),
    path("leads/<int:pk>/attempts/", acts.attempt_create, name="attempt-create"),
    path("leads/<int:pk>/notes/", acts.note_create, name="note-create"),
    path("handoffs/<int:pk>/reassign/", acts.handoff_reassign, name="handoff-reassign"),
    path("handoffs/reassign/", acts.handoffs_reassign, name="handoffs-reassign"),
]
