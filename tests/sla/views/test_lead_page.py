"""The lead page: who may see it, what it tells, in pages, with the same number of queries."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pghistory
import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Attempt, CustomField, Event, ExternalId, LeadStatus, Note
from scoring.models import LeadScore, ScoringModel
from sla.models import Clock
from sla.services.attempts import log_attempt
from tests.work import build_handoff, build_notice, build_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from leads.models import EventType, Lead
    from people.models import User
    from tests.cast import MakeLead

NOW = timezone.now().replace(microsecond=0)


def page(client: Client, lead: Lead, **query: str) -> Any:
    """With everything in it, as for a browser without scripts."""
    return client.get(reverse("lead-detail", args=[lead.pk]), {"all": "1", **query})


def titles(response: Any) -> list[str]:
    return [item.title for item in response.context["story"].items]


def test_who_may_see_a_lead(client: Client, everybody: dict[str, User], make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=everybody["sdr"])
    for role, user in everybody.items():
        client.force_login(user)
        assert page(client, lead).status_code == (404 if role == "other_team_sdr" else 200), role
    assert client.get(reverse("lead-detail", args=[10**9])).status_code == 404


def test_tells_who_it_is(client: Client, owner: User, make_lead: MakeLead) -> None:
    CustomField.objects.create(key="budget", name="Yearly budget", kind="number")
    lead = make_lead(
        "mql", owner=owner, phone="+48 1", company="Acme", custom={"budget": 1200, "gone": 1}, do_not_email=True
    )
    ExternalId.objects.create(lead=lead, system="crm", value="C-77")
    client.force_login(owner)
    text = page(client, lead).content.decode()
    for expected in (
        "Acme",
        "tel:+481",
        "Yearly budget",
        "1,200",
        "Number in crm",
        "C-77",
        "Do not e-mail",
        "Inside sales",
    ):
        assert expected in text


def test_offers_each_role_what_it_may_do(client: Client, everybody: dict[str, User], make_lead: MakeLead) -> None:
    clock = build_work(make_lead("mql"), everybody["sdr"], due_at=NOW)
    offers = {
        "sdr": (True, True, False),
        "colleague": (False, True, False),
        "manager": (True, True, True),
        "marketer": (False, True, False),
        "executive": (False, False, False),
        "administrator": (False, False, True),
    }
    for role, expected in offers.items():
        client.force_login(everybody[role])
        context = page(client, clock.lead).context
        found = (bool(context["channels"]), bool(context["note_form"]), bool(context["reassign_form"]))
        assert found == expected, role


def test_tells_the_whole_story_newest_first(
    client: Client, owner: User, manager: User, make_lead: MakeLead, event_type: Callable[[str], EventType]
) -> None:
    lead = make_lead("mql")
    Event.objects.create(lead=lead, event_type=event_type("demo_requested"), occurred_at=NOW - timedelta(hours=3))
    clock = build_work(lead, owner, due_at=NOW - timedelta(hours=2))
    build_notice(clock, owner)
    log_attempt(
        lead=lead, user=owner, channel="call", outcome="connected", occurred_at=NOW - timedelta(hours=1), now=NOW
    )
    Note.objects.create(lead=lead, author=manager, body="Well done", created_at=NOW - timedelta(minutes=5))
    client.force_login(owner)
    response = page(client, lead)
    told = [title for title in titles(response) if title != "Changed"]
    assert told == [
        "Owner: nobody → Olga Owner",
        "Note",
        "Clock stopped late: First touch",
        "Call: connected",
        "Level 1 of “First touch” fired: owner",
        "Handed off to Olga Owner, Inside sales",
        "Stage: Marketing qualified lead (MQL)",
        "Demo requested",
    ]
    assert "Olga Owner – sent" in response.content.decode()


def test_tells_what_was_changed_from_what_to_what_and_by_whom(
    client: Client, owner: User, colleague: User, manager: User, make_lead: MakeLead
) -> None:
    lead = make_lead("mql", owner=owner)
    with pghistory.context(user=manager.pk):
        lead.owner = colleague
        lead.save()
    lead.status = LeadStatus.objects.get(key="connected")
    lead.phone = "+48 22"
    lead.save()
    client.force_login(manager)
    second, first = page(client, lead, kind="changes").context["story"].items
    assert (first.title, first.lines) == ("Owner: Olga Owner → Carl Colleague", ())
    assert first.who == "Max Manager"
    assert second.lines == ("Phone: – → +48 22", "Status: New → Connected")


def test_changes_compare_with_the_newer_one_across_pages(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("lead", owner=owner, phone="0")
    for number in range(1, 61):
        lead.phone = str(number)
        lead.save()
    client.force_login(owner)
    first = page(client, lead, kind="changes")
    second = client.get(reverse("lead-detail", args=[lead.pk]) + first.context["next_url"])
    lines = [item.lines[0] for one in (first, second) for item in one.context["story"].items]
    assert lines == [f"Phone: {number - 1} → {number}" for number in range(60, 0, -1)]


def test_pages_lose_and_repeat_nothing_even_within_one_moment(
    client: Client, owner: User, make_lead: MakeLead, event_type: Callable[[str], EventType]
) -> None:
    lead = make_lead("lead", owner=owner)
    for number in range(60):
        Event.objects.create(
            lead=lead, event_type=event_type("page_viewed"), occurred_at=NOW, properties={"n": f"e{number}"}
        )
        Note.objects.create(lead=lead, author=owner, body=f"n{number}", created_at=NOW)
    client.force_login(owner)
    seen: list[str] = []
    url = reverse("lead-story", args=[lead.pk])
    address = url
    while address:
        response = client.get(address)
        seen += [item.text or item.lines[0] for item in response.context["story"].items]
        address = url + response.context["next_url"] if response.context["next_url"] else ""
    assert sorted(seen) == sorted([f"n: e{number}" for number in range(60)] + [f"n{number}" for number in range(60)])


@pytest.mark.parametrize("position", ["x", "a~b~c", "2026-01-01T00:00:00~1~1", f"2026-01-01T00:00:00+00:00~1~{10**30}"])
def test_refuses_a_page_that_is_none(client: Client, owner: User, make_lead: MakeLead, position: str) -> None:
    client.force_login(owner)
    assert page(client, make_lead("lead", owner=owner), after=position).status_code == 400


def test_asks_as_many_queries_for_a_short_story_as_for_a_long_one(
    client: Client,
    owner: User,
    make_lead: MakeLead,
    event_type: Callable[[str], EventType],
    django_assert_num_queries: Any,
) -> None:
    client.force_login(owner)

    def filled(times: int) -> Lead:
        lead = make_lead("mql", company=f"Company {times}")
        clock = build_work(lead, owner, due_at=NOW)
        build_notice(clock, owner)
        for number in range(times):
            at = NOW - timedelta(minutes=number)
            Event.objects.create(lead=lead, event_type=event_type("page_viewed"), occurred_at=at)
            Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=at)
            Note.objects.create(lead=lead, author=owner, body="x", created_at=at)
        return lead

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for times in (1, 30):
        lead = filled(times)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert page(client, lead).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 40


def test_the_page_itself_asks_little_and_leaves_the_rest_for_a_moment_later(
    client: Client, owner: User, make_lead: MakeLead, django_assert_max_num_queries: Any
) -> None:
    clock = build_work(make_lead("mql", company="Acme", source="Fair"), owner, due_at=NOW)
    client.force_login(owner)
    with django_assert_max_num_queries(8):
        text = client.get(reverse("lead-detail", args=[clock.lead_id])).content.decode()
    for later in ("lead-story", "lead-company"):
        assert f'hx-get="{reverse(later, args=[clock.lead_id])}' in text
        assert "<html" not in client.get(reverse(later, args=[clock.lead_id])).content.decode()


def test_adds_a_note(client: Client, marketer: User, make_lead: MakeLead) -> None:
    lead = make_lead("lead")
    client.force_login(marketer)
    url = reverse("note-create", args=[lead.pk])
    assert client.post(url, {"body": "Met at the fair"}).headers["Location"] == reverse("lead-detail", args=[lead.pk])
    assert (Note.objects.get().body, Note.objects.get().author) == ("Met at the fair", marketer)


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 10001, "nul\x00"])
def test_refuses_a_note_that_says_nothing(client: Client, owner: User, make_lead: MakeLead, body: str) -> None:
    lead = make_lead("lead", owner=owner)
    client.force_login(owner)
    assert client.post(reverse("note-create", args=[lead.pk]), {"body": body}).status_code == 422
    assert not Note.objects.exists()


def test_a_note_on_a_lead_one_cannot_see_is_not_found(
    client: Client, owner: User, other_team_sdr: User, make_lead: MakeLead
) -> None:
    client.force_login(other_team_sdr)
    url = reverse("note-create", args=[make_lead("lead", owner=owner).pk])
    assert client.post(url, {"body": "x"}).status_code == 404


def test_the_manager_reassigns_from_here(
    client: Client, owner: User, colleague: User, manager: User, make_lead: MakeLead
) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=NOW)
    client.force_login(manager)
    url = reverse("handoff-reassign", args=[clock.handoff_id])
    assert client.post(url, {"to": colleague.pk}).headers["Location"] == reverse("lead-detail", args=[clock.lead_id])
    moved = Clock.objects.get()
    assert (moved.owner, moved.due_at, moved.handoff.owner) == (colleague, clock.due_at, colleague)


def test_refuses_to_reassign_to_somebody_who_takes_no_leads_or_what_is_closed(
    client: Client, owner: User, colleague: User, ae: User, manager: User, make_lead: MakeLead
) -> None:
    handoff = build_handoff(make_lead("mql"), owner, at=NOW)
    client.force_login(manager)
    url = reverse("handoff-reassign", args=[handoff.pk])
    for to in (ae.pk, manager.pk, "", "x"):
        assert client.post(url, {"to": to}).status_code == 422
    handoff.closed_at = NOW
    handoff.save()
    refused = client.post(url, {"to": colleague.pk})
    assert refused.status_code == 422
    assert "closed" in refused.content.decode()


def test_nobody_reassigns_other_managers_leads(
    client: Client, owner: User, colleague: User, other_manager: User, make_lead: MakeLead
) -> None:
    handoff = build_handoff(make_lead("mql"), owner, at=NOW)
    client.force_login(other_manager)
    url = reverse("handoff-reassign", args=[handoff.pk])
    assert client.post(url, {"to": colleague.pk}).status_code == 404
    client.force_login(owner)
    assert client.post(url, {"to": colleague.pk}).status_code == 403


def test_takes_the_score_apart(
    client: Client, owner: User, make_lead: MakeLead, event_type: Callable[[str], EventType]
) -> None:
    model = ScoringModel.objects.create(version=7, state="published", published_at=NOW)
    country = [{"field": "country", "op": "is", "value": "Spain"}]
    model.rules.create(name="Home market", effect="points", part="fit", points=8, conditions=country)
    model.rules.create(
        name="Looks at prices", effect="points", part="intent", points=5, event_type=event_type("pricing_viewed")
    )
    lead = make_lead("lead", owner=owner, country="Spain")
    for hours in (1, 2):
        at = NOW - timedelta(hours=hours)
        Event.objects.create(lead=lead, event_type=event_type("pricing_viewed"), occurred_at=at)
    client.force_login(owner)
    response = page(client, lead)
    score = response.context["score"]
    assert (score.total, score.version) == (18, 7)
    assert {part.key: (part.points, [(line.name, line.points) for line in part.lines]) for part in score.parts} == {
        "fit": (8, [("Home market", 8)]),
        "engagement": (0, []),
        "intent": (10, [("Looks at prices", 10)]),
    }
    text = response.content.decode()
    assert "Scoring 7" in text
    assert "Country is Spain" in text
    assert "UTC" not in score.parts[2].lines[0].fact


def test_the_promise_follows_a_clock_that_starts(
    client: Client, owner: User, make_lead: MakeLead, django_assert_max_num_queries: Any
) -> None:
    client.force_login(owner)
    lead = make_lead("mql", owner=owner)
    shown = page(client, lead, kind="notes").context
    etag = {"HTTP_IF_NONE_MATCH": shown["promise_etag"]}
    # Session, reader, lead, and what the version is made of: every open page asks this every second and a half.
    with django_assert_max_num_queries(6):
        assert client.get(shown["live_url"], **etag).status_code == 304
    clock = build_work(lead, owner, due_at=NOW)
    answer = client.get(shown["live_url"], **etag)
    assert (answer.status_code, f'datetime="{clock.due_at:%Y-%m-%dT%H:%M:%SZ}"' in answer.content.decode()) == (
        200,
        True,
    )
    assert "<html" not in answer.content.decode()


def test_the_score_follows_too(client: Client, owner: User, make_lead: MakeLead) -> None:
    client.force_login(owner)
    lead = make_lead("mql", owner=owner)
    model = ScoringModel.objects.create(version=1, created_at=NOW)
    url = f"{reverse('lead-live', args=[lead.pk])}?part=score"
    etag = client.get(url).headers["ETag"]

    def ask() -> Any:
        return client.get(url, HTTP_IF_NONE_MATCH=etag)

    assert ask().status_code == 304
    LeadScore.objects.create(
        lead=lead,
        model=model,
        fit=Decimal(7),
        engagement=Decimal(0),
        intent=Decimal(0),
        total=Decimal(7),
        scored_at=NOW,
    )
    assert ask().status_code == 200


def test_writes_numbers_of_own_fields_in_groups(client: Client, owner: User, make_lead: MakeLead) -> None:
    kinds = {"budget": "money", "rate": "number", "word": "text"}
    for key, kind in kinds.items():
        CustomField.objects.create(key=key, name=key.title(), kind=kind)
    lead = make_lead("mql", owner=owner, custom={"budget": 25000, "rate": 1234.5, "word": "25000"})
    client.force_login(owner)
    shown = {fact.label: fact.value for fact in page(client, lead).context["custom"]}
    assert shown == {"Budget": "25,000", "Rate": "1,234.5", "Word": "25000"}
