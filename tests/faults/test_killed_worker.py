"""A worker that is killed in the middle of a thousand due clocks loses none of them (domain rules 9 and 10)."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from django.utils import timezone

from leads.models import Lead, LeadStatus, LeadType, LifecycleStage
from people.models import User
from sla.models import Clock, Escalation, Handoff, Notice
from sla.services.clocks import start_clocks
from tests.faults.conftest import Stack
from tests.sla.build import build_policy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(170),
    pytest.mark.django_db(transaction=True),
]
MANY = 1000
# One thread: then at most one message is on the wire when the worker dies, so a kill repeats at most one.
ONE_THREAD = "--concurrency 1"


def start_many(owner: User) -> None:
    """A thousand hand-offs whose clocks are due at once."""
    now = timezone.now()
    stage, status = LifecycleStage.objects.get(key="mql"), LeadStatus.objects.get(key="new")
    leads = Lead.objects.bulk_create(
        Lead(first_name="Lead", last_name=str(number), stage=stage, status=status, lead_type=LeadType.objects.all()[0])
        for number in range(MANY)
    )
    handoffs = Handoff.objects.bulk_create(
        Handoff(lead=lead, stage=stage, team=owner.team, owner=owner, opened_at=now, assigned_at=now) for lead in leads
    )
    start_clocks(handoffs=handoffs, now=now)


def test_every_one_of_a_thousand_due_clocks_is_told_of_once(stack: Stack, owner: User) -> None:
    build_policy(seconds=1, ladder=((0, ("owner",)),))
    start_many(owner)
    kills = 0
    stack.start("beat")

    worker = stack.start("worker", ONE_THREAD)
    stack.until(Escalation.objects.exists, 60, "the first escalation")
    stack.kill(worker)  # in the sweep, or while it writes the notices
    kills += 1

    worker = stack.start("worker", ONE_THREAD)
    stack.until(lambda: len(stack.mail.accepted) >= 150, 90, "150 mails")
    stack.kill(worker)  # in the middle of delivering
    kills += 1
    before = len(stack.mail.accepted)
    assert before < MANY

    stack.start("worker", ONE_THREAD)
    stack.until(lambda: Notice.objects.filter(state="sent").count() == MANY, 110, "everything sent")
    time.sleep(2)

    assert Counter(Escalation.objects.values_list("level", flat=True)) == {1: MANY}
    assert set(Escalation.objects.values_list("state", flat=True)) == {"noticed"}
    assert not Clock.objects.filter(next_at__isnull=False).exists()
    told = stack.mail.by_message_id()
    assert len(told) == MANY == Notice.objects.count()
    # A message that the server took in the instant of a kill is sent again, under the same Message-ID, by which the
    # reader's mail program knows it. Nothing else is ever sent twice.
    repeats = [identity for identity, messages in told.items() if len(messages) > 1]
    assert len(repeats) <= kills
    assert all(len(told[identity]) == 2 for identity in repeats)
