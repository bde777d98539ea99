from __future__ import annotations

import logging
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from leads.models import ChangedLead
from leads.services.queue import mark_changed
from tests.cast import NOW, MakeLead


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: names.append(name))
    return names


def test_mark_each_lead_once_and_nudge_once_per_transaction(
    make_lead: MakeLead, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    one, two = make_lead(), make_lead()

    with django_capture_on_commit_callbacks(execute=True):
        mark_changed(lead_ids=[two.pk, one.pk, two.pk], now=NOW)
        with transaction.atomic():
            mark_changed(lead_ids=[one.pk], now=NOW)
        assert sent == []

    assert sent == ["sla.tasks.flow"]
    assert list(ChangedLead.objects.values_list("lead_id", flat=True)) == [one.pk, two.pk, one.pk]


def test_nothing_to_mark_nudges_nobody(
    db: None, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        mark_changed(lead_ids=[], now=NOW)

    assert sent == []


def test_a_nudge_that_was_rolled_back_does_not_silence_the_next(
    make_lead: MakeLead, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    lead = make_lead()

    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            mark_changed(lead_ids=[lead.pk], now=NOW)
            transaction.set_rollback(True)
        mark_changed(lead_ids=[lead.pk], now=NOW)

    assert sent == ["sla.tasks.flow"]
    assert ChangedLead.objects.count() == 1


def test_a_dead_broker_is_logged_and_the_mark_stays(
    make_lead: MakeLead,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def dead(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(current_app, "send_task", dead)
    lead = make_lead()

    with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True):
        mark_changed(lead_ids=[lead.pk], now=NOW)

    assert "connection refused" in caplog.text
    assert ChangedLead.objects.count() == 1
