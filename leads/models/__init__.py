"""Facts and lifecycle: what is known of a lead, what it did, and how far it has come."""

from leads.models.access import ApiKey, Scope, StoredAnswer
from leads.models.capture import CaptureField, CaptureForm, Submission
from leads.models.company import Company
from leads.models.facts import Attempt, Event, Note
from leads.models.finding import LeadIndex
from leads.models.history import StageChange
from leads.models.identity import FormerDomain, FormerEmail
from leads.models.imports import ExportLog, ImportChange, ImportedCompany, ImportJob, ImportMapping, ImportReject
from leads.models.lead import ExternalId, Lead
from leads.models.list_work import FieldWork
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
from leads.models.merging import CompanyKey, CompanyMerge, CompanyPair, DuplicatePair, LeadKey, Merge, ToCompare
from leads.models.privacy import ErasedAddress, PrivacyAct
from leads.models.queue import ChangedLead
from leads.models.saved_views import ListChoice, SavedView
from leads.models.tracking import SiteCount, TrackedSite, Visitor, VisitorEvent
from leads.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookKind, WebhookTry

__all__ = [
    "ApiKey",
    "Attempt",
    "Campaign",
    "CaptureField",
    "CaptureForm",
    "ChangedLead",
    "Company",
    "CompanyKey",
    "CompanyMerge",
    "CompanyPair",
    "CustomField",
    "DuplicatePair",
    "ErasedAddress",
    "Event",
    "EventType",
    "ExportLog",
    "ExternalId",
    "FieldWork",
    "ForbiddenMove",
    "FormerDomain",
    "FormerEmail",
    "ImportChange",
    "ImportJob",
    "ImportMapping",
    "ImportReject",
    "ImportedCompany",
    "Lead",
    "LeadIndex",
    "LeadKey",
    "LeadStatus",
    "LeadType",
    "LifecycleStage",
    "ListChoice",
    "Merge",
    "Note",
    "PrivacyAct",
    "SavedView",
    "Scope",
    "SiteCount",
    "Source",
    "StageChange",
    "StatusReason",
    "StoredAnswer",
    "Submission",
    "ToCompare",
    "TrackedSite",
    "Visitor",
    "VisitorEvent",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookKind",
    "WebhookTry",
]
