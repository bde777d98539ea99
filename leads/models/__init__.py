"""Facts and lifecycle: what is known of a lead, what it did, and how far it has come."""

from leads.models.company import Company
from leads.models.facts import Attempt, Event, Note
from leads.models.finding import LeadIndex
from leads.models.history import StageChange
from leads.models.lead import ExternalId, Lead
from leads.models.lists import Campaign, CustomField, EventType, LeadStatus, LeadType, LifecycleStage, Source
from leads.models.queue import ChangedLead
from leads.models.saved_views import ListChoice, SavedView

__all__ = [
    "Attempt",
    "Campaign",
    "ChangedLead",
    "Company",
    "CustomField",
    "Event",
    "EventType",
    "ExternalId",
    "Lead",
    "LeadIndex",
    "LeadStatus",
    "LeadType",
    "LifecycleStage",
    "ListChoice",
    "Note",
    "SavedView",
    "Source",
    "StageChange",
]
