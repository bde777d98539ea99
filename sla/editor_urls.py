"""The pages on which people edit what is promised."""

from __future__ import annotations

from django.urls import path

from sla.views import calendars, glossary, policies, routing

urlpatterns = [
    path("policies/", policies.policy_list, name="policy-list"),
    path("policies/new/", policies.policy_create, name="policy-create"),
    path("policies/<int:pk>/", policies.policy_edit, name="policy-edit"),
    path("policies/<int:pk>/switch/", policies.policy_switch, name="policy-switch"),
    path("policies/<int:pk>/move/", policies.policy_move, name="policy-move"),
    path("routing/", routing.routing_list, name="routing-list"),
    path("routing/new/", routing.routing_create, name="routing-create"),
    path("routing/strays/", routing.routing_strays, name="routing-strays"),
    path("routing/strays/alert/", routing.routing_strays_alert, name="routing-strays-alert"),
    path("routing/<int:pk>/", routing.routing_edit, name="routing-edit"),
    path("routing/<int:pk>/delete/", routing.routing_delete, name="routing-delete"),
    path("routing/<int:pk>/move/", routing.routing_move, name="routing-move"),
    path("calendars/", calendars.calendar_list, name="calendar-list"),
    path("calendars/new/", calendars.calendar_create, name="calendar-create"),
    path("calendars/<int:pk>/", calendars.calendar_edit, name="calendar-edit"),
    path("glossary/", glossary.glossary, name="glossary"),
    path("glossary/<int:pk>/", glossary.glossary_edit, name="glossary-edit"),
]
