"""Facts and lifecycle: what is known of a lead, what it did, and how far it has come."""

from leads.models.capture import CaptureField, CaptureForm, Submission
from leads.models.company import Company
from leads.models.facts import Attempt, Event, Note
from leads.models.history import StageChange
from leads.models.lead import ExternalId, Lead
from leads.models.lists import Campaign, CustomField, EventType, LeadStatus, LeadType, LifecycleStage, Source
from leads.models.queue import ChangedLead
from leads.models.tracking import SiteCount, TrackedSite, Visitor, VisitorEvent

__all__ = [
    "Attempt",
    "Campaign",
    "CaptureField",
    "CaptureForm",
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
    "SiteCount",
    "Source",
    "StageChange",
    "Submission",
    "TrackedSite",
    "Visitor",
    "VisitorEvent",
]
