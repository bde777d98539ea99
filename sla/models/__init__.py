"""What was promised, and what became of it."""

from sla.models.bulk import BulkItem, BulkJob
from sla.models.calendar import Calendar, CalendarAssignment, CalendarSpan, ClosedDay
from sla.models.clock import Clock
from sla.models.escalation import DeliveryTry, Escalation, Notice
from sla.models.glossary import GlossaryTerm
from sla.models.handoff import Handoff, RoutingRule, RoutingTurn
from sla.models.policy import Level, Policy, PolicyVersion, Sequence

__all__ = [
    "BulkItem",
    "BulkJob",
    "Calendar",
    "CalendarAssignment",
    "CalendarSpan",
    "Clock",
    "ClosedDay",
    "DeliveryTry",
    "Escalation",
    "GlossaryTerm",
    "Handoff",
    "Level",
    "Notice",
    "Policy",
    "PolicyVersion",
    "RoutingRule",
    "RoutingTurn",
    "Sequence",
]
