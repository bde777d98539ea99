"""The company's website: two forms, the tracking snippet, and who came by, known or not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from leads.capture.editing import Asked, save_form
from leads.capture.submit import Sent, submit
from leads.capture.tokens import Ticket
from leads.capture.touch import Touch
from leads.models import CaptureForm, Event, EventType, Source, TrackedSite
from leads.models.capture import ALPHABET, KEY_LENGTH
from leads.tracking.collect import Batch, Hit, collect
from sla.demo.market import SEED
from sla.demo.past import happened
from sla.demo.places import PLACES, domain, slug

if TYPE_CHECKING:
    from datetime import datetime

    from leads.models import Lead
    from people.models import User
    from sla.demo.market import Market

SITE = "https://www.meridian-instruments.example"
REQUESTS = 12  # of those who asked for a demo, so many whose form was kept
PASSERS_BY = 16
CONSENT = "Meridian Instruments may write to me about its instruments. I can take this back at any time."
DEMO_QUESTIONS = (
    Asked("email", required=True),
    Asked("first_name", required=True),
    Asked("last_name", required=True),
    Asked("company.name", required=True),
    Asked("phone", help_text="So that we can call you back within five minutes."),
    Asked("job_title", progressive=True),
    Asked("custom.application", label="What do you measure for?", progressive=True),
    Asked("bant_timeline", label="When would you need it?", progressive=True),
    Asked("bant_need", label="What should be better than today?", progressive=True),
    Asked("message", label="Anything we should know before we call?"),
)
BROCHURE_QUESTIONS = (
    Asked("email", required=True),
    Asked("first_name", required=True),
    Asked("last_name", progressive=True),
    Asked("company.name", progressive=True),
    Asked("job_title", progressive=True),
    Asked("country", progressive=True),
)
MESSAGES = (
    "",
    "We replace two titrators this year.",
    "Please in the morning, I am in the laboratory after eleven.",
    "Can we bring our own samples?",
)
TIMELINES = ("Before the audit in March", "This quarter", "Not fixed yet")
# First name, last name, country, days ago, how the link was marked: they were nobody's leads before.
READERS: tuple[tuple[str, str, str, int, dict[str, str]], ...] = (
    ("Hedda", "Lindqvist", "Sweden", 16, {"utm_source": "LinkedIn", "utm_campaign": "MX-4 launch"}),
    ("Joaquim", "Sampaio", "Portugal", 12, {"utm_source": "Newsletter", "utm_campaign": "Autumn newsletter"}),
    ("Wiebke", "Harms", "Germany", 8, {"utm_source": "LinkedIn", "utm_campaign": "MX-4 launch"}),
    ("Ronan", "Gallagher", "United Kingdom", 5, {}),
)
PAGES = ("/", "/instruments/karl-fischer-titrator", "/instruments/ph-meters", "/service", "/applications")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who sends a form; ``number`` is that of their browser, where they were seen before."""

    at: datetime
    form: CaptureForm
    answers: dict[str, Any]
    touch: Touch
    number: int
    lead: Lead | None = None


@dataclass
class Website:
    """What there is, and the visits that are still to come, the last one first."""

    site: TrackedSite
    demo: CaptureForm
    brochure: CaptureForm
    events: dict[str, EventType]
    dice: random.Random
    visits: list[Visit] = field(default_factory=list)


def build_website(*, marketer: User, now: datetime) -> Website:
    """Two forms and a tracked site; their public keys are the same in every demonstration."""
    dice = random.Random(SEED + 1)  # noqa: S311  # made-up people, not secrets
    events = {one.key: one for one in EventType.objects.all()}
    site = TrackedSite(name="Website", origins=[SITE], key=_key(dice), created_by=marketer, created_at=now)
    site.save()
    site.event_types.set([events[key] for key in ("page_viewed", "pricing_viewed", "content_downloaded")])
    demo = CaptureForm(
        name="Request a demo", key=_key(dice), title="See the MX-4 at work", button_label="Ask for a demo",
        intro="Half an hour, with your own question. We call back within five minutes of working time.",
        thanks="Thank you. One of us calls you in a moment.", event_type=events["demo_requested"],
        consent_mode=CaptureForm.Consent.OPTIONAL, consent_text=CONSENT, ask_at_once=2, allowed_sites=[SITE],
    )  # fmt: skip
    brochure = CaptureForm(
        name="Brochure", key=_key(dice), title="Calibration without downtime: the guide", button_label="Send it to me",
        intro="Forty pages from our application laboratory.", thanks="It is on its way to your mailbox.",
        event_type=events["content_downloaded"], consent_mode=CaptureForm.Consent.REQUIRED, consent_text=CONSENT,
        ask_at_once=2, allowed_sites=[SITE], source=Source.objects.get_or_create(name="Organic search")[0],
    )  # fmt: skip
    save_form(form=demo, questions=DEMO_QUESTIONS, by=marketer, now=now)
    save_form(form=brochure, questions=BROCHURE_QUESTIONS, by=marketer, now=now)
    return Website(site, demo, brochure, events, dice)


def _key(dice: random.Random) -> str:
    return "".join(dice.choice(ALPHABET) for _position in range(KEY_LENGTH))


def expect_visits(website: Website, market: Market, events: list[Event]) -> list[Event]:
    """Who will send a form, and when: some demo requests of the story come by it, so their events are left to it."""
    asked = [event for event in events if event.event_type == market.events["demo_requested"] and event.lead.first_name]
    by_form = sorted(asked, key=lambda event: event.occurred_at)[::-3][:REQUESTS]
    Event.objects.filter(pk__in=[event.pk for event in by_form]).delete()
    visits = [_request(website, event, number) for number, event in enumerate(by_form)]
    visits += _readers(website, market)
    website.visits = sorted(visits, key=lambda visit: visit.at, reverse=True)
    _pass_by(website, market)
    return [event for event in events if event not in by_form]


def _request(website: Website, event: Event, number: int) -> Visit:
    lead, dice = event.lead, website.dice
    answers = {"email": lead.email, "first_name": lead.first_name, "last_name": lead.last_name}
    answers |= {"phone": lead.phone, "bant_timeline": dice.choice(TIMELINES), "message": dice.choice(MESSAGES)}
    if lead.company is not None:
        answers["company.name"] = lead.company.name
    touch = Touch(page=f"{SITE}/demo", referrer=f"{SITE}/instruments/karl-fischer-titrator")
    return Visit(event.occurred_at, website.demo, _said(answers), touch, number, lead)


def _readers(website: Website, market: Market) -> list[Visit]:
    """People who send for the guide; the first of them comes back and is asked what was not known yet."""
    visits = []
    for number, (first, last, country, days, utm) in enumerate(READERS, start=100):
        place = next(place for place in PLACES if place.country == country)
        company = place.companies[2][0]
        answers = {"email": f"{slug(first)}.{slug(last)}@{domain(company)}", "first_name": first}
        at = market.now - timedelta(days=days, minutes=website.dice.randint(0, 300))
        touch = Touch(page=f"{SITE}/guide", referrer="https://www.linkedin.com/" if utm else "", utm=dict(utm))
        more = {"last_name": last, "company.name": company}
        visits.append(Visit(at, website.brochure, answers | more, touch, number))
        if number == 100:
            later = answers | {"job_title": "Quality manager", "country": country}
            visits.append(Visit(at + timedelta(days=6), website.brochure, later, Touch(page=f"{SITE}/guide"), number))
    return visits


def _said(answers: dict[str, Any]) -> dict[str, Any]:
    return {what: value for what, value in answers.items() if value}


def receive_visits(website: Website, until: datetime) -> set[int]:
    """Those who send a form up to a moment; returns whose leads they are."""
    met = set()
    while website.visits and website.visits[-1].at <= until:
        visit = website.visits.pop()
        with happened(visit.at):
            if visit.number % 2 == 0:
                _browse(website, visit.number, visit.at - timedelta(minutes=6), count=3)
            met.add(_send(website, visit))
    return met


def _send(website: Website, visit: Visit) -> int:
    form = visit.form
    ticket = Ticket(
        form=form.key, shown_at=visit.at - timedelta(seconds=50), asked=(), consent_text=form.consent_text,
        consent_version=form.consent_version, number=f"visit-{visit.number}-{visit.at:%j}",
    )  # fmt: skip
    consents = form == website.brochure or website.dice.random() < 0.7
    browser = _browser(visit.number) if visit.number % 2 == 0 else None
    sent = Sent(form, ticket, visit.answers, consents, browser, visit.lead, visit.touch)
    return submit(sent=sent, now=visit.at).lead_id


def _pass_by(website: Website, market: Market) -> None:
    """People whom nobody knows: a page or four, now and then on several days."""
    for number in range(1_000, 1_000 + PASSERS_BY):
        for at in sorted(website.dice.sample(market.moments[:-1], website.dice.randint(1, 2))):
            _browse(website, number, at, count=website.dice.randint(1, 4))


def _browse(website: Website, number: int, at: datetime, count: int) -> None:
    """Pages, prices among them, and once an event that the site may not send."""
    dice = website.dice
    names = ["page_viewed"] * (count - 1) + [dice.choice(("page_viewed", "pricing_viewed"))]
    names += ["chat_opened"] if dice.random() < 0.2 else []
    hits = tuple(
        Hit(f"{at:%j%H}-{place}", name, timedelta(seconds=40 * (len(names) - place)), {"page": _page(dice, name)})
        for place, name in enumerate(names)
    )
    batch = Batch(website.site.key, _browser(number), dice.random() < 0.6, hits)
    allowed = {one.key: one for one in website.events.values() if one.key in ("page_viewed", "pricing_viewed")}
    collect(batch=batch, site=website.site, allowed=allowed, now=at)


def _page(dice: random.Random, name: str) -> str:
    return SITE + ("/prices" if name == "pricing_viewed" else dice.choice(PAGES))


def _browser(number: int) -> UUID:
    return UUID(int=(SEED << 64) + number)
