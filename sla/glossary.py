"""The live rule beside each term of the glossary: what the program applies today, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import Lead, LeadStatus, LeadType, LifecycleStage
from people.templatetags.baton import points
from scoring.models import Icp, Persona, Rule, ScoringModel
from scoring.wording import threshold_text
from sla.models import GlossaryTerm, Policy
from sla.presenting import PolicyInWords, with_terms

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Line:
    """One thing the program applies: what it is called, and what holds."""

    name: str
    text: str = ""
    is_part: bool = False
    """Belongs to the line above it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A term with the rules in force; ``route`` names the page on which they are kept, if there is one."""

    term: GlossaryTerm
    lines: tuple[Line, ...] = ()
    route: str = ""

    @property
    def in_groups(self) -> bool:
        """Whether some lines belong to the one above them."""
        return any(line.is_part for line in self.lines)


def entries() -> list[Entry]:
    """The terms in order. What is asked of the database does not grow with what a company has configured."""
    now = _InForce()
    found = []
    for term in GlossaryTerm.objects.all():
        live = _LIVE.get(term.key)
        found.append(Entry(term, tuple(live[0](now)), live[1]) if live else Entry(term))
    return found


class _InForce:
    """What several terms look at, read once."""

    def __init__(self) -> None:
        in_force = with_terms(Policy.objects.in_force(Policy.Kind.FIRST_TOUCH))
        self.policies = [(policy, words) for policy in in_force if (words := PolicyInWords.of(policy))]
        self.model = ScoringModel.objects.published()
        self.rules: list[Rule] = []
        self.thresholds: dict[int, str] = {}
        if self.model is not None:
            self.rules = list(self.model.rules.filter(is_active=True).select_related("target_stage"))
            self.thresholds = {each.stage_id: threshold_text(each) for each in self.model.thresholds.all()}


def _agreement(now: _InForce) -> list[Line]:
    lines = []
    for policy, words in now.policies:
        lines.append(Line(str(policy), _("first touch %(promise)s") % {"promise": words.promise}))
        lines += [Line(rung.when, rung.who, is_part=True) for rung in words.ladder]
    return lines


def _profiles(_now: _InForce) -> list[Line]:
    lines = []
    for icp in Icp.objects.filter(is_active=True).prefetch_related("criteria"):
        criteria = list(icp.criteria.all())
        worth = [f"{each} ({points(each.points)})" for each in criteria if not each.excludes]
        excluding = [each.name for each in criteria if each.excludes]
        lines.append(Line(icp.name, ", ".join(worth) or "–"))
        if excluding:
            lines.append(Line(_("ruled out by"), ", ".join(excluding), is_part=True))
    return lines


def _personas(_now: _InForce) -> list[Line]:
    return [
        Line(persona.name, ", ".join(filter(None, [persona.job_title, persona.get_buying_role_display()])))
        for persona in Persona.objects.filter(is_active=True)
    ]


def _journey(_now: _InForce) -> list[Line]:
    return [Line(_("Steps"), " → ".join(map(str, Lead.JourneyStep.labels)))]


def _stages(now: _InForce) -> list[Line]:
    return [
        Line(stage.name, now.thresholds.get(stage.pk, stage.description))
        for stage in LifecycleStage.objects.filter(is_active=True)
    ]


def _statuses(_now: _InForce) -> list[Line]:
    return [
        Line(status.name, _("always with a reason") if status.needs_reason else "")
        for status in LeadStatus.objects.filter(is_active=True)
    ]


def _lead_types(_now: _InForce) -> list[Line]:
    return [Line(_("Types"), ", ".join(each.name for each in LeadType.objects.filter(is_active=True)))]


def _score(now: _InForce) -> list[Line]:
    if now.model is None:
        return []
    lines = []
    for part in Rule.Part:
        count = sum(rule.part == part for rule in now.rules)
        lines.append(Line(str(part.label), ngettext("%(n)d rule", "%(n)d rules", count) % {"n": count}))
    stages = LifecycleStage.objects.in_bulk(list(now.thresholds))
    lines += [Line(str(stages[pk]), text) for pk, text in now.thresholds.items()]
    lines += [
        Line(rule.name, _("goes straight to “%(stage)s”") % {"stage": rule.target_stage})
        for rule in now.rules
        if rule.effect == Rule.Effect.DECISIVE
    ]
    excluding = [rule.name for rule in now.rules if rule.effect == Rule.Effect.EXCLUSION]
    return [*lines, Line(_("Never qualified"), ", ".join(excluding))] if excluding else lines


def _attempts(now: _InForce) -> list[Line]:
    return [Line(str(policy), f"{words.channels}: {words.outcomes}") for policy, words in now.policies]


_LIVE: dict[str, tuple[Callable[[_InForce], list[Line]], str]] = {
    "sla": (_agreement, "policy-list"),
    "icp": (_profiles, "icp-list"),
    "persona": (_personas, "persona-list"),
    "journey": (_journey, ""),
    "stage": (_stages, "scoring-model"),
    "lead_type": (_lead_types, ""),
    "status": (_statuses, ""),
    "score": (_score, "scoring-model"),
    "attempt": (_attempts, "policy-list"),
}
