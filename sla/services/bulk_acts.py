"""What an act on many leads does to a batch of them, and why it leaves some out.

Each looks again at what the person may see: they may have changed roles, and the leads hands, since it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from leads.models import Lead, LeadStatus, LifecycleStage, StageChange
from leads.services.erase import forget_told
from leads.services.identity import lineage
from leads.services.locks import lock_leads
from leads.services.owners import set_owner
from leads.services.queue import mark_changed
from leads.services.stages import StageMove, move_by_hand, move_stages
from leads.services.webhooks import announce_status
from people.models import User
from sla.models import BulkItem, BulkJob, Handoff, Notice
from sla.services.erase import empty_notices
from sla.services.handoffs import reassign

if TYPE_CHECKING:
    from datetime import datetime

Ids = Collection[int]


@dataclass(slots=True)
class Outcome:
    """What it did: the values before by lead, and why it skipped a lead. Together they are the batch."""

    before: dict[int, dict[str, Any]] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)

    def skip(self, lead_ids: Ids, why: str) -> None:
        self.skipped |= dict.fromkeys(lead_ids, why)


def assign(job: BulkJob, lead_ids: Ids, now: datetime) -> Outcome:
    """Leads in hand are handed over, clocks and all; the others get the owner."""
    to = User.objects.active().filter(pk=job.params["to"]).first()
    if to is None:
        return _none(lead_ids, _("Who was to get it is here no more."))
    handoffs, leads, outcome = _held(job, lead_ids)
    outcome.skip([pk for pk, lead in leads.items() if lead.owner_id == to.pk], _("Has this owner already."))
    rest = {pk: lead for pk, lead in leads.items() if pk not in outcome.skipped}
    free = [pk for pk in rest if pk not in handoffs]
    set_owner(lead_ids=free, to=to, now=now)
    outcome.before |= {pk: {"owner": rest[pk].owner_id} for pk in free}
    for pk in rest.keys() & handoffs.keys():
        _hand_over(outcome, handoffs[pk], rest[pk], to, job.by, now)
    return outcome


def status(job: BulkJob, lead_ids: Ids, now: datetime) -> Outcome:
    new = LeadStatus.objects.filter(pk=job.params["status"]).first()
    if new is None:
        return _none(lead_ids, _("This status is gone."))
    reason = job.params.get("reason", "")
    if new.refuses(reason):
        return _none(lead_ids, _("This status does not offer that reason any more."))
    return _set(job, lead_ids, {"status_id": new.pk, "status_reason": reason}, now)


def nurture(job: BulkJob, lead_ids: Ids, now: datetime) -> Outcome:
    """Nurturing, at a step of the journey where one was told."""
    reason, resting = job.params.get("reason", ""), LeadStatus.objects.get(key="nurturing")
    if resting.refuses(reason):
        return _none(lead_ids, _("This status does not offer that reason any more."))
    values: dict[str, Any] = {"status_id": resting.pk, "status_reason": reason}
    if job.params.get("journey_step"):
        values["journey_step"] = job.params["journey_step"]
    return _set(job, lead_ids, values, now)


def stage(job: BulkJob, lead_ids: Ids, now: datetime) -> Outcome:
    """As ``move_by_hand`` moves one: where a move is not allowed it says why, for every lead in that stage."""
    to = LifecycleStage.objects.filter(pk=job.params["stage"]).first()
    if to is None:
        return _none(lead_ids, _("This stage is gone."))
    _handoffs, leads, outcome = _held(job, lead_ids)
    outcome.skip([pk for pk, lead in leads.items() if lead.stage_id == to.pk], _("Is in this stage already."))
    rest = {pk: lead for pk, lead in leads.items() if pk not in outcome.skipped}
    by_hand, reason = StageChange.Reason.BY_HAND, job.params["reason"]
    changes = move_stages(moves=[StageMove(pk, to.pk, by_hand, reason, by_id=job.by_id) for pk in rest], now=now)
    moved = {change.lead_id for change in changes}
    mark_changed(lead_ids=moved, now=now)
    outcome.before |= {pk: {"stage": rest[pk].stage_id} for pk in moved}
    refused: dict[int, str] = {}
    for pk in rest.keys() - moved:
        lead = rest[pk]
        if lead.stage_id not in refused:
            refused[lead.stage_id] = _why_not(lead, to, job, now)
        outcome.skipped[pk] = refused[lead.stage_id]
    return outcome


def delete(job: BulkJob, lead_ids: Ids, now: datetime) -> Outcome:  # noqa: ARG001 - all acts are called alike
    """The lead and everything of it: hand-offs, clocks, messages, its history, and what others were told of it."""
    _handoffs, leads, outcome = _held(job, lead_ids)
    for pk, lead in leads.items():
        try:
            with transaction.atomic():
                _delete(lead)
        except ProtectedError:
            outcome.skipped[pk] = _("Something that must stay depends on it.")
        else:
            outcome.before[pk] = {}
    return outcome


def undo(job: BulkJob, lead_ids: Ids, now: datetime) -> Outcome:
    """Put back what another act has changed, where nobody has changed it since."""
    undone = job.undoes
    if undone is None:
        raise ValueError("an act that takes back says what")
    items = BulkItem.objects.filter(job=undone, lead_id__in=lead_ids)
    before: dict[int, dict[str, Any]] = {item.lead_id: item.before or {} for item in items}
    handoffs, leads, outcome = _held(job, lead_ids)
    is_changed = _owner_changed if undone.act == BulkJob.Act.ASSIGN else _status_changed
    outcome.skip([pk for pk, lead in leads.items() if is_changed(undone, lead)], _("Was changed since."))
    for pk in leads.keys() - outcome.skipped.keys():
        if undone.act == BulkJob.Act.ASSIGN:
            _give_back(outcome, handoffs.get(pk), leads[pk], before[pk]["owner"], job.by, now)
        else:
            Lead.objects.filter(pk=pk).update(**before[pk], updated_at=now)
            outcome.before[pk] = {}
    mark_changed(lead_ids=outcome.before, now=now)
    return outcome


ACTS: dict[str, Callable[[BulkJob, Ids, datetime], Outcome]] = {
    BulkJob.Act.ASSIGN: assign,
    BulkJob.Act.STATUS: status,
    BulkJob.Act.STAGE: stage,
    BulkJob.Act.NURTURE: nurture,
    BulkJob.Act.DELETE: delete,
    BulkJob.Act.UNDO: undo,
}


def _held(job: BulkJob, lead_ids: Ids) -> tuple[dict[int, Handoff], dict[int, Lead], Outcome]:
    """The open hand-offs and the leads of a batch, held in that order; what one may not see is skipped."""
    handoffs = Handoff.objects.open().filter(lead__in=lead_ids).select_for_update(of=("self",)).order_by("pk")
    by_lead = {handoff.lead_id: handoff for handoff in handoffs}
    lock_leads(lead_ids)
    leads = {lead.pk: lead for lead in Lead.objects.visible_to(job.by).living().filter(pk__in=lead_ids).order_by("pk")}
    outcome = Outcome()
    outcome.skip([pk for pk in lead_ids if pk not in leads], _("Is gone, or not yours to see."))
    return by_lead, leads, outcome


def _none(lead_ids: Ids, why: str) -> Outcome:
    return Outcome(skipped=dict.fromkeys(lead_ids, why))


def _set(job: BulkJob, lead_ids: Ids, values: dict[str, Any], now: datetime) -> Outcome:
    _handoffs, leads, outcome = _held(job, lead_ids)
    same = [pk for pk, lead in leads.items() if all(getattr(lead, name) == value for name, value in values.items())]
    outcome.skip(same, _("Is so already."))
    rest = [pk for pk in leads if pk not in outcome.skipped]
    Lead.objects.filter(pk__in=rest).update(**values, updated_at=now)
    mark_changed(lead_ids=rest, now=now)
    _announce([leads[pk] for pk in rest], values["status_id"], now)
    outcome.before |= {pk: {name: getattr(leads[pk], name) for name in values} for pk in rest}
    return outcome


def _announce(leads: Collection[Lead], status_id: int, now: datetime) -> None:
    """Tell other programs of those that are returned or lost by this, a statement per status they had."""
    known = LeadStatus.objects.in_bulk({status_id, *(lead.status_id for lead in leads)})
    for before in {lead.status_id for lead in leads}:
        ids = [lead.pk for lead in leads if lead.status_id == before]
        announce_status(lead_ids=ids, before=known[before], after=known[status_id], now=now)


def _hand_over(outcome: Outcome, handoff: Handoff, lead: Lead, to: User, by: User, now: datetime) -> None:
    if not Handoff.objects.visible_to(by).filter(pk=handoff.pk).exists():
        outcome.skipped[lead.pk] = _("Is in the hands of another team.")
        return
    try:
        with transaction.atomic():
            reassign(handoff=handoff, to=to, by=by, now=now)
    except ValidationError as error:
        outcome.skipped[lead.pk] = " ".join(error.messages)[:250]
    else:
        outcome.before[lead.pk] = {"owner": lead.owner_id}


def _why_not(lead: Lead, to: LifecycleStage, job: BulkJob, now: datetime) -> str:
    """What ``move_by_hand`` says about a move that was left out."""
    try:
        with transaction.atomic():
            move_by_hand(lead=lead, to_stage=to, by=job.by, reason=job.params["reason"], now=now)
            transaction.set_rollback(True)
    except ValidationError as error:
        return " ".join(error.messages)[:250]
    return _("This move is not allowed.")


def _owner_changed(undone: BulkJob, lead: Lead) -> bool:
    return bool(lead.owner_id != undone.params["to"])


def _status_changed(undone: BulkJob, lead: Lead) -> bool:
    return (lead.status_id, lead.status_reason) != (undone.params["status"], undone.params.get("reason", ""))


def _give_back(
    outcome: Outcome, handoff: Handoff | None, lead: Lead, owner_id: int | None, by: User, now: datetime
) -> None:
    owner = User.objects.filter(pk=owner_id).first() if owner_id else None
    if handoff is None:
        set_owner(lead_ids=[lead.pk], to=owner, now=now)
        outcome.before[lead.pk] = {}
    elif owner is None:
        outcome.skipped[lead.pk] = _("Was nobody's before, and is in somebody's hands now.")
    else:
        _hand_over(outcome, handoff, lead, owner, by, now)


def _delete(lead: Lead) -> None:
    handoffs = list(Handoff.objects.filter(lead=lead).values_list("pk", flat=True))
    notices = list(Notice.objects.filter(escalations__clock__lead=lead).values_list("pk", flat=True).distinct())
    known_as = lineage(lead.pk)
    empty_notices(lead, _("The text named a lead that was deleted."))
    forget_told(lead_id=lead.pk)
    Handoff.objects.filter(pk__in=handoffs).delete()
    Notice.objects.filter(pk__in=notices, escalations__isnull=True).delete()
    Lead.objects.filter(pk=lead.pk).delete()
    BulkItem.objects.filter(lead_id__in=known_as).update(before=None)
    apps.get_model("leads", "LeadBefore").objects.filter(id__in=known_as).delete()
    apps.get_model("sla", "HandoffBefore").objects.filter(id__in=handoffs).delete()
