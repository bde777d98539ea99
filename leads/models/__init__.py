"""Facts and lifecycle: what is known of a lead, what it did, and how far it has come."""

from leads.models.company import Company
from leads.models.facts import Attempt, Event, Note
from leads.models.history import StageChange
from leads.models.identity import FormerDomain, FormerEmail
from leads.models.lead import ExternalId, Lead
from leads.models.lists import Campaign, CustomField, EventType, LeadStatus, LeadType, LifecycleStage, Source
from leads.models.merging import CompanyKey, CompanyMerge, CompanyPair, DuplicatePair, LeadKey, Merge, ToCompare
from leads.models.queue import ChangedLead

__all__ = [
    "Attempt",
    "Campaign",
    "ChangedLead",
    "Company",
    "CompanyKey",
    "CompanyMerge",
    "CompanyPair",
    "CustomField",
    "DuplicatePair",
    "Event",
    "EventType",
    "ExternalId",
    "FormerDomain",
    "FormerEmail",
    "Lead",
    "LeadKey",
    "LeadStatus",
    "LeadType",
    "LifecycleStage",
    "Merge",
    "Note",
    "Source",
    "StageChange",
    "ToCompare",
]
