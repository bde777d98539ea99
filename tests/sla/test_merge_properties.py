"""Whatever is known of two leads: merging loses nothing, and undoing gives it all back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Attempt, Event, EventType, ExternalId, Lead, Note, StageChange
from leads.services.moving import links
from people.models import User
from sla.services.merge import merge_leads
from sla.services.unmerge import undo_merge
from tests.cast import NOW, build_lead
from tests.work import build_work

LATER = NOW + timedelta(hours=1)
# Computed anew, a queue, or the record of the merge itself.
LEFT_OUT = {"scoring.leadscore", "leads.changedlead", "leads.leadkey", "leads.merge"}

text = st.sampled_from(["", "Ana", "Łucja", "O'Neil", "x" * 60])
facts = st.fixed_dictionaries(
    {
        "first_name": text,
        "last_name": text,
        "phone": st.sampled_from(["", "+34600100200"]),
        "job_title": text,
        "city": text,
        "bant_need": text,
        "do_not_call": st.booleans(),
        "consent": st.sampled_from(["unknown", "granted", "withdrawn"]),
        "custom": st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, 2.5, "x", True]), max_size=3),
        "stage": st.sampled_from(["lead", "mql", "sql", "customer"]),
        "status": st.sampled_from(["new", "attempting", "connected"]),
        "events": st.integers(0, 3),
        "notes": st.integers(0, 2),
        "attempts": st.integers(0, 2),
        "numbers": st.lists(st.sampled_from(["crm", "shop"]), max_size=3),
        "in_hand": st.sampled_from([None, -30, 30]),
        "email": st.booleans(),
    }
)
choices = st.dictionaries(
    st.sampled_from(["first_name", "email", "stage", "status", "consent", "owner", "job_title", "company"]),
    st.sampled_from(["winner", "loser"]),
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=facts, other=facts, chosen=choices)
def test_merge_then_undo_is_nothing(
    one: dict[str, Any], other: dict[str, Any], chosen: dict[str, str], owner: User, colleague: User
) -> None:
    with transaction.atomic():
        winner, loser = _lead("w", one, owner), _lead("l", other, colleague)
        before = everything(winner, loser)

        record = merge_leads(winner=winner, loser=loser, choices=chosen, by=owner, now=LATER)
        there = keys(everything(winner, loser))
        assert {key for key in keys(before) if key[0] != "leads_lead"} <= there

        now = LATER + timedelta(seconds=1)
        undone = undo_merge(merge=record, by=owner, now=now)
        assert undone.kept == []
        assert without_stopped(everything(winner, loser), undone.cancelled) == without_stopped(before, undone.cancelled)
        transaction.set_rollback(True)


Rows = dict[str, list[dict[str, Any]]]


def everything(*leads: Lead) -> Rows:
    """All rows of both in all tables, as the database tells them."""
    ids = [lead.pk for lead in leads]
    tables = {(link.model._meta.db_table, link.field.column) for link in links(Lead) if link.label not in LEFT_OUT}
    found = {table: _rows(table, column or "", ids) for table, column in tables}
    found["leads_lead"] = _rows("leads_lead", "id", ids)
    for row in found["leads_lead"]:
        row.pop("updated_at")
    return found


def _rows(table: str, column: str, ids: list[int]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {column} = ANY(%s) ORDER BY 1", [ids])
        return [json.loads(row[0]) for row in cursor.fetchall()]


def keys(rows: Rows) -> set[tuple[str, Any]]:
    return {(table, row.get("id")) for table, found in rows.items() for row in found}


def without_stopped(rows: Rows, cancelled: int) -> Rows:
    """A clock whose due time is past stays cancelled: that is said, and not compared."""
    if cancelled:
        for row in rows["sla_clock"]:
            for name in ("state", "stopped_at", "next_at"):
                row.pop(name)
    return rows


def _lead(prefix: str, told: dict[str, Any], owner: User) -> Lead:
    plain = ("first_name", "last_name", "phone", "job_title", "city", "bant_need", "do_not_call", "consent", "custom")
    lead = build_lead(
        told["stage"],
        status=told["status"],
        email=f"{prefix}@customer.example" if told["email"] else "",
        consent_at=None if told["consent"] == "unknown" else NOW,
        **{name: told[name] for name in plain},
    )
    kind = EventType.objects.get(key="demo_requested")
    for n in range(told["events"]):
        key = f"{prefix}{n}" if n else ""
        Event.objects.create(lead=lead, event_type=kind, occurred_at=NOW, received_at=NOW, idempotency_key=key)
    for n in range(told["notes"]):
        Note.objects.create(lead=lead, author=owner, body=f"{prefix}{n}")
    for _n in range(told["attempts"]):
        Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=NOW)
    for n, system in enumerate(told["numbers"]):
        ExternalId.objects.create(lead=lead, system=system, value=f"{prefix}{n}")
    StageChange.objects.create(lead=lead, to_stage=lead.stage, changed_at=NOW, reason="created")
    if told["in_hand"] is not None:
        build_work(lead, owner, due_at=LATER + timedelta(minutes=told["in_hand"]))
    return lead
