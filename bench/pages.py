"""Pages: asked for in this process, signed in, with the product's middleware, beside the floor page.

A warm connection to the database is kept in both; what is measured is Baton's work, not the web server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from bench import place
from bench.db import script
from bench.registry import Effort, Result, Target, benchmark
from bench.timing import interleaved, milliseconds, seconds
from leads.models import Event, Lead, LifecycleStage, Source
from people.keyset import PAGE as PAGE_ROWS
from people.keyset import Position
from people.models import User
from sla.models import Clock
from sla.ordering import parts_of

FLOOR = "/bench/floor/"
READERS = 10
TIMES = 60
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Of any page, unless said otherwise: what a person still takes for at once.
PAGE = Target("p95", 200)
INBOX = Target("ratio", 3.0)
LIST = Target("ratio", 3.0)
SEARCH = Target("p95", 100)
# Two hundred open inboxes that ask every second and a half leave half of two cores free.
LIVE = Target("median", 7.5)

LEAD = Target("ratio", 4.0)
LEAD_EVENTS = 500
LEAD_PAGES = (
    ("lead_page", "/leads/{}/", LEAD),
    ("lead_page (from the inbox)", "/leads/{}/?from=inbox", LEAD),
    ("lead_page (from the list)", "/leads/{}/?from=view%3Dall", LEAD),
    ("lead_page (from the list by name)", "/leads/{}/?from=sort%3Dname", PAGE),
    ("lead_page (its story)", "/leads/{}/story/", PAGE),
    ("lead_page (its score)", "/leads/{}/live/?part=score", PAGE),
    ("lead_page (its company)", "/leads/{}/company/", PAGE),
    ("lead_page (all in one)", "/leads/{}/?all=1", PAGE),
)

Asking = Callable[[User], str]


def readers(role: str, count: int = READERS) -> list[User]:
    """People of a role; not one only, whose rows would soon all be in memory."""
    return list(User.objects.filter(role=role).order_by("pk")[:count])


def sign_in(user: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend=BACKEND)
    return client


def ask(client: Client, path: str) -> bytes:
    """The page; anything but 200 is no measurement."""
    response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}")
    return response.content


def against_floor(users: Sequence[User], path: Asking, times: int) -> tuple[list[float], list[float]]:
    """Seconds of a page and of the floor, in turn, for one reader after the other."""
    asking = [(sign_in(user), path(user)) for user in users]
    for client, target in asking:
        ask(client, target)
        ask(client, FLOOR)
    pages, floors = cycle(asking), cycle(asking)
    taken, floor = interleaved(times, lambda: ask(*next(pages)), lambda: ask(next(floors)[0], FLOOR))
    return taken, floor


def page(name: str, users: Sequence[User], path: Asking, effort: Effort, target: Target = PAGE) -> Result:
    taken, floor = against_floor(users[: effort.times(READERS)], path, effort.times(TIMES))
    return milliseconds(name, Lead.objects.count(), taken, floor, target)


@benchmark("inbox")
def inbox(effort: Effort) -> Iterable[Result]:
    """The SDR's inbox with five hundred running clocks each, and the same with ten thousand leads in all."""
    yield page("inbox", readers("sdr"), lambda _user: "/inbox/", effort, INBOX)
    yield grown(effort)


def grown(effort: Effort) -> Result:
    """How much the inbox grows with the database: blocks of requests in the large and in the small one, in turn."""
    rows, large, small = Lead.objects.count(), [], []
    for _ in range(effort.times(4)):
        large += block(effort)
        with place.database(place.small_name()):
            small += block(effort)
    return milliseconds("inbox vs 10 k leads", rows, large, small, Target("ratio", 1.3))


def block(effort: Effort) -> list[float]:
    clients = [sign_in(user) for user in readers("sdr", 2)]
    for client in clients:
        ask(client, "/inbox/")
    return [seconds(lambda client=client: ask(client, "/inbox/")) for client in clients * effort.times(12)]  # type: ignore[misc]  # mypy cannot infer a lambda with a default


@benchmark("inbox_live")
def inbox_live(effort: Effort) -> Iterable[Result]:
    """What every open inbox asks every second and a half, when nothing has changed: the answer 304."""
    signed_in = [sign_in(user) for user in readers("sdr", effort.times(READERS))]
    tags = [client.get("/inbox/live/").headers["ETag"] for client in signed_in]
    clients = cycle(list(zip(signed_in, tags, strict=True)))
    floors = cycle(signed_in)

    def unchanged() -> None:
        client, tag = next(clients)
        answer = client.get("/inbox/live/", headers={"If-None-Match": tag})
        if answer.status_code != 304:
            raise RuntimeError(f"/inbox/live/ answered {answer.status_code}")

    taken, floor = interleaved(effort.times(TIMES), unchanged, lambda: ask(next(floors), FLOOR))
    yield milliseconds("inbox_live", Clock.objects.running().count(), taken, floor, LIVE)


@benchmark("lead_page")
def lead_page(effort: Effort) -> Iterable[Result]:
    """A lead with exactly five hundred events, one in the hands of each rep; then what its page asks for afterwards."""
    results = []
    with transaction.atomic():
        users = readers("sdr", effort.times(READERS))
        leads = {user.pk: filled_lead(user) for user in users}
        for name, address, target in LEAD_PAGES:
            path: Asking = lambda user, address=address: address.format(leads[user.pk])  # type: ignore[misc]  # noqa: E731 - said once; mypy cannot infer a lambda with a default
            results.append(page(name, users, path, effort, target))
        transaction.set_rollback(True)
    return results


def filled_lead(user: User) -> int:
    """The busiest lead on which a clock of this rep runs, with as many events as it takes or without those too many."""
    mine = Lead.objects.filter(owner=user, clocks__state="running")[:200].values("pk")
    lead = Lead.objects.filter(pk__in=mine).annotate(n=Count("events")).order_by("-n").values_list("pk", flat=True)[0]
    script("fill_lead", {"lead": lead, "events": LEAD_EVENTS, "now": timezone.now()})
    if (found := Event.objects.filter(lead=lead).count()) != LEAD_EVENTS:
        raise RuntimeError(f"lead {lead} has {found} events")
    return lead


@benchmark("lead_list")
def lead_list(effort: Effort) -> Iterable[Result]:
    """The newest leads: for a rep (the team's), a manager (several owners), a marketer (all), narrowed and ordered."""
    for role in ("sdr", "manager", "marketer"):
        yield page(f"lead_list ({role})", readers(role), lambda _user: "/leads/", effort, LIST)
    marketers = readers("marketer")
    mql, fair = LifecycleStage.objects.get(key="mql").pk, Source.objects.order_by("pk").values_list("pk", flat=True)[2]
    for name, query in {
        "filtered": f"stage={mql}&source={fair}&score_from=40",
        "by score": "sort=-score",
        "by name": "sort=name",
        "by stage": "sort=stage",
    }.items():
        yield page(f"lead_list ({name})", marketers, lambda _user, query=query: f"/leads/?{query}", effort, LIST)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    yield page("lead_list (page 1,000)", marketers, lambda _user: f"/leads/{thousandth('')}", effort, LIST)
    by_score = thousandth("-score")
    yield page("lead_list (by score, page 1,000)", marketers, lambda _user: f"/leads/{by_score}", effort, LIST)


def thousandth(sort: str) -> str:
    """The address of the thousandth page of all leads; of the last where there are fewer."""
    order = parts_of(sort)
    keys = [part.key for part in order]
    before = min(PAGE_ROWS * 999, Lead.objects.count()) - 1
    row = order[0].rows(Lead.objects.values("pk", *keys), None, back=False)[before]
    position = Position(0, row["pk"], row[order[0].key]).text(order)
    return f"?{urlencode({'sort': sort, 'after': position})}"


@benchmark("lead_search")
def lead_search(effort: Effort) -> Iterable[Result]:
    """What is asked at every pause while somebody types: beginnings that few leads have and many, one word and two."""
    for name, typed in {
        "one letter": ["k", "a", "s", "m"],
        "usual": ["kowal", "garc", "nordic", "an"],
        "rare": ["person12345", "company1234", "person777777@", "482204512"],
        "two words": ["anna kowal", "wojcik blue", "zoe 2999", "olga zielinska"],
        "nothing": ["zzz", "qqq anna"],
    }.items():
        yield from typing(name, typed, effort, LIST, SEARCH)
    # A beginning that a hundred thousand leads share and none of the newest has: all of them are read from the index.
    yield from typing("many, none of them new", ["person1", "person12", "person1 nordic"], effort, SEARCH)


def typing(name: str, typed: Sequence[str], effort: Effort, *targets: Target) -> Iterable[Result]:
    """The results alone, as htmx asks for them."""
    clients = [sign_in(user) for user in readers("marketer", effort.times(READERS))]
    pairs = cycle([(client, text) for text in typed for client in clients])
    floors = cycle(clients)

    def search() -> None:
        client, text = next(pairs)
        headers = {"HX-Request": "true", "HX-Target": "lead-results"}
        answer = client.get("/leads/", {"q": text, "view": "all"}, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"the search for {text} answered {answer.status_code}")

    for _ in range(effort.times(len(typed) * 2)):
        search()
        ask(clients[0], FLOOR)
    taken, floor = interleaved(effort.times(TIMES), search, lambda: ask(next(floors), FLOOR))
    for target in targets:
        yield milliseconds(f"lead_search ({name})", Lead.objects.count(), taken, floor, target)


@benchmark("board")
def board(effort: Effort) -> Iterable[Result]:
    """The SLA board: for a manager of one team, and for an executive, who sees all of the open clocks."""
    for role in ("manager", "executive"):
        yield page(f"board ({role})", readers(role), lambda _user: "/board/", effort)


@benchmark("notices")
def notices(effort: Effort) -> Iterable[Result]:
    """The messages sent: for a rep (their own), and for an executive (all)."""
    for role in ("sdr", "executive"):
        yield page(f"notices ({role})", readers(role), lambda _user: "/notices/", effort)
