"""What the two teams of the demonstration company agreed on: profile, personas, scoring, routing, promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any

from leads.models import CustomField, EventType, LeadStatus, LifecycleStage
from leads.services.lists import forbid_moves
from leads.services.reasons import Reason, save_reasons
from people.models import Team
from scoring.models import Icp, IcpCriterion, Persona, Rule, ScoringModel, Threshold
from scoring.services.publish import publish, start_draft
from sla.defaults import COUNTED_CHANNELS, COUNTED_OUTCOMES
from sla.models import PolicyVersion, RoutingRule
from sla.services.calendars_edit import CalendarTerms, save_calendar
from sla.services.policies import LevelTerms, PolicyTerms, save_policy

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User

DEMONSTRATION_SOURCE = "Trade fair (demonstration)"
CHAT_SOURCE = "Website chat"
EUROPE = ["Spain", "Portugal", "Germany", "Poland", "Ireland", "United Kingdom", "France", "Italy", "Sweden"]

# name, conditions, points; no points: ruled out
ICP_CRITERIA: tuple[tuple[str, list[dict[str, Any]], int], ...] = (
    (
        "Works in a laboratory industry",
        [
            {
                "field": "company.industry",
                "op": "in",
                "value": ["Pharmaceuticals", "Biotechnology", "Food and beverage", "Chemicals", "Water treatment"],
            }
        ],
        15,
    ),
    ("Mid-sized: 200 to 5,000 people", [{"field": "company.employees", "op": "between", "value": [200, 5000]}], 10),
    ("Large: over 5,000 people", [{"field": "company.employees", "op": "gt", "value": 5000}], 5),
    (
        "In a country we deliver to",
        [{"field": "company.country", "op": "in", "value": [*EUROPE, "Brazil", "United States"]}],
        5,
    ),
    (
        "A university: buys by public tender",
        [{"field": "company.industry", "op": "is", "value": "Higher education"}],
        0,
    ),
)

# What statuses that need a reason offer; the words of the past are among them.
REASONS = {
    "postponed": ("Budget only after the new year", "Waits for an audit", "On leave"),
    "returned": ("Still comparing makers", "Wrong person, colleague unknown", "No answer after five attempts"),
    "disqualified": ("A student's project, nothing to sell", "Works at a competitor", "Outside of where we deliver"),
}
FORBIDDEN = (("customer", "subscriber"), ("customer", "lead"), ("opportunity", "subscriber"))

# What moves a lead at once, and what it is worth beside: the rules' names, event, points.
ACTS = (
    ("Demo request", "Asked for a demo", "demo_requested", 25),
    ("Call-back request", "Asked to be called", "contact_requested", 15),
)
# What the columns are: name, part of the score, event, points, window in days, half-life in days, cap.
BEHAVIOUR: tuple[tuple[str, str, str, int, int | None, int | None, int | None], ...] = (
    ("Viewed a page", "engagement", "page_viewed", 1, None, 14, 10),
    ("Opened an e-mail", "engagement", "email_opened", 1, None, 14, 5),
    ("Clicked a link in an e-mail", "engagement", "email_clicked", 3, None, 21, 12),
    ("Downloaded content", "engagement", "content_downloaded", 6, 60, None, 18),
    ("Attended a webinar", "engagement", "webinar_attended", 10, 90, None, 20),
    ("Looked at prices", "intent", "pricing_viewed", 8, None, 7, 24),
    ("Started a trial", "intent", "trial_started", 20, 30, None, None),
    ("Unsubscribed", "engagement", "unsubscribed", -20, None, None, 20),
)
FIT: tuple[tuple[str, list[dict[str, Any]], int], ...] = (
    ("Budget of at least 20,000", [{"field": "custom.budget", "op": "gte", "value": 20000}], 10),
    ("Student", [{"field": "job_title", "op": "contains", "value": "student"}], -15),
)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise in wall time for leads of one source; the ladder is seconds after the due time, and who hears."""

    name: str
    source: str
    seconds: int
    warn: int
    ladder: tuple[tuple[int, tuple[str, ...]], ...]


# Two that run at any hour of any day, so that there is something to watch on a Sunday night as well. The first one's
# whole ladder is climbed within a minute and a half.
PROMISES = (
    Promise(
        "Demonstration: first touch at any hour",
        DEMONSTRATION_SOURCE,
        seconds=30,
        warn=25,
        ladder=((0, ("owner",)), (30, ("owner", "manager")), (60, ("executives",))),
    ),
    Promise(
        "Website chat: answered day and night",
        CHAT_SOURCE,
        seconds=15 * 60,
        warn=5 * 60,
        ladder=((0, ("owner",)), (15 * 60, ("owner", "manager")), (60 * 60, ("executives",))),
    ),
)


def sign_agreement(*, marketer: User, manager: User, now: datetime) -> ScoringModel:
    """Write it all down and publish the scoring model as of ``now``."""
    CustomField.objects.create(key="budget", name="Budget (EUR)", kind=CustomField.Kind.MONEY)
    CustomField.objects.create(
        key="application",
        name="Application",
        kind=CustomField.Kind.CHOICE,
        choices=["Quality control", "Research", "Teaching"],
    )
    _keep_lists(now)
    _write_profile(marketer)
    _write_personas()
    _write_routing()
    _keep_hours(now)
    for position, promise in enumerate(PROMISES, start=1):
        _promise(promise, manager, now, position * 10)
    model = start_draft(by=marketer, now=now)
    model.comment, model.created_at = "First agreement of marketing and sales.", now
    model.save(update_fields=["comment", "created_at"])
    for profile in (Icp, Persona):
        profile.objects.update(updated_at=now)
    _write_rules(model)
    return publish(model=model, by=marketer, now=now)


def _keep_lists(now: datetime) -> None:
    """The reasons that statuses offer, and the moves that nobody makes: who bought is no newcomer again."""
    for key, reasons in REASONS.items():
        save_reasons(status=LeadStatus.objects.get(key=key), reasons=[Reason(text) for text in reasons])
    stages = dict(LifecycleStage.objects.values_list("key", "pk"))
    forbidden = [(stages[start], stages[end]) for start, end in FORBIDDEN]
    forbid_moves(forbidden=forbidden, among=stages.values(), now=now)


def _write_profile(marketer: User) -> None:
    icp = Icp.objects.create(
        name="Mid-sized laboratory",
        owner=marketer,
        narrative="A company with a laboratory of its own that tests every batch it sells. Its quality manager answers "
        "for late results, so an instrument that fails costs a delivery. They buy again "
        "when service comes within two days.",
    )
    for position, (name, conditions, points) in enumerate(ICP_CRITERIA, start=1):
        IcpCriterion.objects.create(
            icp=icp, position=position, name=name, conditions=conditions, points=points, excludes=points == 0
        )


def _write_personas() -> None:
    Persona.objects.create(
        name="Quality Queen Quirina",
        job_title="Head of quality control",
        buying_role=Persona.BuyingRole.DECISION_MAKER,
        position=1,
        points=10,
        biography="Studied chemistry in Gdańsk; fifteen years in laboratories, five leading one. Signs every release.",
        demographics="40 to 55, leads a team of eight to twenty.",
        behaviour="Reads application notes to the end. Compares service contracts before prices.",
        interests="Audits without findings; colleagues who stay.",
        needs="Results she can sign without looking twice.",
        pain_points="Instruments that drift between calibrations; service that comes next week.",
        conditions=[{"field": "job_title", "op": "contains", "value": "quality"}],
    )
    Persona.objects.create(
        name="Lab Lead Leandro",
        job_title="Laboratory manager",
        buying_role=Persona.BuyingRole.INFLUENCER,
        position=2,
        points=6,
        biography="Runs the laboratory day by day and is asked before anything is bought for it.",
        demographics="30 to 45, from the bench to the desk.",
        behaviour="Watches webinars at 1.5 ×, asks in forums, wants to try before he believes.",
        interests="Automation; fewer night shifts.",
        needs="An instrument that a new colleague learns in a morning.",
        pain_points="Samples that wait; software from another decade.",
        conditions=[{"field": "job_title", "op": "contains", "value": "laborator"}],
    )
    Persona.objects.create(
        name="Purchasing Paco",
        job_title="Purchasing",
        buying_role=Persona.BuyingRole.USER,
        position=3,
        points=2,
        biography="Turns what the laboratory wants into an order, and three offers into one.",
        needs="Offers that can be compared line by line.",
        pain_points="Prices on request.",
        conditions=[{"field": "job_title", "op": "contains", "value": "purchas"}],
    )


def _write_rules(model: ScoringModel) -> None:
    events = {one.key: one for one in EventType.objects.all()}
    stages = {one.key: one for one in LifecycleStage.objects.all()}
    rules = [
        Rule(model=model, name=name, part="fit", conditions=conditions, points=points)
        for name, conditions, points in FIT
    ]
    rules += [
        Rule(
            model=model,
            name=name,
            part=part,
            event_type=events[key],
            points=points,
            window_days=window,
            half_life_days=half_life,
            cap=cap,
        )
        for name, part, key, points, window, half_life, cap in BEHAVIOUR
    ]
    # Decisive acts move the stage whatever the score; that they give points too makes a hand-off say so.
    rules += [
        Rule(model=model, name=name, part="intent", event_type=events[key], points=points, window_days=30, cap=points)
        for _decisive, name, key, points in ACTS
    ]
    rules += [
        Rule(
            model=model,
            name=name,
            effect="decisive",
            event_type=events[key],
            target_stage=stages["mql"],
            window_days=30,
        )
        for name, _points_rule, key, _points in ACTS
    ]
    rules.append(
        Rule(
            model=model,
            name="Works at a competitor",
            effect="exclusion",
            conditions=[{"field": "email_domain", "op": "in", "value": ["lumenlab.example", "quantasys.example"]}],
        )
    )
    for position, rule in enumerate(rules, start=1):
        rule.position = position * 10
    Rule.objects.bulk_create(rules)
    Threshold.objects.create(model=model, stage=stages["lead"], min_total=10)
    Threshold.objects.create(model=model, stage=stages["mql"], min_total=50, min_fit=15)


def _write_routing() -> None:
    mql = LifecycleStage.objects.get(key="mql")
    americas = [{"field": "country", "op": "in", "value": ["Brazil", "United States", "Canada", "Mexico"]}]
    for position, (name, conditions) in enumerate(
        (("Inside sales Americas", americas), ("Inside sales Europe", [])), start=1
    ):
        RoutingRule.objects.create(
            position=position * 10,
            name=f"Qualified leads to {name}",
            stage=mql,
            conditions=conditions,
            team=Team.objects.get(name=name),
        )


def _keep_hours(now: datetime) -> None:
    """The Americas close for lunch, and on the holidays of São Paulo; Europe keeps the default hours."""
    halves = ((time(8), time(12)), (time(13), time(17)))
    closed = [
        (date(year, month, day), name)
        for year in (now.year, now.year + 1)
        for month, day, name in ((1, 1, "New Year"), (9, 7, "Independence Day"), (12, 25, "Christmas"))
    ]
    terms = CalendarTerms(
        name="Americas, closed for lunch",
        spans=[(weekday, opens, closes) for weekday in range(5) for opens, closes in halves],
        closed=closed,
        teams=[Team.objects.get(name="Inside sales Americas")],
    )
    save_calendar(calendar=None, terms=terms)


def _promise(promise: Promise, manager: User, now: datetime, position: int) -> None:
    terms = PolicyTerms(
        name=promise.name,
        position=position,
        conditions=[{"field": "source", "op": "is", "value": promise.source}],
        time_kind=PolicyVersion.TimeKind.WALL,
        duration_seconds=promise.seconds,
        warn_seconds=promise.warn,
        levels=[LevelTerms(offset, recipients) for offset, recipients in promise.ladder],
        channels=COUNTED_CHANNELS,
        outcomes=COUNTED_OUTCOMES,
    )
    save_policy(policy=None, terms=terms, by=manager, now=now)
