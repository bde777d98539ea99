"""The screens of daily work: inbox, lead page, board, notices, system."""

from __future__ import annotations

from django.urls import path

from sla.views import acts, board, company, fields, home, inbox, lead, notes, notices, system

urlpatterns = [
    path("", home.home, name="home"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/live/", inbox.inbox_live, name="inbox-live"),
    path("inbox/availability/", inbox.availability, name="availability"),
    path("leads/<int:pk>/", lead.lead_detail, name="lead-detail"),
    path("leads/<int:pk>/live/", lead.lead_live, name="lead-live"),
    path("leads/<int:pk>/story/", lead.lead_story, name="lead-story"),
    path("leads/<int:pk>/company/", lead.lead_company, name="lead-company"),
    path("leads/<int:pk>/attempts/", acts.attempt_create, name="attempt-create"),
    path("leads/<int:pk>/notes/", acts.note_create, name="note-create"),
    path("leads/<int:pk>/fields/<str:slot>/", fields.lead_field, name="lead-field"),
    path("leads/<int:pk>/fields/<str:slot>/history/", fields.lead_field_history, name="lead-field-history"),
    path("leads/notes/<int:pk>/", notes.note_edit, name="note-edit"),
    path("leads/notes/<int:pk>/delete/", notes.note_delete, name="note-delete"),
    path("leads/companies/<int:pk>/", company.company_detail, name="company-detail"),
    path("board/", board.board, name="board"),
    path("board/live/", board.board_live, name="board-live"),
    path("handoffs/<int:pk>/reassign/", acts.handoff_reassign, name="handoff-reassign"),
    path("handoffs/reassign/", acts.handoffs_reassign, name="handoffs-reassign"),
    path("notices/", notices.notice_list, name="notice-list"),
    path("notices/live/", notices.notice_list_live, name="notice-list-live"),
    path("notices/<int:pk>/", notices.notice_detail, name="notice-detail"),
    path("notices/<int:pk>/retry/", notices.notice_retry, name="notice-retry"),
    path("system/", system.system, name="system"),
    path("system/leads/<int:pk>/retry/", system.retry_changed_lead, name="system-retry-lead"),
    path("system/escalations/<int:pk>/retry/", system.retry_escalation, name="system-retry-escalation"),
]
