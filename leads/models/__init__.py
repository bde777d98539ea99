"""Facts and lifecycle: what is known of a lead, what it did, and how far it has come."""

from leads.models.company import Company
from leads.models.facts import Attempt, Event, Note
from leads.models.history import StageChange
from leads.models.imports import ExportLog, ImportChange, ImportedCompany, ImportJob, ImportMapping, ImportReject
from leads.models.lead import ExternalId, Lead
from leads.models.lists import Campaign, CustomField, EventType, LeadStatus, LeadType, LifecycleStage, Source
from leads.models.queue import ChangedLead

__all__ = [
    "Attempt",
    "Campaign",
    "ChangedLead",
    "Company",
    "CustomField",
    "Event",
    "EventType",
    "ExportLog",
    "ExternalId",
    "ImportChange",
    "ImportJob",
    "ImportMapping",
    "ImportReject",
    "ImportedCompany",
    "Lead",
    "LeadStatus",
    "LeadType",
    "LifecycleStage",
    "Note",
    "Source",
    "StageChange",
]
