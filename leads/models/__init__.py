"""Facts and lifecycle: what is known of a lead, what it did, and how far it has come."""

from leads.models.access import ApiKey, Scope, StoredAnswer
from leads.models.company import Company
from leads.models.facts import Attempt, Event, Note
from leads.models.history import StageChange
from leads.models.lead import ExternalId, Lead
from leads.models.lists import (
    Campaign,
    CustomField,
    EventType,
    ForbiddenMove,
    LeadStatus,
    LeadType,
    LifecycleStage,
    Source,
    StatusReason,
)
from leads.models.privacy import ErasedAddress, PrivacyAct
from leads.models.queue import ChangedLead
from leads.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookKind, WebhookTry

__all__ = [
    "ApiKey",
    "Attempt",
    "Campaign",
    "ChangedLead",
    "Company",
    "CustomField",
    "ErasedAddress",
    "Event",
    "EventType",
    "ExternalId",
    "ForbiddenMove",
    "Lead",
    "LeadStatus",
    "LeadType",
    "LifecycleStage",
    "Note",
    "PrivacyAct",
    "Scope",
    "Source",
    "StageChange",
    "StatusReason",
    "StoredAnswer",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookKind",
    "WebhookTry",
]
