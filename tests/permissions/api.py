"""Who is let in to the addresses of the API, its keys and webhooks (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from leads.models import ApiKey, WebhookDelivery, WebhookEndpoint
from tests.cast import NOW
from tests.permissions.page import ADMINISTRATOR, NOT_ALLOWED, NOT_FOUND, SHOWN, Open, Page, act, form, reading

ADMINISTRATORS = frozenset({ADMINISTRATOR})
KEY_NEEDED = 401

PAGES: dict[str, Page] = {
    "api-key-list": reading(ADMINISTRATORS),
    "api-key-create": form(ADMINISTRATORS),
    "api-key-edit": form(ADMINISTRATORS, "api_key"),
    "api-key-revoke": act(ADMINISTRATORS, "api_key"),
    "webhook-list": reading(ADMINISTRATORS),
    "webhook-create": form(ADMINISTRATORS),
    "webhook-detail": reading(ADMINISTRATORS, "webhook"),
    "webhook-edit": form(ADMINISTRATORS, "webhook"),
    "webhook-delete": act(ADMINISTRATORS, "webhook"),
    "webhook-switch": act(ADMINISTRATORS, "webhook"),
    # The answer itself shows the new secret.
    "webhook-roll": act(ADMINISTRATORS, "webhook", post=SHOWN),
    "webhook-ping": act(ADMINISTRATORS, "webhook"),
    "webhook-delivery": reading(ADMINISTRATORS, "delivery"),
    "webhook-delivery-again": act(ADMINISTRATORS, "delivery"),
}
# Signed in or not, the API asks for a key of its own.
OPEN: dict[str, Open] = {
    "api-docs": Open(SHOWN, SHOWN),
    "api-schema": Open(SHOWN, SHOWN),
    "api-root": Open(NOT_FOUND, NOT_FOUND),
    "api-nothing": Open(NOT_FOUND, NOT_FOUND, "nothing"),
    "api-lead-list": Open(KEY_NEEDED, KEY_NEEDED),
    "api-lead-save": Open(KEY_NEEDED, KEY_NEEDED),
    "api-lead-lookup": Open(KEY_NEEDED, KEY_NEEDED),
    "api-lead": Open(KEY_NEEDED, KEY_NEEDED, "api_lead"),
    "api-event": Open(NOT_ALLOWED, NOT_ALLOWED),
    "api-event-batch": Open(NOT_ALLOWED, NOT_ALLOWED),
}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    administrator = world.people["administrator"]
    webhook = WebhookEndpoint.objects.create(
        url="https://example.com/hook", kinds=["lead.created"], secret="whsec_MfKQ", created_by=administrator
    )
    return {
        "api_key": ApiKey.objects.create(
            name="Website", prefix="bt_12345678", digest="0" * 64, scopes=["leads:read"], created_by=administrator
        ),
        "webhook": webhook,
        "delivery": WebhookDelivery.objects.create(
            endpoint=webhook, event_id=uuid4(), kind="lead.created", lead=world.lead, payload={"a": 1}, next_try_at=NOW
        ),
        "api_lead": {"lead_id": world.lead.pk},
        "nothing": {"rest": "nothing/here"},
    }
