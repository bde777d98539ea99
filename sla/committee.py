"""The buying committee: who else at a company is a lead, and which part they play in buying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, IntegerField, Max, OuterRef, Subquery, Value, When
from django.utils.translation import gettext as _

from leads.models import Attempt, Company, Lead
from scoring.models import Persona

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from leads.querysets import LeadQuerySet
    from people.models import User

ROLES = (*Persona.BuyingRole.values, "")
MEMBERS_SHOWN = 8
# Nobody reads on; a portal's “company” of ten thousand must not be counted for every page.
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """Those who play one part; ``label`` says which."""

    label: str
    members: list[Lead]


@dataclass(frozen=True, slots=True)
class Committee:
    """``more`` are visible but not shown here, ``hidden`` belong to others and are only counted."""

    company: Company
    parts: list[Part]
    more: int
    hidden: int
    is_many: bool

    @property
    def is_empty(self) -> bool:
        return not self.parts


def committee(user: User, company: Company, *, but: Lead | None = None) -> Committee:
    """The leads of a company by buying role, those the reader may see by name."""
    leads = Lead.objects.filter(company=company)
    if but is not None:
        leads = leads.exclude(pk=but.pk)
    members = list(with_part(leads.visible_to(user)).order_by("part", "-pk")[: MEMBERS_SHOWN + 1])
    shown = members[:MEMBERS_SHOWN]
    total = _count(leads)
    seen = total if _sees_all(user) else _count(leads.visible_to(user))
    return Committee(company, parts(shown), max(0, seen - len(shown)), max(0, total - seen), total >= COUNTED)


def parts(members: Sequence[Any]) -> list[Part]:
    """By buying role, in the order of who decides; empty ones left out."""
    labels = dict(Persona.BuyingRole.choices) | {"": _("No persona yet")}
    by_role = {role: [lead for lead in members if lead.buying_role == role] for role in ROLES}
    return [Part(str(labels[role]), found) for role, found in by_role.items() if found]


def with_part(leads: LeadQuerySet) -> QuerySet[Any]:
    """What a line of the committee shows: ``buying_role``, its place in the order (``part``), ``touched_at``."""
    touched = Attempt.objects.filter(lead=OuterRef("pk")).order_by().values("lead").annotate(at=Max("occurred_at"))
    role = "score__persona__buying_role"
    ranks = [When(**{role: value}, then=Value(number)) for number, value in enumerate(ROLES) if value]
    return leads.select_related("stage", "owner", "score__persona").annotate(
        buying_role=Case(When(**{f"{role}__isnull": False}, then=role), default=Value("")),
        part=Case(*ranks, default=Value(len(ranks)), output_field=IntegerField()),
        touched_at=Subquery(touched.values("at")),
    )


def companies_of(user: User) -> QuerySet[Company]:
    """The companies of which a person may see a lead; all of them for those who see every lead."""
    if _sees_all(user):
        return Company.objects.all()
    return Company.objects.filter(Exists(Lead.objects.visible_to(user).filter(company=OuterRef("pk"))))


def _sees_all(user: User) -> bool:
    return user.role in {"marketer", "executive", "administrator"}


def _count(leads: LeadQuerySet) -> int:
    return leads.order_by().values("pk")[:COUNTED].count()
