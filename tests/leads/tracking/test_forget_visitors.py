"""Those whom nobody identified are forgotten after a time, with what they did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings

from config.environment import SettingError, parse
from leads.models import SiteCount, Visitor, VisitorEvent
from leads.tasks import forget_visitors
from leads.tracking import visitors
from tests.cast import NOW, MakeLead
from tests.leads.tracking.building import Browser, build_site, event

DAYS = timedelta(days=settings.BATON_VISITOR_DAYS)


def test_both_sides_of_the_day(make_lead: MakeLead) -> None:
    site = build_site()
    for age in (DAYS + timedelta(seconds=1), DAYS, timedelta(0)):
        Browser(site)(event(at=NOW - age), at=NOW - age)
    known = Visitor.objects.create(lead=make_lead(), last_seen=NOW - 2 * DAYS)
    for _time in range(2):
        with time_machine.travel(NOW, tick=False):
            forget_visitors()
        assert set(Visitor.objects.values_list("last_seen", flat=True)) == {NOW, NOW - DAYS, known.last_seen}
    assert VisitorEvent.objects.count() == 2
    assert set(SiteCount.objects.values_list("day", flat=True)) == {NOW.date(), (NOW - DAYS).date()}


def test_many_are_forgotten_in_batches(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "BATCH", 2)
    site = build_site()
    for _each in range(5):
        Browser(site)()
    assert visitors.forget_anonymous(now=NOW + DAYS + timedelta(days=1), after=DAYS) == 5
    assert not Visitor.objects.exists()


def test_beat_runs_it() -> None:
    assert "leads.tasks.forget_visitors" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


@pytest.mark.parametrize(("text", "days"), [("", 180), ("1", 1), ("3650", 3650)])
def test_the_days_are_a_setting(monkeypatch: pytest.MonkeyPatch, text: str, days: int) -> None:
    monkeypatch.setenv("BATON_VISITOR_DAYS", text)
    assert parse().visitor_days == days


@pytest.mark.parametrize("text", ["0", "3651", "ever"])
def test_a_wrong_number_of_days_is_one_sentence(monkeypatch: pytest.MonkeyPatch, text: Any) -> None:
    monkeypatch.setenv("BATON_VISITOR_DAYS", text)
    with pytest.raises(SettingError, match="BATON_VISITOR_DAYS must be a whole number of days from 1 to 3650"):
        parse()
