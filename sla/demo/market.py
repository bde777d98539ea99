"""The demonstration company's market: companies, people and what they did, made up but the same every time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from leads.models import Company, Event, EventType, ExternalId, Lead, LeadStatus, LeadType, LifecycleStage, Source
from leads.models.history import StageChange

if TYPE_CHECKING:
    from datetime import datetime

SEED = 20261121
DAYS = 21

PLACES = (
    (
        "Spain",
        "Valencia",
        "es",
        ("Lucía", "Javier", "Nuria", "Íñigo"),
        ("García Romero", "Muñoz", "Etxeberria", "Vidal i Puig"),
    ),
    (
        "Poland",
        "Poznań",
        "pl",
        ("Agnieszka", "Łukasz", "Zofia", "Wojciech"),
        ("Żółkiewska", "Nowak", "Dąbrowski", "Szymańska"),
    ),
    (
        "Germany",
        "Leipzig",
        "de",
        ("Jürgen", "Anke", "Sönke", "Marlies"),
        ("Großmann", "Weiß", "von der Heide", "Müller"),
    ),
    (
        "Portugal",
        "Porto",
        "pt",
        ("Inês", "Tiago", "Leonor", "Gonçalo"),
        ("Magalhães", "Teixeira", "Brandão", "Nóbrega"),
    ),
    (
        "United Kingdom",
        "Leeds",
        "en",
        ("Imogen", "Callum", "Priya", "Oluwaseun"),
        ("Ashworth", "Patel", "Adeyemi", "Featherstonehaugh"),
    ),
    (
        "Brazil",
        "Campinas",
        "pt",
        ("Thaís", "João", "Conceição", "Raul"),
        ("Gonçalves", "Araújo", "Figueiredo", "do Nascimento"),
    ),
    (
        "United States",
        "Durham",
        "en",
        ("Madison", "Tyrone", "Guadalupe", "Wei"),
        ("Kowalczyk", "Washington", "Hernandez", "Chen"),
    ),
    ("Sweden", "Umeå", "sv", ("Åsa", "Björn", "Ebba", "Nils"), ("Sjöberg", "Öberg", "Lindqvist", "Hägg")),
)
ROOTS = (
    "Brunell",
    "Candela",
    "Dormer",
    "Estrela",
    "Fjord",
    "Galvão",
    "Hollin",
    "Isar",
    "Jarosz",
    "Kestrel",
    "Lindora",
    "Morava",
)
# what the name ends in, and the industry it belongs to
TRADES = (
    ("Pharma", "Pharmaceuticals"),
    ("Biosciences", "Biotechnology"),
    ("Foods", "Food and beverage"),
    ("Chemie", "Chemicals"),
    ("Water", "Water treatment"),
    ("Logistics", "Transport"),
    ("University", "Higher education"),
    ("Analytical and Environmental Testing Services", "Water treatment"),
)
TITLES = (
    "Head of quality control",
    "Quality manager",
    "Laboratory manager",
    "Senior laboratory technician",
    "Purchasing manager",
    "Production engineer",
    "PhD student",
    "Managing director",
)
SOURCES = ("Organic search", "Webinar", "Trade fair", "Referral", "Newsletter", "LinkedIn", "Partner")
# how likely each piece of behaviour is, and how often at most, for people who are cold, warm and hot
HABITS = {
    "cold": (("page_viewed", 0.7, 3), ("email_opened", 0.4, 2)),
    "warm": (
        ("page_viewed", 1.0, 8),
        ("email_opened", 0.8, 4),
        ("email_clicked", 0.6, 3),
        ("content_downloaded", 0.6, 2),
    ),
    "hot": (
        ("page_viewed", 1.0, 10),
        ("email_clicked", 0.9, 4),
        ("content_downloaded", 0.8, 3),
        ("webinar_attended", 0.5, 1),
        ("pricing_viewed", 0.9, 4),
        ("trial_started", 0.3, 1),
        ("demo_requested", 0.45, 1),
    ),
}


@dataclass(frozen=True, slots=True)
class Market:
    """The rows everything else refers to, and the dice."""

    dice: random.Random
    now: datetime
    stages: dict[str, LifecycleStage]
    statuses: dict[str, LeadStatus]
    events: dict[str, EventType]
    sources: dict[str, Source]
    lead_types: dict[str, LeadType]


def open_market(now: datetime) -> Market:
    return Market(
        dice=random.Random(SEED),  # noqa: S311  # made-up people, not secrets
        now=now,
        stages={one.key: one for one in LifecycleStage.objects.all()},
        statuses={one.key: one for one in LeadStatus.objects.all()},
        events={one.key: one for one in EventType.objects.all()},
        sources={name: Source.objects.get_or_create(name=name)[0] for name in SOURCES},
        lead_types={one.key: one for one in LeadType.objects.all()},
    )


def found_companies(market: Market) -> list[Company]:
    """One company per root and trade, each in a place of its own."""
    dice = market.dice
    companies = []
    for number, (root, (ending, industry)) in enumerate((root, trade) for root in ROOTS for trade in TRADES):
        country, city, *_ = PLACES[(3 * number + number // len(TRADES)) % len(PLACES)]
        companies.append(
            Company(
                name=f"{root} {ending}",
                domain=f"{root}-{ending.split()[0]}.example".lower().replace("ã", "a"),
                industry=industry,
                employees=round(dice.lognormvariate(6.3, 1.2)) + 8,
                annual_revenue=Decimal(round(dice.lognormvariate(17, 1.3))),
                country=country,
                city=city,
                technologies=dice.choice(("", "LIMS", "LIMS, SAP", "Salesforce")),
            )
        )
    return Company.objects.bulk_create(companies)


def meet_people(market: Market, companies: list[Company], count: int) -> list[Lead]:
    """Leads of those companies, captured over the last weeks, with their numbers in the old CRM."""
    leads = Lead.objects.bulk_create([_person(market, number, companies) for number in range(count)])
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
    return Event.objects.bulk_create(events, batch_size=2_000)


def _person(market: Market, number: int, companies: list[Company]) -> Lead:
    dice = market.dice
    company = companies[(number * 7) % len(companies)]
    _, _, language, first_names, last_names = next(place for place in PLACES if place[0] == company.country)
    first, last = dice.choice(first_names), dice.choice(last_names)
    captured_at = market.now - timedelta(days=dice.uniform(0.2, DAYS), minutes=number % 60)
    consents = dice.random() < 0.7
    return Lead(
        first_name=first,
        last_name=last,
        email=f"person{number + 1}@{company.domain}",
        phone=f"+{dice.randint(30, 49)} {dice.randint(100, 999)} {dice.randint(100000, 999999)}",
        job_title=dice.choice(TITLES),
        company=company,
        country=company.country,
        city=company.city,
        language=language,
        source=market.sources[dice.choice(SOURCES)],
        lead_type=market.lead_types["existing_customer" if dice.random() < 0.2 else "new_customer"],
        status=market.statuses["new"],
        stage=market.stages["subscriber"],
        stage_since=captured_at,
        consent=Lead.Consent.GRANTED if consents else Lead.Consent.UNKNOWN,
        consent_at=captured_at if consents else None,
        consent_source="Website form" if consents else "",
        custom={"budget": dice.choice((5_000, 15_000, 25_000, 60_000))} if dice.random() < 0.6 else {},
        captured_at=captured_at,
        created_at=captured_at,
        updated_at=captured_at,
    )


def _behaviour(market: Market, lead: Lead) -> list[Event]:
    dice = market.dice
    warmth = dice.choices(("cold", "warm", "hot"), (5, 3, 3))[0]
    events = []
    for key, likely, most in HABITS[warmth]:
        if dice.random() > likely:
            continue
        for _ in range(dice.randint(1, most)):
            at = lead.captured_at + (market.now - lead.captured_at) * dice.random()
            events.append(Event(lead=lead, event_type=market.events[key], occurred_at=at, received_at=at))
    return events
