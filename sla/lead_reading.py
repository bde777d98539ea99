"""What a lead's page reads of the database before it is drawn: few queries, each asked once.

Written out where composing it by the ORM takes longer than the database does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, IntegerField, JSONField, Prefetch, TextField
from django.db.models.expressions import RawSQL
from django.shortcuts import get_object_or_404

from leads.models import Attempt, Campaign, Lead, LeadType, Source
from sla.models import Clock, Handoff

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User

HANDOFFS_SHOWN = 10
TRIES_READ = 10
_NAME = '(SELECT named.name FROM {table} named WHERE named.id = "leads_lead"."{column}")'
_NAMED: dict[str, Any] = {"source": Source, "campaign": Campaign, "lead_type": LeadType}
_NUMBERS = """
(SELECT jsonb_agg(jsonb_build_array(one.system, one.value) ORDER BY one.id) FROM leads_externalid one
 WHERE one.lead_id = "leads_lead"."id")
"""
_FORMER = 'ARRAY(SELECT one.email FROM leads_formeremail one WHERE one.lead_id = "leads_lead"."id" ORDER BY one.id)'
_DOUBLES = """
(EXISTS (SELECT FROM leads_duplicatepair pair WHERE pair.low_id = "leads_lead"."id" AND pair.dismissed_at IS NULL)
 OR EXISTS (SELECT FROM leads_duplicatepair pair WHERE pair.high_id = "leads_lead"."id" AND pair.dismissed_at IS NULL))
"""
_POLICY = """
(SELECT policy.name FROM sla_policyversion version JOIN sla_policy policy ON policy.id = version.policy_id
 WHERE version.id = "sla_clock"."policy_version_id")
"""
_FIRED = '(SELECT count(*) FROM sla_escalation one WHERE one.clock_id = "sla_clock"."id")'


class Try(NamedTuple):
    """An attempt, as far as the page needs it."""

    pk: int
    channel: str
    outcome: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class AtHand:
    """A lead as its page shows it.

    ``numbers`` are those of other systems with their names, ``former`` the addresses by which it was known before;
    ``has_doubles`` says whether it is worth asking who may be the same person.
    """

    lead: Lead
    numbers: list[tuple[str, str]]
    former: list[str]
    has_doubles: bool
    handoffs: list[Handoff]
    tried: list[Try]


def at_hand(user: User, pk: int) -> AtHand:
    """A lead that this person may see; Http404 when there is none."""
    names = {f"{name}_name": _name_of(name) for name in _NAMED}
    # Names by a query within: from nine joined tables on, planning takes longer than asking for them one by one.
    lead: Any = get_object_or_404(
        Lead.objects.visible_to(user)
        .select_related("company", "status", "stage", "owner__team")
        .annotate(
            **names,
            numbers=_sql(_NUMBERS, JSONField()),
            former=_sql(_FORMER, ArrayField(TextField())),
            has_doubles=_sql(_DOUBLES, BooleanField()),
        ),
        pk=pk,
    )
    for name, model in _NAMED.items():
        number = getattr(lead, f"{name}_id")
        setattr(lead, name, model(pk=number, name=getattr(lead, f"{name}_name")) if number else None)
    return AtHand(lead, lead.numbers or [], lead.former, lead.has_doubles, handoffs_of(lead), tried_on(lead))


def handoffs_of(lead: Lead) -> list[Handoff]:
    """The newest hand-offs with their clocks, of which each knows its ``policy`` and how many levels have ``fired``."""
    clocks = Clock.objects.annotate(policy=_sql(_POLICY, TextField()), fired=_sql(_FIRED, IntegerField()))
    clocks = clocks.order_by("-started_at", "-pk")
    return list(
        Handoff.objects.filter(lead=lead)
        .select_related("owner", "team")
        .prefetch_related(Prefetch("clocks", queryset=clocks))
        .order_by("-opened_at", "-pk")[:HANDOFFS_SHOWN]
    )


def clocks_of(handoffs: list[Handoff]) -> list[Any]:
    return [clock for handoff in handoffs for clock in handoff.clocks.all()]


def tried_on(lead: Lead) -> list[Try]:
    """The newest attempts, newest first."""
    attempts = Attempt.objects.filter(lead=lead).order_by("-occurred_at", "-pk")
    return [Try(*row) for row in attempts.values_list("pk", "channel", "outcome", "occurred_at")[:TRIES_READ]]


def _name_of(name: str) -> RawSQL:
    return _sql(_NAME.format(table=_NAMED[name]._meta.db_table, column=f"{name}_id"), TextField())


def _sql(text: str, field: Any) -> RawSQL:
    return RawSQL(text, (), output_field=field)  # noqa: S611 - constants of this module, with nothing in them
