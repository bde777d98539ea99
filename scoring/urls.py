"""The pages of profiles, personas and scoring models."""

from __future__ import annotations

from django.urls import path

from scoring.views import models, personas, profiles

urlpatterns = [
    path("", models.scoring_model, name="scoring-model"),
    path("versions/<int:pk>/", models.scoring_version, name="scoring-version"),
    path("draft/start/", models.scoring_start, name="scoring-start"),
    path("draft/publish/", models.scoring_publish, name="scoring-publish"),
    path("draft/discard/", models.scoring_discard, name="scoring-discard"),
    path("draft/rules/new/", models.rule_create, name="rule-create"),
    path("draft/rules/<int:pk>/", models.rule_edit, name="rule-edit"),
    path("draft/rules/<int:pk>/delete/", models.rule_delete, name="rule-delete"),
    path("draft/rules/<int:pk>/move/", models.rule_move, name="rule-move"),
    path("draft/thresholds/new/", models.threshold_create, name="threshold-create"),
    path("draft/thresholds/<int:pk>/", models.threshold_edit, name="threshold-edit"),
    path("draft/thresholds/<int:pk>/delete/", models.threshold_delete, name="threshold-delete"),
    path("profiles/", profiles.icp_list, name="icp-list"),
    path("profiles/new/", profiles.icp_create, name="icp-create"),
    path("profiles/<int:pk>/", profiles.icp_detail, name="icp-detail"),
    path("profiles/<int:pk>/edit/", profiles.icp_edit, name="icp-edit"),
    path("profiles/<int:pk>/move/", profiles.icp_move, name="icp-move"),
    path("profiles/<int:pk>/matches/", profiles.icp_matches, name="icp-matches"),
    path("profiles/<int:icp>/criteria/new/", profiles.criterion_create, name="criterion-create"),
    path("criteria/<int:pk>/", profiles.criterion_edit, name="criterion-edit"),
    path("criteria/<int:pk>/delete/", profiles.criterion_delete, name="criterion-delete"),
    path("criteria/<int:pk>/move/", profiles.criterion_move, name="criterion-move"),
    path("personas/", personas.persona_list, name="persona-list"),
    path("personas/new/", personas.persona_create, name="persona-create"),
    path("personas/<int:pk>/", personas.persona_detail, name="persona-detail"),
    path("personas/<int:pk>/edit/", personas.persona_edit, name="persona-edit"),
    path("personas/<int:pk>/move/", personas.persona_move, name="persona-move"),
    path("personas/<int:pk>/matches/", personas.persona_matches, name="persona-matches"),
]
