"""Who is let in to the addresses of forms and tracking (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from leads.models import CaptureForm, EventType, TrackedSite
from tests.permissions.page import NOT_ALLOWED, SCORING_EDITORS, SHOWN, Open, Page, act, form, reading

FORM_EDITORS = SCORING_EDITORS

PAGES: dict[str, Page] = {
    "capture-list": reading(FORM_EDITORS),
    "capture-create": form(FORM_EDITORS),
    "capture-detail": reading(FORM_EDITORS, "capture_form"),
    "capture-edit": form(FORM_EDITORS, "capture_form"),
    "capture-preview": reading(FORM_EDITORS, "capture_form"),
    "capture-try": act(FORM_EDITORS, post=SHOWN),
    "capture-switch": act(FORM_EDITORS, "capture_form"),
    "capture-copy": act(FORM_EDITORS, "capture_form"),
    "capture-delete": act(FORM_EDITORS, "capture_form"),
    "site-list": reading(FORM_EDITORS),
    "site-create": form(FORM_EDITORS),
    "site-detail": reading(FORM_EDITORS, "tracked_site"),
    "site-edit": form(FORM_EDITORS, "tracked_site"),
}
# What a visitor fills in, and where a browser reports: nobody is asked who they are.
OPEN: dict[str, Open] = {
    "hosted-form": Open(SHOWN, SHOWN, "hosted_form"),
    "hosted-form-thanks": Open(SHOWN, SHOWN, "hosted_form"),
    "hosted-form-embed": Open(SHOWN, SHOWN, "hosted_form"),
    "hosted-form-embed-thanks": Open(SHOWN, SHOWN, "hosted_form"),
    "track": Open(NOT_ALLOWED, NOT_ALLOWED),
}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    event_type = EventType.objects.get(key="form_submitted")
    made = CaptureForm.objects.create(name="Demo", title="Ask for a demo", consent_mode="none", event_type=event_type)
    made.questions.create(what="email", required=True)
    site = TrackedSite.objects.create(name="Our site", origins=["https://www.acme.example"])
    site.event_types.add(event_type)
    return {"capture_form": made, "hosted_form": {"key": made.key}, "tracked_site": site}
