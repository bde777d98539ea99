"""Taking back what an import made: all of it while nobody has touched any, or what is untouched when one says so.

Touched is a lead that was changed after the import left it (its time of change says so), that got anything since
(an event, an attempt, a note, a hand-off: whatever row of whatever table names it), that is gone because it was
merged or deleted, or whose former address somebody else has now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pghistory
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from leads.models import (
    Attempt,
    ChangedLead,
    Company,
    ExternalId,
    ImportChange,
    ImportedCompany,
    ImportJob,
    Lead,
    StageChange,
)
from leads.services.locks import lock_leads
from leads.services.queue import mark_changed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from leads.imports.ledger import Claim

BATCH = 1_000
Fate, Kind = ImportChange.Fate, ImportChange.Kind
# When something came to hang on a lead, by the names that the tables have for it; the first one counts.
TIMES = ("received_at", "opened_at", "started_at", "changed_at", "submitted_at", "created_at", "at")
COLUMNS = (
    "first_name", "last_name", "email", "phone", "job_title", "country", "city", "language", "journey_step",
    "bant_budget", "bant_authority", "bant_need", "bant_timeline", "do_not_email", "do_not_call", "consent",
    "consent_at", "consent_source", "custom", "status_reason", "stage_since",
)  # fmt: skip
# A row that these named may have been deleted since; then the lead keeps what it has.
REFERENCES = {
    "company_id": "leads_company",
    "source_id": "leads_source",
    "campaign_id": "leads_campaign",
    "lead_type_id": "leads_leadtype",
    "status_id": "leads_leadstatus",
    "stage_id": "leads_lifecyclestage",
}


def touched(job: ImportJob, changes: QuerySet[ImportChange] | None = None) -> QuerySet[ImportChange]:
    """Of what the import did (and still stands), what somebody has touched since."""
    standing = (changes if changes is not None else job.changes.all()).filter(fate=Fate.STANDS)
    later = " OR ".join(f"({condition})" for condition in _later_conditions())
    condition = f"""NOT EXISTS (SELECT FROM leads_lead l
        WHERE l.id = leads_importchange.lead_id AND l.updated_at = leads_importchange.left_at)
        OR (leads_importchange.before ? 'email' AND EXISTS (SELECT FROM leads_lead o
            WHERE o.email = leads_importchange.before ->> 'email' AND o.email <> ''
              AND o.id <> leads_importchange.lead_id
              AND NOT EXISTS (SELECT FROM leads_importchange own WHERE own.lead_id = o.id AND own.kind = 'created'
                                 AND own.job_id = leads_importchange.job_id)))
        OR {later}"""  # noqa: S608 - composed of the names of models
    return standing.extra(where=[f"({condition})"], params=[job.started_at] * later.count("%s"))  # noqa: S610 - as above


def _later_conditions() -> list[str]:
    """One per table whose rows belong to a lead (and go with it): whether it has one from after the import."""
    conditions = []
    for relation in Lead._meta.related_objects:
        model = relation.related_model
        if relation.on_delete is not models.CASCADE or model in (ExternalId, ChangedLead) or isinstance(model, str):
            continue
        at = next((one.column for word in TIMES for one in model._meta.concrete_fields if one.name == word), None)
        if at is None or issubclass(model, pghistory.models.Event):
            continue
        table, column = model._meta.db_table, relation.field.column
        conditions.append(
            f'EXISTS (SELECT FROM "{table}" t WHERE t."{column}" = leads_importchange.lead_id AND t."{at}" > %s)'
        )
    return conditions


def carry_out(claim: Claim) -> None:
    """Take back batch by batch, each in one transaction that also says so; a killed worker's successor goes on."""
    job = claim.job
    if job.undo_all and not job.changes.exclude(fate=Fate.STANDS).exists() and (n := touched(job).count()):
        text = _("Nothing was undone: %(n)d of its leads were touched in the meantime.") % {"n": n}
        claim.end(_before(job), error=text, undone_by=None, undone_at=None)
        return
    with pghistory.context(user=job.undone_by_id, undone=job.pk, command="undo_import"):
        for kind in (Kind.CREATED, Kind.UPDATED):
            while _batch(claim, kind):
                claim.go_on()
        _companies(claim)
    claim.end(ImportJob.State.UNDONE, kept=job.changes.filter(fate=Fate.KEPT).count())


def _before(job: ImportJob) -> str:
    return ImportJob.State.CANCELLED if job.rows < job.total else ImportJob.State.DONE


@transaction.atomic
def _batch(claim: Claim, kind: str) -> bool:
    job = claim.job
    chosen = job.changes.standing().filter(kind=kind).order_by("pk")[:BATCH]
    changes = {change.lead_id: change for change in chosen}
    if not changes:
        return False
    lock_leads(changes)
    batch = ImportChange.objects.filter(pk__in=[change.pk for change in changes.values()])
    kept = set(touched(job, batch).values_list("lead_id", flat=True))
    batch.filter(lead_id__in=kept).update(fate=Fate.KEPT)
    free = [change for lead_id, change in changes.items() if lead_id not in kept]
    if kind == Kind.CREATED:
        Lead.objects.filter(pk__in=[change.lead_id for change in free]).delete()
    else:
        _restore(job, free, claim.now)
    batch.exclude(lead_id__in=kept).update(fate=Fate.UNDONE)
    claim.write(lease_until=claim.until, tries=0)
    return True


def _restore(job: ImportJob, changes: Sequence[ImportChange], now: datetime) -> None:
    """The leads as they were, without what the import added to them."""
    ids = [change.lead_id for change in changes]
    added: dict[str, list[int]] = {name: [] for name in ("external_id", "attempt", "stage_change")}
    for change in changes:
        for name, pk in change.added.items():
            added[name].append(pk)
    ExternalId.objects.filter(pk__in=added["external_id"], lead__in=ids).delete()
    Attempt.objects.filter(pk__in=added["attempt"], lead__in=ids).delete()
    StageChange.objects.filter(pk__in=added["stage_change"], lead__in=ids).delete()
    # Back to free addresses first: two leads may have exchanged theirs.
    Lead.objects.filter(pk__in=[change.lead_id for change in changes if "email" in change.before]).update(email="")
    with connection.cursor() as cursor:
        cursor.execute(_restoring(), {"job": job.pk, "leads": ids, "now": now})
    mark_changed(lead_ids=ids, now=now)


def _restoring() -> str:
    values = {name: f"p.{name}" for name in COLUMNS}
    values |= {
        name: f"CASE WHEN p.{name} IS NULL OR EXISTS (SELECT FROM {table} t WHERE t.id = p.{name})"
        f" THEN p.{name} ELSE l.{name} END"
        for name, table in REFERENCES.items()
    }
    return f"""
        UPDATE leads_lead l SET ({", ".join(values)}, updated_at) = ROW({", ".join(values.values())}, %(now)s)
          FROM leads_importchange c JOIN leads_lead o ON o.id = c.lead_id,
               LATERAL jsonb_populate_record(o, c.before) p
         WHERE c.job_id = %(job)s AND c.lead_id = ANY(%(leads)s) AND l.id = o.id
    """  # noqa: S608 - composed of the constants above


@transaction.atomic
def _companies(claim: Claim) -> None:
    """Companies that it made and nobody uses any more go; what it filled in of others goes where it still stands."""
    job = claim.job
    made = job.companies.filter(is_new=True).values("company_id")
    unused = Company.objects.filter(pk__in=made)
    for relation in Company._meta.related_objects:
        if relation.field.remote_field.on_delete is not models.CASCADE:
            unused = unused.filter(**{f"{_query_name(relation)}__isnull": True})
    while ids := list(unused.values_list("pk", flat=True)[:BATCH]):
        Company.objects.filter(pk__in=ids).delete()
    filled = list(job.companies.filter(is_new=False).exclude(filled={}))
    for one in filled:
        _empty(one)
    leads = Lead.objects.filter(company__in=[one.company_id for one in filled])
    mark_changed(lead_ids=leads.values_list("pk", flat=True), now=claim.now)


def _query_name(relation: Any) -> str:
    return str(relation.field.related_query_name())


def _empty(one: ImportedCompany) -> None:
    company = Company.objects.filter(pk=one.company_id).select_for_update().first()
    if company is None:
        return
    stands = [name for name, value in one.filled.items() if str(getattr(company, name)) == str(value)]
    for name in stands:
        setattr(company, name, None if Company._meta.get_field(name).null else "")
    company.save(update_fields=stands)
