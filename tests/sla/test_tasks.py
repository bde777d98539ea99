"""The tasks: they are what beat asks for, find their own work, and need no broker to end well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.core import mail
from django.utils import timezone
from kombu.exceptions import OperationalError

from people.models import User
from sla import tasks
from sla.flow import FlowResult
from sla.models import Escalation, Notice
from sla.services.deliver import Result
from tests.sla.build import build_clock
from tests.sla.ladder import quick_policy


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The deliveries that were asked for."""
    asked: list[Any] = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **options: asked.append(options))
    return asked


def test_beat_asks_for_tasks_that_exist() -> None:
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    current_app.loader.import_default_modules()
    assert wanted <= set(current_app.tasks)
    assert tasks.flow.name == settings.BATON_FLOW_TASK


def test_a_sweep_records_writes_and_has_it_delivered(owner: User, nudges: list[Any]) -> None:
    quick_policy()
    build_clock(owner, now=timezone.now() - timedelta(seconds=15))
    tasks.sweep()
    assert (Escalation.objects.get().state, Notice.objects.get().state, len(nudges)) == ("noticed", "pending", 1)
    tasks.deliver()
    assert len(mail.outbox) == 1


def test_a_sweep_without_work_asks_for_nothing(db: None, nudges: list[Any]) -> None:
    tasks.sweep()
    assert nudges == []


def test_a_round_that_ends_with_work_left_is_followed_by_another(
    db: None, nudges: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla.services.deliver.deliver", lambda **_: Result(more=True))
    tasks.deliver()
    assert len(nudges) == 1


def test_without_a_broker_the_sweep_has_done_its_work_all_the_same(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(**_options: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.deliver, "apply_async", dead)
    quick_policy()
    build_clock(owner, now=timezone.now() - timedelta(seconds=15))
    tasks.sweep()
    assert Notice.objects.get().state == "pending"


def test_the_flow_runs_until_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    results = [FlowResult(drained=500), FlowResult(drained=3), FlowResult()]
    monkeypatch.setattr("sla.flow.run", lambda **_: results.pop(0))
    tasks.flow()
    assert results == []
