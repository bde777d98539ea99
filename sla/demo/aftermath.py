"""What came of the conversations: a few leads led further, some put off or given up, and what people wrote down."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from leads.models import Lead
from leads.services.leads import LeadData, update_lead
from leads.services.notes import add_note
from leads.services.stages import move_by_hand
from sla.demo.market import SATURDAY
from sla.demo.past import happened
from sla.models import Handoff
from sla.services.attempts import log_attempt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from people.models import User
    from sla.demo.market import Market

# stage, how many, why; each is a part of the one before, so those further down came through the stages above
WON = (
    ("sal", 24, "Fits, and wants to hear more"),
    ("sql", 17, "Need and budget confirmed on the call"),
    ("opportunity", 9, "Quote for two instruments is being written"),
    ("customer", 4, "Signed"),
)
RESTED = (
    ("postponed", 4, "Budget only after the new year"),
    ("nurturing", 9, "No project yet; wants to stay informed"),
    ("disqualified", 4, "A student's project, nothing to sell"),
    ("nurturing", 12, "Three attempts without an answer"),
)
# budget, authority, need, timeline, as SDRs write them down
QUALIFIED = (
    ("About 40,000 euros, in the plan for next year", "Decides herself up to 50,000", "Audit in March", "By February"),
    ("15,000 to 20,000", "The head of the laboratory signs", "Two old titrators out of service", "This quarter"),
    ("Not yet fixed; last device cost 28,000", "Purchasing decides, she recommends", "Doubles its output", "Spring"),
    ("25,000 approved", "Decides with the quality manager", "Wants fewer repeated measurements", "As soon as possible"),
)
MET_AT_FAIR = (
    "Met at the spring fair; wants the brochure in her language.",
    "Asked at our stand how long a calibration takes. Left a card.",
    "Knows our pH meters from his last job and likes them.",
)
NOTED = (
    "Three laboratories, one decides for all. The audit in March is what drives this.",
    "Careful: had trouble with an earlier delivery (2023), still talks about it.",
    "Prefers e-mail before ten; on the line all afternoon.\nDeputy: the laboratory manager.",
    "Compares us with one other maker. Price is not the point, the service time is.",
)


def go_on(market: Market, people: dict[str, User]) -> None:
    """Follow up what was connected, up to now."""
    _try_again(market)
    connected = list(
        Lead.objects.filter(status__key="connected", handoffs__isnull=False)
        .select_related("owner")
        .order_by("updated_at", "pk")
    )
    _win(market, connected, people["ae"])
    tried = Lead.objects.filter(status__key="attempting", handoffs__isnull=False).select_related("owner")
    _rest(market, [*connected[WON[0][1] :], *tried.order_by("updated_at", "pk")])
    _write_down(market, connected, people["marketer"])


def _try_again(market: Market) -> None:
    """Who did not answer is tried a second time the next morning."""
    before = market.now - timedelta(days=1)
    silent = Handoff.objects.filter(lead__status__key="attempting", opened_at__lt=before, owner__isnull=False)
    for handoff in silent.select_related("lead", "owner").exclude(clocks__state="running").order_by("pk")[:45]:
        last = handoff.lead.attempts.latest("occurred_at").occurred_at
        at = last + timedelta(hours=22, minutes=market.dice.randint(0, 200))
        if at >= market.now or at.weekday() >= SATURDAY or handoff.owner is None:
            continue
        reached = market.dice.random() < 0.4  # two in five
        with happened(at, handoff.owner):
            log_attempt(
                lead=handoff.lead, user=handoff.owner, channel="call" if reached else "email",
                outcome="connected" if reached else "sent", occurred_at=at, now=at,
                note="" if reached else "Wrote instead of calling; attached the application note.",
            )  # fmt: skip


def _win(market: Market, leads: list[Lead], ae: User) -> None:
    """Each stage with its own moment between the first call and now; from SQL on the account executive has them."""
    for number, lead in enumerate(leads):
        reached = [(key, why) for key, count, why in WON if number < count]
        for step, (key, why) in enumerate(reached, start=1):
            at = lead.updated_at + (market.now - lead.updated_at) * (step / (len(reached) + 1))
            by = (lead.owner if key == "sal" else ae) or ae
            with happened(at, by):
                move_by_hand(lead=lead, to_stage=market.stages[key], by=by, reason=why, now=at)
                if key == "sql":
                    _qualify(market, lead, by, at)
                    _pass_on(lead, ae, at)


def _qualify(market: Market, lead: Lead, by: User, at: datetime) -> None:
    budget, authority, need, timeline = market.dice.choice(QUALIFIED)
    found = LeadData(bant_budget=budget, bant_authority=authority, bant_need=need, bant_timeline=timeline)
    update_lead(lead=lead, now=at, by=by, data=found)


def _pass_on(lead: Lead, ae: User, at: datetime) -> None:
    """The SDR's part is done."""
    Lead.objects.filter(pk=lead.pk).update(owner=ae, updated_at=at)
    Handoff.objects.open().filter(lead=lead).update(closed_at=at)


def _rest(market: Market, leads: Iterable[Lead]) -> None:
    rest = iter(leads)
    for key, count, why in RESTED:
        for _ in range(count):
            lead = next(rest, None)
            if lead is None:
                return
            at = lead.updated_at + (market.now - lead.updated_at) / 3
            with happened(at, lead.owner):
                update_lead(
                    lead=lead, now=at, by=lead.owner, data={"status": market.statuses[key], "status_reason": why}
                )
                if key != "postponed":
                    Handoff.objects.open().filter(lead=lead).update(closed_at=at)


def _write_down(market: Market, connected: list[Lead], marketer: User) -> None:
    dice = market.dice
    for lead in Lead.objects.filter(source__name="Trade fair").order_by("pk")[:14]:
        at = lead.captured_at + timedelta(minutes=dice.randint(5, 50))
        add_note(lead=lead, author=marketer, body=dice.choice(MET_AT_FAIR), now=at)
    for lead in connected[::2]:
        at = lead.updated_at + (market.now - lead.updated_at) / 20
        add_note(lead=lead, author=lead.owner or marketer, body=dice.choice(NOTED), now=at)
