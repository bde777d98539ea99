"""From a demo request to the CEO's mail through real processes: each message once, in order, to the right people."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from django.utils import timezone

from leads.models import Lead
from people.models import Team, User
from sla.models import Clock, Notice
from sla.services.attempts import log_attempt
from tests.cast import build_lead
from tests.faults.conftest import Stack
from tests.sla.build import build_model, build_policy, build_routing, request_demo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(170),
    pytest.mark.django_db(transaction=True),
]
# Far enough apart that the call comes before the second level also on a machine that is busy with something else.
LADDER = ((0, ("owner",)), (5, ("owner", "manager")), (10, ("executives",)))
SETTLE_SECONDS = 5


@dataclass
class Story:
    """Two leads asked for a demo: nobody touches one, the other is called after the first mail."""

    untouched: Lead
    touched: Lead
    owner: User
    manager: User
    executive: User


@pytest.fixture
def story(stack: Stack, sales_team: Team, owner: User, manager: User, executive: User) -> Story:
    build_model()
    build_routing(sales_team)
    build_policy(seconds=2, ladder=LADDER)
    leads = [build_lead("lead", first_name=name) for name in ("Una", "Tom")]
    return Story(leads[0], leads[1], owner, manager, executive)


def received(stack: Stack, lead: Lead) -> list[list[str]]:
    """The recipients of each mail about the lead, in the order of arrival."""
    accepted = list(zip(stack.mail.accepted, stack.mail.envelopes, strict=False))
    return [people for message, people in accepted if f"· {lead}:" in str(message["Subject"])]


def ask_for_demos(story: Story) -> None:
    for lead in (story.untouched, story.touched):
        request_demo(lead, timezone.now())


def call(story: Story) -> None:
    now = timezone.now()
    log_attempt(lead=story.touched, user=story.owner, channel="call", outcome="connected", occurred_at=now, now=now)


def ladder_of(story: Story) -> list[list[str]]:
    owner, manager, executive = story.owner.email, story.manager.email, story.executive.email
    return [[owner], [owner, manager], [executive]]


@pytest.mark.parametrize("many", [1, 2], ids=["one beat and one worker", "two beats and two workers"])
def test_an_untouched_lead_gives_three_mails_and_one_touched_after_the_first_gives_one(
    stack: Stack, story: Story, many: int
) -> None:
    for _number in range(many):
        stack.start("worker")
        stack.start("beat")
    ask_for_demos(story)
    stack.until(lambda: len(received(stack, story.touched)) == 1, 60, "the first mail about Tom")
    call(story)
    stack.until(lambda: len(received(stack, story.untouched)) == 3, 60, "three mails about Una")
    time.sleep(SETTLE_SECONDS)  # long enough for anything doubled to arrive

    assert received(stack, story.untouched) == ladder_of(story)
    assert received(stack, story.touched) == [[story.owner.email]]
    assert len(stack.mail.accepted) == len(stack.mail.by_message_id()) == 4
    assert Clock.objects.get(lead=story.touched).state == "met"
    assert Clock.objects.get(lead=story.untouched).state == "running"


def test_mail_that_is_down_delays_and_loses_nothing(stack: Stack, story: Story) -> None:
    stack.mail.stop()
    stack.start("worker")
    stack.start("beat")
    request_demo(story.untouched, timezone.now())
    stack.until(lambda: Notice.objects.filter(state="pending").count() == 3, 60, "three notices that wait")
    stack.until(lambda: Notice.objects.filter(delivery_tries__ok=False).exists(), 30, "a try that failed")
    assert stack.mail.accepted == []

    stack.mail.start(stack.mail.port)

    stack.until(lambda: len(stack.mail.accepted) == 3, 60, "three mails after the server came back")
    time.sleep(SETTLE_SECONDS)
    assert received(stack, story.untouched) == ladder_of(story)
    assert len(stack.mail.by_message_id()) == 3
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}
