"""The last three weeks at the demonstration company, lived through the product's own services.

Nothing is written behind their backs: whatever people did is drained by the flow, SDRs answer whom they were given
(most of them in time), and each level is swept at the moment it is due, so that every clock, attempt, escalation and
notice really happened.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Min

from leads.models import Lead, Source
from leads.services.events import record_event
from leads.services.leads import create_lead
from leads.services.queue import mark_changed
from sla.demo.aftermath import go_on
from sla.demo.agreement import CHAT_SOURCE, DEMONSTRATION_SOURCE, sign_agreement
from sla.demo.desk import keep_house
from sla.demo.market import DAYS, SATURDAY, Market, contact, found_companies, let_them_act, meet_people, open_market
from sla.demo.past import catch_up, happened
from sla.demo.places import PLACES
from sla.demo.staff import hire_staff
from sla.demo.website import Website, build_website, expect_visits, receive_visits
from sla.models import Clock, PolicyVersion
from sla.services.attempts import log_attempt
from sla.services.compose import compose
from sla.services.deliver import deliver
from sla.services.sweep import sweep

if TYPE_CHECKING:
    from datetime import datetime

    from leads.models import Company, Event

LEADS = 300
# first name, last name, country: whose clocks run out while one watches
DEMONSTRATED = (
    ("Ximena", "Castellanos Rubio", "Spain"),
    ("Tadeusz", "Wróblewski", "Poland"),
    ("Greta", "von Holm", "Germany"),
    ("Rosalind", "Achterberg", "United Kingdom"),
)
# The same and how many minutes ago they asked: long late, late, due in minutes, just in.
CHATTED = (
    ("Begoña", "Larrañaga Uriarte", "Spain", 97),
    ("Kazimierz", "Ostrowski", "Poland", 41),
    ("Dagmar", "Petersen", "Germany", 24),
    ("Duarte", "Vilas-Boas", "Portugal", 12),
    ("Fenella", "Okonkwo", "United Kingdom", 11),
    ("Saga", "Bergström", "Sweden", 7),
    ("Luana", "Pacheco", "Brazil", 10),
    ("Ezekiel", "Thornton", "United States", 3),
    ("Estel", "Puigdomènech", "Spain", 2),
)
IN_TIME, LATE = 0.75, 0.92
OUTCOMES = ("connected", "connected", "connected", "no_answer", "voicemail", "busy")
REMARKS = (
    "",
    "",
    "Asks for the service contract in writing.",
    "Will look at it with the laboratory, call again on Thursday.",
    "Their titrator is nine years old; budget is there after the audit.",
    "Wants to know whether results go straight into the LIMS.",
)
SECOND = timedelta(seconds=1)


@dataclass
class Story:
    """Where it stands: ``agenda`` holds who will be called when, ``planned`` which clocks that was decided for."""

    market: Market
    website: Website
    forgetful_since: datetime
    agenda: list[tuple[datetime, int]] = field(default_factory=list)
    planned: set[int] = field(default_factory=set)


def tell(now: datetime) -> None:
    """Fill an empty database with the demonstration company, up to ``now``; inside a transaction."""
    start = now - timedelta(days=DAYS + 1)
    people = hire_staff(start)
    for name in (CHAT_SOURCE, DEMONSTRATION_SOURCE):
        Source.objects.get_or_create(name=name)
    with happened(start, people["manager"], anything=True):
        sign_agreement(marketer=people["marketer"], manager=people["manager"], now=start)
        PolicyVersion.objects.filter(created_at__gt=start).update(created_at=start)
        website = build_website(marketer=people["marketer"], now=start)
    market = open_market(now)
    companies = found_companies(market)
    invited = len(DEMONSTRATED) + len(CHATTED)
    leads = meet_people(market, companies, LEADS - invited)
    story = Story(market, website, _last_working_day(now))
    _live(story, expect_visits(website, market, let_them_act(market, leads)))
    go_on(market, people)
    with happened(now):
        _qualify(set(), now)
    keep_house(market, people)
    _chat(story, companies)
    _demonstrate(market, companies)


def _last_working_day(now: datetime) -> datetime:
    """The beginning of the last day on which people forgot somebody: yesterday or the Friday before."""
    day = (now - timedelta(hours=30)).replace(hour=0, minute=0, second=0, microsecond=0)
    while day.weekday() >= SATURDAY:
        day -= timedelta(days=1)
    return day


def _live(story: Story, events: list[Event]) -> None:
    """Moment by moment: who did something is scored, who qualifies is handed over, who is to be called is called."""
    acted: dict[datetime, set[int]] = defaultdict(set)
    rest = sorted(events, key=lambda event: event.occurred_at, reverse=True)
    for at in story.market.moments:
        while rest and rest[-1].occurred_at <= at:
            acted[at].add(rest.pop().lead_id)
        _pass_time(story, at)
        acted[at] |= receive_visits(story.website, at)
        with happened(at):
            _qualify(acted[at], at)
        _plan(story)
    _pass_time(story, story.market.now - 2 * SECOND)


def _qualify(lead_ids: set[int], at: datetime) -> None:
    mark_changed(lead_ids=lead_ids, now=at)
    catch_up(at)


def _plan(story: Story) -> None:
    """Decide for each new clock when somebody will call: in time, late, or not at all on the last working day."""
    dice = story.market.dice
    for clock in Clock.objects.running().exclude(pk__in=story.planned).order_by("pk"):
        story.planned.add(clock.pk)
        if clock.started_at > story.forgetful_since and dice.random() < 0.3:  # three in ten
            continue
        fate = dice.random()
        delay = timedelta(seconds=-dice.randint(20, 280))
        if fate > IN_TIME:
            delay = timedelta(minutes=dice.randint(1, 9) if fate < LATE else dice.randint(12, 95))
        heapq.heappush(story.agenda, (max(clock.started_at + 20 * SECOND, clock.due_at + delay), clock.pk))


def _pass_time(story: Story, until: datetime) -> None:
    """Calls and breaches up to a moment, in the order in which they happened."""
    while story.agenda and story.agenda[0][0] <= until:
        at, clock_id = heapq.heappop(story.agenda)
        _tell_of_breaches(at)
        clock = Clock.objects.select_related("lead", "owner").get(pk=clock_id)
        with happened(at, clock.owner):
            _call(story.market, clock, at)
    _tell_of_breaches(until)


def _call(market: Market, clock: Clock, at: datetime) -> None:
    dice = market.dice
    if clock.owner is None:
        return
    by_call = dice.random() < 0.7 and not clock.lead.do_not_call and clock.lead.phone  # seven in ten
    log_attempt(
        lead=clock.lead,
        user=clock.owner,
        channel="call" if by_call else "email",
        outcome=dice.choice(OUTCOMES) if by_call else "sent",
        occurred_at=at,
        now=at,
        note=dice.choice(REMARKS),
    )


def _tell_of_breaches(until: datetime) -> None:
    """Sweep a few seconds after each level that comes due, as beat does."""
    while at := Clock.objects.due(until).aggregate(first=Min("next_at"))["first"]:
        at += 4 * SECOND
        sweep(now=at)
        compose(now=at)
        deliver(now=at)


def _chat(story: Story, companies: dict[str, list[Company]]) -> None:
    """People who wrote in the website's chat within the last hours, whom nobody has answered yet."""
    market = story.market
    for number, (first, last, country, minutes) in enumerate(CHATTED):
        at = market.now - timedelta(minutes=minutes)
        _tell_of_breaches(at)
        with happened(at):
            lead = _newcomer(market, companies[country][number % 5], (first, last), CHAT_SOURCE, at)
            record_event(lead=lead, event_type=market.events["contact_requested"], occurred_at=at, now=at)
            _qualify({lead.pk}, at + SECOND)
    _tell_of_breaches(market.now)


def _demonstrate(market: Market, companies: dict[str, list[Company]]) -> None:
    """People who ask for a demo right now: the flow finds them when the worker starts, and their clocks run out soon.

    Their marks are left for it on purpose.
    """
    for number, (first, last, country) in enumerate(DEMONSTRATED):
        at = market.now
        lead = _newcomer(market, companies[country][number], (first, last), DEMONSTRATION_SOURCE, at)
        record_event(lead=lead, event_type=market.events["demo_requested"], occurred_at=at, now=at)


def _newcomer(market: Market, company: Company, name: tuple[str, str], source: str, at: datetime) -> Lead:
    place = next(place for place in PLACES if place.country == company.country)
    return create_lead(
        now=at,
        by=None,
        data={
            **contact(place, company, name, market.dice),
            "job_title": "Head of quality control",
            "source": Source.objects.get(name=source),
            "consent": Lead.Consent.GRANTED,
            "consent_source": source,
        },
    )
