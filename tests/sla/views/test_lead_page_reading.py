"""What the page of a lead reads at once, and that it tells the same as asking for each thing by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pghistory
import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Attempt, Campaign, DuplicatePair, Event, ExternalId, FormerEmail, Lead, Note
from tests.work import build_handoff, build_notice, build_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from leads.models import EventType
    from people.models import User
    from tests.cast import MakeLead

NOW = timezone.now().replace(microsecond=0)


def text_of(client: Client, lead: Lead) -> str:
    response = client.get(reverse("lead-detail", args=[lead.pk]))
    assert response.status_code == 200
    return str(response.content.decode())


def pair(one: Lead, other: Lead, **fields: Any) -> DuplicatePair:
    low, high = sorted((one, other), key=lambda lead: lead.pk)
    return DuplicatePair.objects.create(low=low, high=high, reasons=["name"], score=50, **fields)


def test_whoever_sees_a_lead_may_act_on_it_as_the_database_says(
    everybody: dict[str, User], other_manager: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(owner=owner) for owner in (None, *everybody.values())]
    leads.append(make_lead(first_name="", last_name="", email="", owner=everybody["sdr"]))
    Lead.objects.filter(pk=leads[-1].pk).update(erased_at=NOW)
    for user in (*everybody.values(), other_manager):
        workable = set(Lead.objects.workable_by(user).values_list("pk", flat=True))
        seen = list(Lead.objects.visible_to(user))
        assert {lead.pk for lead in seen if lead.is_workable_by(user)} == workable & {lead.pk for lead in seen}, user


def test_names_numbers_and_former_addresses_come_with_the_lead(
    client: Client, owner: User, make_lead: MakeLead
) -> None:
    lead = make_lead("mql", owner=owner, source="Fair & Co", campaign=Campaign.objects.create(name="Spring <1>"))
    for system, value in (("crm", "C-1"), ("shop", "S-2")):
        ExternalId.objects.create(lead=lead, system=system, value=value)
    for email in ("old@acme.example", "older@acme.example"):
        FormerEmail.objects.create(lead=lead, email=email)
    client.force_login(owner)
    text = text_of(client, lead)
    for told in ("Fair &amp; Co", "Spring &lt;1&gt;", str(lead.lead_type), "Number in crm", "C-1", "S-2"):
        assert told in text
    assert text.count("Known as well by") == 2
    assert text.index("old@acme.example") < text.index("older@acme.example")


def test_a_lead_of_which_nothing_is_known_has_no_names(client: Client, owner: User, make_lead: MakeLead) -> None:
    client.force_login(owner)
    text = text_of(client, make_lead("lead", owner=owner, source=None))
    assert "Known as well by" not in text
    assert "Number in" not in text
    assert "Perhaps the same person" not in text


def test_warns_of_a_double_that_one_may_see(client: Client, everybody: dict[str, User], make_lead: MakeLead) -> None:
    lead = make_lead("lead", owner=everybody["sdr"])
    other = make_lead("lead", owner=everybody["sdr"], first_name="Twin", last_name="Sister")
    theirs = make_lead("lead", owner=everybody["other_team_sdr"], first_name="Far", last_name="Away")
    found = pair(lead, other)
    pair(lead, theirs)
    for role, warned in {"sdr": ["Twin"], "marketer": ["Twin", "Far"], "executive": [], "ae": []}.items():
        client.force_login(everybody[role])
        response = client.get(reverse("lead-detail", args=[lead.pk]))
        if response.status_code == 404:
            continue
        text = response.content.decode()
        assert [name for name in ("Twin", "Far") if f"same person as {name}" in text] == warned, role
    DuplicatePair.objects.filter(pk=found.pk).update(dismissed_at=NOW, dismissed_by=everybody["sdr"])
    client.force_login(everybody["sdr"])
    assert "Perhaps the same person" not in text_of(client, lead)


def test_counts_the_levels_that_fired(client: Client, owner: User, make_lead: MakeLead) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=NOW - timedelta(hours=1))
    client.force_login(owner)
    levels = len(clock.level_at)
    assert f"0 of {levels} levels fired" in text_of(client, clock.lead)
    build_notice(clock, owner)
    build_notice(clock, owner)
    text = text_of(client, clock.lead)
    assert f"1 of {levels} levels fired" in text
    assert f"<strong>{clock.policy_version.policy}</strong>" in text


@pytest.mark.parametrize(("minutes", "title"), [(-1, "Call: nobody has tried yet"), (1, "Try again by phone")])
def test_what_was_tried_before_the_handoff_decides_nothing(
    client: Client, owner: User, make_lead: MakeLead, minutes: int, title: str
) -> None:
    lead = make_lead("mql", phone="+48 22 1")
    build_handoff(lead, owner, at=NOW - timedelta(hours=1))
    at = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=at)
    client.force_login(owner)
    assert title in text_of(client, lead)


def test_the_page_has_the_version_that_it_asks_for_later(client: Client, owner: User, make_lead: MakeLead) -> None:
    """Read in two ways: an attempt, a level or a hand-off may not make them differ."""
    clock = build_work(make_lead("mql"), owner, due_at=NOW - timedelta(hours=1))
    build_notice(clock, owner)
    Attempt.objects.create(lead=clock.lead, user=owner, channel="call", outcome="busy", occurred_at=NOW)
    client.force_login(owner)
    shown = client.get(reverse("lead-detail", args=[clock.lead_id])).context
    etag = {"HTTP_IF_NONE_MATCH": shown["promise_etag"]}
    assert client.get(shown["live_url"], **etag).status_code == 304
    Attempt.objects.create(lead=clock.lead, user=owner, channel="call", outcome="busy", occurred_at=NOW)
    assert client.get(shown["live_url"], **etag).status_code == 200


def test_who_is_at_hand_is_not_asked_for_by_name(
    client: Client, owner: User, manager: User, make_lead: MakeLead, django_assert_max_num_queries: Any
) -> None:
    lead = make_lead("mql", owner=owner, phone="1", source="Fair")
    for person, phone in ((manager, "2"), (owner, "3")):
        with pghistory.context(user=person.pk):
            lead.phone = phone
            lead.save()
    client.force_login(manager)
    with django_assert_max_num_queries(8):
        text_of(client, lead)


def test_only_what_is_on_a_page_of_the_story_is_read(
    client: Client, owner: User, make_lead: MakeLead, event_type: Callable[[str], EventType]
) -> None:
    """A long story of one kind asks for less than a short one of many."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    clock = build_work(make_lead("mql"), owner, due_at=NOW)
    build_notice(clock, owner)
    Note.objects.create(lead=clock.lead, author=owner, body="x", created_at=NOW)
    client.force_login(owner)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("lead-story", args=[clock.lead_id])).status_code == 200
        return len(captured)

    many = asked()
    for number in range(40):
        at = NOW + timedelta(hours=1, minutes=number)
        Event.objects.create(lead=clock.lead, event_type=event_type("page_viewed"), occurred_at=at)
    assert asked() <= 8 < many
