"""The lists a new installation starts with; a migration loads them, people change them afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.apps.registry import Apps

STAGES = (
    ("subscriber", "Subscriber", "Wants to hear from us, and no more."),
    ("lead", "Lead", "A person we know something about."),
    ("mql", "Marketing qualified lead (MQL)", "Marketing and sales agree that sales should talk to them."),
    ("sal", "Sales accepted lead (SAL)", "An SDR has looked and agrees."),
    (
        "sql",
        "Sales qualified lead (SQL)",
        "A conversation confirmed the need; an account executive takes over.",
    ),
    ("opportunity", "Opportunity", "There is a deal to win."),
    ("customer", "Customer", "They bought."),
)
# key, name, closed, needs a reason
STATUSES = (
    ("new", "New", False, False),
    ("attempting", "Attempting to connect", False, False),
    ("connected", "Connected", False, False),
    ("nurturing", "Nurturing", False, False),
    ("postponed", "Postponed", False, True),
    ("returned", "Returned – not ready", False, True),
    ("disqualified", "Disqualified", True, True),
)
LEAD_TYPES = (("new_customer", "New customer"), ("existing_customer", "Existing customer"))
EVENT_TYPES = (
    ("page_viewed", "Page viewed"),
    ("pricing_viewed", "Pricing page viewed"),
    ("form_submitted", "Form submitted"),
    ("content_downloaded", "Content downloaded"),
    ("webinar_registered", "Registered for a webinar"),
    ("webinar_attended", "Attended a webinar"),
    ("email_opened", "E-mail opened"),
    ("email_clicked", "Link in an e-mail clicked"),
    ("trial_started", "Trial started"),
    ("demo_requested", "Demo requested"),
    ("contact_requested", "Contact requested"),
    ("unsubscribed", "Unsubscribed"),
)


def load(apps: Apps) -> None:
    """Create what is missing, touch nothing that is there."""
    for position, (key, name, description) in enumerate(STAGES, start=1):
        apps.get_model("leads", "LifecycleStage").objects.get_or_create(
            key=key, defaults={"name": name, "description": description, "position": position * 10}
        )
    for position, (key, name, is_closed, needs_reason) in enumerate(STATUSES, start=1):
        apps.get_model("leads", "LeadStatus").objects.get_or_create(
            key=key,
            defaults={"name": name, "is_closed": is_closed, "needs_reason": needs_reason, "position": position * 10},
        )
    for model, rows in (("LeadType", LEAD_TYPES), ("EventType", EVENT_TYPES)):
        for position, (key, name) in enumerate(rows, start=1):
            apps.get_model("leads", model).objects.get_or_create(
                key=key, defaults={"name": name, "position": position * 10}
            )
