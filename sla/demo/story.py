"""The last three weeks at the demonstration company, lived through the product's own services.

Nothing is written behind their backs: the story goes on in steps of three hours, drains the flow, lets SDRs
answer (most of them in time) and sweeps, so that every clock, attempt, escalation and notice really happened.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from leads.models import Lead, LifecycleStage, Note, Source
from leads.services.events import record_event
from leads.services.queue import mark_changed
from leads.services.stages import move_by_hand
from sla import flow
from sla.demo.agreement import DEMONSTRATION_SOURCE, sign_agreement
from sla.demo.market import DAYS, Market, found_companies, let_them_act, meet_people, open_market
from sla.demo.staff import hire_staff
from sla.models import Clock
from sla.services.attempts import log_attempt
from sla.services.compose import compose
from sla.services.deliver import deliver
from sla.services.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from leads.models import Event
    from people.models import User

LEADS = 300
STEP = timedelta(hours=3)
DEMONSTRATED = 4
OUTCOMES = ("connected", "no_answer", "no_answer", "voicemail", "connected")


def tell(now: datetime) -> None:
    """Fill an empty database with the demonstration company, up to ``now``."""
    people = hire_staff()
    sign_agreement(marketer=people["marketer"], manager=people["manager"], now=now - timedelta(days=DAYS + 1))
    market = open_market(now)
    leads = meet_people(market, found_companies(market), LEADS - DEMONSTRATED)
    _live(market, let_them_act(market, leads))
    _win_some(people["ae"], now)
    _write_notes(market, people["marketer"])
    _demonstrate(market)


def _live(market: Market, events: list[Event]) -> None:
    """Step by step: who did something is scored, who qualifies is handed over, who was called is answered."""
    acted: dict[int, set[int]] = defaultdict(set)
    start = market.now - timedelta(days=DAYS)
    for event in events:
        acted[int((event.occurred_at - start) / STEP)].add(event.lead_id)
    for number in range(int((market.now - start) / STEP)):
        at = start + (number + 1) * STEP
        if number in acted:
            mark_changed(lead_ids=acted[number], now=at)
            _drain(at)
        _answer(market, at)
        _tell_of_breaches(at)


def _drain(at: datetime) -> None:
    while flow.run(now=at).drained:
        pass


def _answer(market: Market, at: datetime) -> None:
    """SDRs call whom they were given: most before the due time, some after it, a few not at all."""
    for clock in _unanswered(market, at):
        late = market.dice.random() < 0.2
        due = clock.due_at + timedelta(minutes=market.dice.randint(2, 90)) if late else clock.due_at
        touched = max(clock.started_at, due - timedelta(seconds=market.dice.randint(20, 280)))
        if touched > market.now or clock.owner is None:
            continue
        _tell_of_breaches(touched)
        log_attempt(
            lead=clock.lead,
            user=clock.owner,
            channel="call" if market.dice.random() < 0.7 else "email",
            outcome=market.dice.choice(OUTCOMES),
            occurred_at=touched,
            now=touched,
            note=market.dice.choice(("", "", "Asks for the service contract.", "Will look at it with the laboratory.")),
        )


def _unanswered(market: Market, at: datetime) -> Iterator[Clock]:
    """Running clocks that fall due before the next step, oldest first; the newest of all are forgotten."""
    waiting = Clock.objects.running().filter(due_at__lte=at + STEP).select_related("lead", "owner").order_by("due_at")
    recently = market.now - timedelta(hours=30)
    for clock in waiting:
        forgotten = clock.started_at > recently and clock.pk % 2 == 0
        if not forgotten:
            yield clock


def _tell_of_breaches(at: datetime) -> None:
    if sweep(now=at):
        compose(now=at)
        deliver(now=at)


def _win_some(ae: User, now: datetime) -> None:
    """A few conversations led further, so that every stage has somebody in it."""
    connected = Lead.objects.filter(status__key="connected").order_by("pk")
    for key, chosen in (("sql", connected[:9]), ("opportunity", connected[9:14]), ("customer", connected[14:18])):
        stage = LifecycleStage.objects.get(key=key)
        for lead in chosen:
            move_by_hand(lead=lead, to_stage=stage, by=ae, reason="Agreed on the call", now=now - timedelta(hours=2))
    _drain(now)


def _write_notes(market: Market, author: User) -> None:
    Note.objects.bulk_create(
        [
            Note(
                lead=lead,
                author=author,
                body="Met at the spring fair; wants the brochure in her language.",
                created_at=at,
            )
            for lead in Lead.objects.filter(source__name="Trade fair").order_by("pk")[:12]
            for at in [lead.captured_at + timedelta(minutes=market.dice.randint(5, 50))]
        ]
    )


def _demonstrate(market: Market) -> None:
    """People who ask for a demo right now: their clocks run in wall time and are about to run out."""
    source = Source.objects.get_or_create(name=DEMONSTRATION_SOURCE)[0]
    companies = {lead.company_id: lead.company for lead in Lead.objects.select_related("company")[:40]}
    names = (("Ximena", "Castellanos Rubio"), ("Tadeusz", "Wróblewski"), ("Greta", "Holm"), ("Rui", "Monteiro"))
    for (first, last), company in zip(names[:DEMONSTRATED], companies.values(), strict=False):
        lead = Lead.objects.create(
            first_name=first,
            last_name=last,
            email=f"{first}@fair.example".lower(),
            phone="+34 900 123 456",
            job_title="Head of quality control",
            company=company,
            country="Spain",
            source=source,
            lead_type=market.lead_types["new_customer"],
            status=market.statuses["new"],
            stage=market.stages["lead"],
            stage_since=market.now,
            captured_at=market.now,
        )
        record_event(lead=lead, event_type=market.events["demo_requested"], occurred_at=market.now, now=market.now)
