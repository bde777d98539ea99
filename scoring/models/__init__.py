"""What a lead is worth: profiles, personas, versions of the scoring model, and the score of each lead."""

from scoring.models.profiles import Icp, IcpCriterion, Persona
from scoring.models.rules import Rule, ScoringModel, Threshold
from scoring.models.score import LeadScore

__all__ = ["Icp", "IcpCriterion", "LeadScore", "Persona", "Rule", "ScoringModel", "Threshold"]
