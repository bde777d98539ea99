"""Data is kept for as long as the setting says after the last activity, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from leads.models import Attempt, Event, EventType, Lead, Note, PrivacyAct, StageChange
from people.models import User
from sla.services import retention
from sla.services.erase import erase_lead
from sla.services.retention import due, erase_due
from sla.tasks import retention as task
from tests.cast import NOW, MakeLead
from tests.work import build_handoff

LONG_AGO = NOW - timedelta(days=400)
DAYS = 365
EDGE = NOW - timedelta(days=DAYS)


@pytest.fixture(autouse=True)
def _kept_for_a_year(settings: Any) -> None:
    settings.BATON_RETENTION_DAYS = DAYS


@pytest.fixture
def old(make_lead: MakeLead) -> Callable[..., Lead]:
    times = dict.fromkeys(("created_at", "captured_at", "updated_at", "stage_since"), LONG_AGO)
    return lambda stage="lead", **fields: make_lead(stage, **{**times, **fields})


def test_nobody_is_due_while_it_is_off(old: Callable[..., Lead], settings: Any) -> None:
    settings.BATON_RETENTION_DAYS = 0
    old()
    assert erase_due(now=NOW) == 0


@pytest.mark.parametrize("column", ["created_at", "captured_at", "updated_at", "stage_since"])
def test_both_sides_of_the_edge(old: Callable[..., Lead], column: str) -> None:
    kept = old(**{column: EDGE})
    gone = old(**{column: EDGE - timedelta(seconds=1)})
    assert list(due(NOW)) == [gone]
    assert kept not in due(NOW)


def test_any_activity_keeps_somebody(old: Callable[..., Lead], owner: User) -> None:
    event, attempt, note, move, handoff, customer, idle = (old() for _number in range(7))
    Event.objects.create(lead=event, event_type=EventType.objects.all()[0], occurred_at=EDGE)
    Attempt.objects.create(lead=attempt, user=owner, channel="call", outcome="busy", occurred_at=EDGE)
    Note.objects.create(lead=note, author=owner, body="x", created_at=EDGE)
    StageChange.objects.create(lead=move, to_stage=move.stage, changed_at=EDGE, reason="created")
    build_handoff(handoff, owner, at=LONG_AGO)
    Lead.objects.filter(pk=handoff.pk).update(updated_at=LONG_AGO)
    Lead.objects.filter(pk=customer.pk).update(stage=old("customer").stage)
    assert list(due(NOW)) == [idle]


def test_old_activity_keeps_nobody(old: Callable[..., Lead], owner: User) -> None:
    lead = old()
    Note.objects.create(lead=lead, author=owner, body="x", created_at=EDGE - timedelta(seconds=1))
    handoff = build_handoff(lead, owner, at=LONG_AGO)
    handoff.closed_at = LONG_AGO
    handoff.save()
    Lead.objects.filter(pk=lead.pk).update(updated_at=LONG_AGO)
    assert erase_due(now=NOW) == 1


def test_it_goes_in_batches_is_recorded_and_keeps_nobody_out(old: Callable[..., Lead]) -> None:
    leads = [old() for _number in range(3)]
    assert [erase_due(now=NOW, limit=2) for _run in range(3)] == [2, 1, 0]
    acts = PrivacyAct.objects.order_by("lead_id")
    assert [(act.lead, act.reason, act.by) for act in acts] == [(lead, "retention", None) for lead in leads]


def test_one_that_cannot_be_erased_does_not_keep_the_others(
    old: Callable[..., Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = old(), old()

    def broken(**values: Any) -> PrivacyAct | None:
        if values["lead"].pk == bad.pk:
            raise ValueError(bad.pk)
        return erase_lead(**values)

    monkeypatch.setattr(retention, "erase_lead", broken)
    assert erase_due(now=NOW) == 1
    good.refresh_from_db()
    assert good.is_erased


def test_the_task_finds_its_own_work(old: Callable[..., Lead]) -> None:
    old()
    task()
    assert PrivacyAct.objects.count() == 1
    task()
    assert PrivacyAct.objects.count() == 1


def test_the_page_says_how_many_are_due(old: Callable[..., Lead], administrator: User, client: Any) -> None:
    old()
    client.force_login(administrator)
    page = client.get(reverse("privacy"))
    assert page.context["due"] == 1
    assert "365 days after the last activity" in page.content.decode()
