"""Probable duplicates: found as leads and companies arrive or change, and of everything when asked.

Triggers put what is written into ``ToCompare``; this drains it. Each row is looked up by its keys in an index and
meets at most a handful of others, so the cost follows what changed, never how many leads there are.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError
from psycopg.sql import SQL, Identifier, Literal

from leads.matching.emails import slipped
from leads.matching.keys import company_keys, lead_keys
from leads.models import Company, CompanyKey, CompanyPair, DuplicatePair, Lead, LeadKey, ToCompare
from leads.services.identity import hold_leads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from leads.models.merging import Pair
    from people.models import User

logger = logging.getLogger(__name__)
TASK = "leads.tasks.find_duplicates"
BATCH = 1_000
ADVISORY_LOCK = 0x6261746F6F  # one at a time: two would each not see what the other is just writing
# So many others share a number or a local part before it is a switchboard, or just a common name.
BLOCK = 20
CROWDS = (LeadKey.Kind.PHONE, LeadKey.Kind.COLLEAGUE, LeadKey.Kind.TYPO_START, LeadKey.Kind.TYPO_END)
TYPOS = (LeadKey.Kind.TYPO_START, LeadKey.Kind.TYPO_END)
REASONS = {
    LeadKey.Kind.NAME: "name",
    LeadKey.Kind.PHONE: "phone",
    **dict.fromkeys((LeadKey.Kind.MAILBOX, LeadKey.Kind.COLLEAGUE, *TYPOS), "email"),
}
COMPANY_REASONS = {CompanyKey.Kind.NAME: "name", CompanyKey.Kind.DOMAIN: "domain"}
POINTS = {"name": 50, "phone": 40, "email": 60, "domain": 40}

Found = dict[tuple[int, int], set[str]]
NEIGHBOURS = SQL("""
    SELECT k.kind, k.{of}, o.{of} FROM {keys} k CROSS JOIN LATERAL (
        SELECT o.{of} FROM {keys} o WHERE o.key = k.key AND o.kind = k.kind AND o.{of} <> k.{of}
         ORDER BY o.{of} LIMIT {most}) o
     WHERE k.{of} = ANY(%s)
""")
QUEUE_ALL = SQL("""
    INSERT INTO leads_tocompare ({column}, queued_at) SELECT t.id, %s FROM {table} t
     WHERE NOT EXISTS (SELECT 1 FROM leads_tocompare c WHERE c.{column} = t.id) ORDER BY t.id
""")
# Said to be two: that stands until there is a reason that was not known then.
KEEP = SQL("""
    INSERT INTO {pairs} AS p (low_id, high_id, reasons, score, found_at)
    SELECT low, high, string_to_array(reasons, ','), score, %s
      FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[]) AS n(low, high, reasons, score) ORDER BY low, high
    ON CONFLICT (low_id, high_id) DO UPDATE SET
        reasons = EXCLUDED.reasons, score = EXCLUDED.score, found_at = EXCLUDED.found_at,
        dismissed_at = NULL, dismissed_by_id = NULL
     WHERE (p.dismissed_at IS NULL AND p.reasons <> EXCLUDED.reasons)
        OR (p.dismissed_at IS NOT NULL AND NOT EXCLUDED.reasons <@ p.reasons)
""")


@transaction.atomic
def look(*, now: datetime, limit: int = BATCH) -> int:
    """Compare one batch of what is new or has changed; how much that was. 0: nothing waits, or somebody is at it."""
    if not _alone():
        return 0
    waiting = list(ToCompare.objects.order_by("pk")[:limit])
    if not waiting:
        return 0
    _look_at_leads({row.lead_id for row in waiting if row.lead_id}, now)
    _look_at_companies({row.company_id for row in waiting if row.company_id}, now)
    ToCompare.objects.filter(pk__in=[row.pk for row in waiting]).delete()
    return len(waiting)


@transaction.atomic
def look_through_everything(*, now: datetime) -> int:
    """Queue all leads and companies that do not wait already; returns how many. Asked twice, it queues them once."""
    with connection.cursor() as cursor:
        count = 0
        for column, table in (("lead_id", "leads_lead"), ("company_id", "leads_company")):
            cursor.execute(QUEUE_ALL.format(column=Identifier(column), table=Identifier(table)).as_string(), [now])
            count += int(cursor.rowcount)
    transaction.on_commit(_send, robust=True)
    return count


def open_pairs_of(lead: Lead, user: User) -> Any:
    """The open pairs of a lead of which this person may see the other one, the likeliest first."""
    pairs = DuplicatePair.objects.open().of(lead).visible_to(user)
    return pairs.select_related("low__company", "high__company").order_by("-score", "pk")


@transaction.atomic
def dismiss(*, pair: Pair, by: User, now: datetime) -> None:
    """These are two. They are proposed again only for a reason that is not known yet."""
    type(pair)._base_manager.filter(pk=pair.pk, dismissed_at__isnull=True).update(dismissed_at=now, dismissed_by=by)


def reasons_in_words(pair: Pair) -> list[Any]:
    labels = dict((DuplicatePair if isinstance(pair, DuplicatePair) else CompanyPair).Reason.choices)
    return [labels.get(reason, _("Alike")) for reason in pair.reasons]


def _send() -> None:
    """A nudge; beat finds the queue anyway."""
    try:
        current_app.send_task(TASK, ignore_result=True, expires=60)
    except OperationalError as error:
        logger.warning("The search for duplicates was not nudged, beat will find the work: %s", error)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])


def _look_at_leads(lead_ids: Collection[int], now: datetime) -> None:
    held = [asked for asked, standing in hold_leads(lead_ids).items() if asked == standing] if lead_ids else []
    if not held:
        return
    columns = ("pk", "first_name", "last_name", "email", "phone", "country", "company_id", "company__name")
    rows = Lead.objects.filter(pk__in=held).order_by("pk").values(*columns)
    LeadKey.objects.filter(lead__in=held).delete()
    LeadKey.objects.bulk_create(
        [LeadKey(lead_id=row["pk"], kind=kind, key=key) for row in rows for kind, key in sorted(lead_keys(row))]
    )
    _keep(DuplicatePair, held, _found_leads(held), now)


def _look_at_companies(company_ids: Collection[int], now: datetime) -> None:
    rows = list(Company.objects.filter(pk__in=company_ids).order_by("pk").values("pk", "name", "domain"))
    if not rows:
        return
    CompanyKey.objects.filter(company__in=company_ids).delete()
    CompanyKey.objects.bulk_create(
        [
            CompanyKey(company_id=row["pk"], kind=kind, key=key)
            for row in rows
            for kind, key in sorted(company_keys(row))
        ]
    )
    found: Found = defaultdict(set)
    for kind, one, other in _neighbours(CompanyKey, "company_id", company_ids):
        found[min(one, other), max(one, other)].add(COMPANY_REASONS[CompanyKey.Kind(kind)])
    _keep(CompanyPair, company_ids, found, now)


def _found_leads(lead_ids: Collection[int]) -> Found:
    met = _neighbours(LeadKey, "lead_id", lead_ids)
    met = _without_crowds(met)
    typing = {pk for kind, *both in met if kind in TYPOS for pk in both}
    emails = dict(Lead.objects.filter(pk__in=typing).values_list("pk", "email"))
    found: Found = defaultdict(set)
    for kind, one, other in met:
        if kind not in TYPOS or slipped(emails[one], emails[other]):
            found[min(one, other), max(one, other)].add(REASONS[LeadKey.Kind(kind)])
    return found


def _without_crowds(met: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for kind, one, _other in met:
        counts[kind, one] += 1
    return [(kind, one, other) for kind, one, other in met if kind not in CROWDS or counts[kind, one] < BLOCK]


def _neighbours(keys: type[Model], of: str, ids: Iterable[int]) -> list[tuple[int, int, int]]:
    statement = NEIGHBOURS.format(keys=Identifier(keys._meta.db_table), of=Identifier(of), most=Literal(BLOCK))
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(), [sorted(ids)])
        return [(kind, one, other) for kind, one, other in cursor.fetchall()]


def _keep(pairs: type[Pair], ids: Collection[int], found: Found, now: datetime) -> None:
    """Write what was found of these rows; what was proposed of them and is so no longer goes."""
    table: Any = pairs._base_manager
    known = table.filter(Q(low__in=ids) | Q(high__in=ids), dismissed_at__isnull=True)
    gone = [pk for pk, low, high in known.values_list("pk", "low", "high") if (low, high) not in found]
    table.filter(pk__in=gone).delete()
    if not found:
        return
    rows = sorted(found.items())
    lows, highs = [low for (low, _high), _why in rows], [high for (_low, high), _why in rows]
    reasons = [",".join(sorted(why)) for _pair, why in rows]
    scores = [min(99, sum(POINTS[one] for one in why)) for _pair, why in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP.format(pairs=Identifier(pairs._meta.db_table)).as_string(), [now, lows, highs, reasons, scores]
        )
