"""Facts and lifecycle: what is known of a lead, what it did, and how far it has come."""

from leads.models.access import ApiKey, Scope, StoredAnswer
from leads.models.company import Company
from leads.models.facts import Attempt, Event, Note
from leads.models.history import StageChange
from leads.models.lead import ExternalId, Lead
from leads.models.lists import Campaign, CustomField, EventType, LeadStatus, LeadType, LifecycleStage, Source
from leads.models.queue import ChangedLead
from leads.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookKind, WebhookTry

__all__ = [
    "ApiKey",
    "Attempt",
    "Campaign",
    "ChangedLead",
    "Company",
    "CustomField",
    "Event",
    "EventType",
    "ExternalId",
    "Lead",
    "LeadStatus",
    "LeadType",
    "LifecycleStage",
    "Note",
    "Scope",
    "Source",
    "StageChange",
    "StoredAnswer",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookKind",
    "WebhookTry",
]
