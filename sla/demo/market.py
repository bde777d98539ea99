"""The demonstration company's market: companies, people and what they did, made up but the same every time."""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from leads.models import (
    Campaign,
    Company,
    Event,
    EventType,
    ExternalId,
    Lead,
    LeadStatus,
    LeadType,
    LifecycleStage,
    Source,
)
from leads.models.history import StageChange
from sla.demo.places import PLACES, Place, domain, slug

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from leads.services.leads import LeadData

SEED = 20261121
DAYS = 21
# When people visit, in hours UTC: offices of Europe in the morning, those of the Americas towards the evening.
WEEKDAY_HOURS = (7.4, 9.3, 11.2, 13.6, 15.9, 19.1)
WEEKEND_HOURS = (10.5, 18.2)
NAMELESS = 0.04
SATURDAY = 5

TITLES = (
    "Head of quality control",
    "Quality manager",
    "Director of quality and regulatory affairs",
    "Laboratory manager",
    "Senior laboratory technician",
    "Deputy head of the central laboratory",
    "Purchasing manager",
    "Strategic purchaser",
    "Production engineer",
    "Process engineer",
    "Working student",
    "Managing director",
)
SOURCES = ("Organic search", "Webinar", "Trade fair", "Referral", "Newsletter", "LinkedIn", "Partner")
# What brought those in who came by it.
CAMPAIGNS = {
    "Webinar": "Titration that passes every audit",
    "Trade fair": "Spring fair, hall 4",
    "Newsletter": "Autumn newsletter",
    "LinkedIn": "MX-4 launch",
}
# how likely each piece of behaviour is, and how often at most, for people who are cold, warm and hot
HABITS = {
    "cold": (("page_viewed", 0.7, 3), ("email_opened", 0.4, 2), ("unsubscribed", 0.04, 1)),
    "warm": (
        ("page_viewed", 1.0, 8),
        ("email_opened", 0.8, 4),
        ("email_clicked", 0.6, 3),
        ("content_downloaded", 0.6, 2),
        ("webinar_registered", 0.3, 1),
    ),
    "hot": (
        ("page_viewed", 1.0, 10),
        ("email_clicked", 0.9, 4),
        ("content_downloaded", 0.8, 3),
        ("webinar_attended", 0.5, 1),
        ("pricing_viewed", 0.9, 4),
        ("trial_started", 0.3, 1),
        ("demo_requested", 0.45, 1),
        ("contact_requested", 0.15, 1),
    ),
}
# What the website, the mailing tool and the webinar tool say about an event.
DETAILS: dict[str, tuple[dict[str, Any], ...]] = {
    "page_viewed": tuple(
        {"page": page}
        for page in ("/instruments/karl-fischer-titrator", "/instruments/ph-meters", "/service", "/", "/applications")
    ),
    "pricing_viewed": ({"page": "/prices"}, {"page": "/prices/service-contracts"}),
    "content_downloaded": (
        {"title": "Application note 14: moisture in powders"},
        {"title": "Guide: calibration without downtime"},
        {"title": "Checklist for laboratory audits"},
    ),
    "webinar_registered": ({"title": "Titration that passes every audit"},),
    "webinar_attended": ({"title": "Titration that passes every audit", "minutes": 47},),
    "email_clicked": ({"mailing": "Autumn newsletter"}, {"mailing": "New: MX-4 titrator"}),
    "email_opened": ({"mailing": "Autumn newsletter"}, {"mailing": "New: MX-4 titrator"}),
    "trial_started": ({"instrument": "MX-4 titrator"},),
    "demo_requested": ({"form": "Request a demo"},),
    "contact_requested": ({"form": "Call me back"},),
}


@dataclass(frozen=True, slots=True)
class Market:
    """The rows everything else refers to, the moments at which something happens, and the dice."""

    dice: random.Random
    now: datetime
    moments: tuple[datetime, ...]
    stages: dict[str, LifecycleStage]
    statuses: dict[str, LeadStatus]
    events: dict[str, EventType]
    sources: dict[str, Source]
    campaigns: dict[str, Campaign]
    lead_types: dict[str, LeadType]


def open_market(now: datetime) -> Market:
    dice = random.Random(SEED)  # noqa: S311  # made-up people, not secrets
    return Market(
        dice=dice,
        now=now,
        moments=tuple(_moments(dice, now)),
        stages={one.key: one for one in LifecycleStage.objects.all()},
        statuses={one.key: one for one in LeadStatus.objects.all()},
        events={one.key: one for one in EventType.objects.all()},
        sources={name: Source.objects.get_or_create(name=name)[0] for name in SOURCES},
        campaigns={source: Campaign.objects.get_or_create(name=name)[0] for source, name in CAMPAIGNS.items()},
        lead_types={one.key: one for one in LeadType.objects.all()},
    )


def _moments(dice: random.Random, now: datetime) -> list[datetime]:
    """Some moments of each of the last days, in order, the last one some minutes ago."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [
        day + timedelta(hours=hour, seconds=dice.randint(-2_400, 2_400))
        for day in (midnight - timedelta(days=back) for back in range(DAYS, -1, -1))
        for hour in (WEEKDAY_HOURS if day.weekday() < SATURDAY else WEEKEND_HOURS)
    ]
    return [at for at in moments if at < now - timedelta(hours=2)] + [now - timedelta(minutes=9)]


def found_companies(market: Market) -> dict[str, list[Company]]:
    """The companies of each country."""
    companies = [
        _company(market, place, name, industry, employees)
        for place in PLACES
        for name, industry, employees in place.companies
    ]
    found: dict[str, list[Company]] = {}
    for company in Company.objects.bulk_create(companies):
        found.setdefault(company.country, []).append(company)
    return found


def _company(market: Market, place: Place, name: str, industry: str, employees: int) -> Company:
    dice = market.dice
    return Company(
        name=name,
        domain=domain(name),
        industry=industry,
        employees=employees,
        annual_revenue=Decimal(round(employees * dice.uniform(90, 260)) * 1_000),
        country=place.country,
        city=dice.choice(place.cities),
        technologies=dice.choice(("", "LIMS", "LIMS, SAP", "Salesforce")),
        created_at=market.moments[0],
    )


def meet_people(market: Market, companies: dict[str, list[Company]], count: int) -> list[Lead]:
    """People of those companies, captured over the last weeks, with their numbers in the old CRM."""
    dice = market.dice
    names = {place.country: place.people() for place in PLACES}
    for people in names.values():
        dice.shuffle(people)
    drafts = []
    for number in range(count):
        place = PLACES[number % len(PLACES)]
        company = companies[place.country][number // len(PLACES) % len(place.companies)]
        drafts.append(_person(market, place, company, names[place.country].pop()))
    leads = Lead.objects.bulk_create(sorted(drafts, key=lambda lead: lead.captured_at))
    ExternalId.objects.bulk_create(
        [ExternalId(lead=lead, system="old_crm", value=f"C-{10_000 + number}") for number, lead in enumerate(leads)]
    )
    StageChange.objects.bulk_create(
        [
            StageChange(lead=lead, to_stage=lead.stage, changed_at=lead.captured_at, reason=StageChange.Reason.CREATED)
            for lead in leads
        ]
    )
    return leads


def let_them_act(market: Market, leads: list[Lead]) -> list[Event]:
    """What each of them did between being captured and now."""
    events = [event for lead in leads for event in _behaviour(market, lead)]
    for event in events:
        if event.event_type == market.events["unsubscribed"]:
            Lead.objects.filter(pk=event.lead_id).update(
                do_not_email=True,
                consent=Lead.Consent.WITHDRAWN,
                consent_at=event.occurred_at,
                consent_source="Link in a mailing",
            )
    return Event.objects.bulk_create(events, batch_size=2_000)


def contact(place: Place, company: Company, name: tuple[str, str], dice: random.Random) -> LeadData:
    """How somebody of a company is reached."""
    first, last = name
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{slug(first)}.{slug(last)}@{company.domain}",
        "phone": f"+{place.code} {dice.randint(200, 989)} {dice.randint(100, 999)} {dice.randint(100, 999)}",
        "job_title": dice.choice(TITLES),
        "company": company,
        "country": place.country,
        "city": company.city,
        "language": place.language,
    }


def _person(market: Market, place: Place, company: Company, name: tuple[str, str]) -> Lead:
    dice = market.dice
    # A visitor is captured a few minutes before the first thing that counts.
    captured_at = dice.choice(market.moments[:-2]) - timedelta(seconds=dice.randint(300, 900))
    consents = dice.random() < 0.7
    reached = contact(place, company, name, dice)
    if dice.random() < NAMELESS:
        reached |= {"first_name": "", "last_name": "", "job_title": "", "phone": ""}
    source = dice.choice(SOURCES)
    return Lead(
        **reached,
        source=market.sources[source],
        campaign=market.campaigns.get(source),
        lead_type=market.lead_types["existing_customer" if dice.random() < 0.2 else "new_customer"],
        status=market.statuses["new"],
        stage=market.stages["subscriber"],
        stage_since=captured_at,
        consent=Lead.Consent.GRANTED if consents else Lead.Consent.UNKNOWN,
        consent_at=captured_at if consents else None,
        consent_source="Website form" if consents else "",
        do_not_call=dice.random() < 0.03,
        custom={"budget": dice.choice((5_000, 15_000, 25_000, 60_000))} if dice.random() < 0.6 else {},
        captured_at=captured_at,
        created_at=captured_at,
        updated_at=captured_at,
    )


def _behaviour(market: Market, lead: Lead) -> list[Event]:
    """Events in a few visits, each within the minutes before one of the market's moments."""
    dice = market.dice
    warmth = dice.choices(("cold", "warm", "hot"), (6, 4, 3))[0]
    first = bisect_left(market.moments, lead.captured_at)
    visits = _visits(dice, market.moments[first:])
    events = []
    for key, likely, most in HABITS[warmth]:
        if dice.random() > likely:
            continue
        for _ in range(dice.randint(1, most)):
            at = dice.choice(visits) - timedelta(seconds=dice.randint(2, 240))
            properties = dice.choice(DETAILS[key]) if key in DETAILS else {}
            events.append(
                Event(lead=lead, event_type=market.events[key], occurred_at=at, received_at=at, properties=properties)
            )
    return events


def _visits(dice: random.Random, moments: Sequence[datetime]) -> list[datetime]:
    """The first visit is when they were captured; some come back."""
    return [moments[0], *dice.sample(moments, min(len(moments), dice.randint(0, 4)))]
