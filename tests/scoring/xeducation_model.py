"""A scoring model for the public “X Education” file, of facts that were known before anybody called.

The points are round numbers near the log-odds of those facts in that very file, so how well they rank it is no promise
about other leads; that they rank its newest leads no worse than its oldest says the facts hold over time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leads.models import LifecycleStage
from people.models import User
from scoring.conditions import validate
from scoring.models import Rule, ScoringModel, Threshold
from scoring.services.publish import publish, start_draft

MQL_FROM = 15
ORIGIN, TIME, VISITS = "custom.lead_origin", "custom.total_time_spent_on_website", "custom.total_visits"
HEARD, SPECIALIZATION = "custom.how_did_you_hear_about_x_education", "custom.specialization"

# part, points, name, field, operator, value
RULES: tuple[tuple[str, int, str, str, str, Any], ...] = (
    ("fit", 20, "Came through a person: add form", ORIGIN, "is", "Lead Add Form"),
    ("fit", -10, "Came through a landing page", ORIGIN, "is", "Landing Page Submission"),
    ("fit", 25, "Came through Welingak", "source", "is", "Welingak Website"),
    ("fit", -5, "Came through the chat", "source", "is", "Olark Chat"),
    ("fit", -15, "Did not say what to study", SPECIALIZATION, "is_not_set", None),
    ("fit", -10, "Chose nothing to study", SPECIALIZATION, "is", "Select"),
    ("fit", -10, "Did not say how they heard of us", HEARD, "is_not_set", None),
    ("fit", -15, "Wants no e-mail", "do_not_email", "is_true", None),
    ("engagement", 15, "Asked without looking around", TIME, "is", 0),
    ("engagement", 3, "Came back often", VISITS, "gte", 6),
    ("intent", 15, "Read for eight minutes or more", TIME, "between", [500, 699]),
    ("intent", 25, "Read for twelve minutes or more", TIME, "gte", 700),
)
UNREACHABLE = [{"field": "do_not_email", "op": "is_true"}, {"field": "do_not_call", "op": "is_true"}]


def build_xeducation_model(by: User | None, now: datetime) -> ScoringModel:
    """Publish the model; the file must have been imported, as that creates the custom fields it asks for."""
    draft = start_draft(by=by, now=now)
    for position, (part, points, name, field, op, value) in enumerate(RULES, start=1):
        conditions = validate([{"field": field, "op": op, "value": value}])
        Rule.objects.create(model=draft, position=position, name=name, part=part, points=points, conditions=conditions)
    Rule.objects.create(
        model=draft, position=99, name="May not be reached", effect=Rule.Effect.EXCLUSION, conditions=UNREACHABLE
    )
    Threshold.objects.create(model=draft, stage=LifecycleStage.objects.get(key="mql"), min_total=MQL_FROM)
    return publish(model=draft, by=by, now=now)
