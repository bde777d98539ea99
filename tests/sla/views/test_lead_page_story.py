"""The story of a lead narrowed by person and by words, its changes told field by field, and notes mended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pghistory
import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from leads.models import Attempt, CustomField, Event, Lead, Note
from leads.models.lead import TRACKED_FIELDS
from sla import timeline
from sla.services.handoffs import reassign
from sla.timeline import Wish, story
from sla.timeline_items import TOLD_ELSEWHERE
from tests.work import build_handoff, build_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from leads.models import EventType
    from people.models import User
    from tests.cast import MakeLead

NOW = timezone.now().replace(microsecond=0)


def told(client: Client, lead: Lead, **query: Any) -> list[str]:
    response = client.get(reverse("lead-story", args=[lead.pk]), query)
    assert response.status_code == 200
    return [item.title for item in response.context["story"].items]


@pytest.fixture
def busy(owner: User, colleague: User, make_lead: MakeLead, event_type: Callable[[str], EventType]) -> Lead:
    lead = make_lead("mql", owner=owner)
    at = NOW - timedelta(hours=1)
    Event.objects.create(
        lead=lead, event_type=event_type("pricing_viewed"), occurred_at=at, properties={"page": "/lims"}
    )
    Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=at, note="Wants the LIMS")
    Attempt.objects.create(lead=lead, user=colleague, channel="email", outcome="sent", occurred_at=at)
    Note.objects.create(lead=lead, author=colleague, body="Uses no LIMS yet", created_at=at)
    return lead


def test_what_one_person_did(client: Client, busy: Lead, owner: User, colleague: User, marketer: User) -> None:
    client.force_login(owner)
    assert told(client, busy, who=colleague.pk) == ["Note", "E-mail: sent"]
    assert told(client, busy, who=owner.pk) == ["Call: busy"]
    # Somebody of whom the story does not tell is no choice: everything is shown.
    assert len(told(client, busy, who=marketer.pk)) == 4


def test_what_one_person_changed(client: Client, busy: Lead, owner: User, colleague: User) -> None:
    with pghistory.context(user=colleague.pk):
        busy.phone = "+48 1"
        busy.save()
    with pghistory.context(user=owner.pk):
        busy.phone = "+48 2"
        busy.save()
    client.force_login(owner)
    response = client.get(reverse("lead-story", args=[busy.pk]), {"who": str(colleague.pk), "kind": "changes"})
    assert [item.lines for item in response.context["story"].items] == [("Phone: – → +48 1",)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lims", ["Note", "Call: busy", "Pricing page viewed"]),
        ("LIMS yet", ["Note"]),
        ("pricing", ["Pricing page viewed"]),
        ("nothing like it", []),
    ],
)
def test_what_holds_some_words(client: Client, busy: Lead, owner: User, words: str, expected: list[str]) -> None:
    client.force_login(owner)
    assert told(client, busy, q=words) == expected


def test_a_new_owner_is_a_thing_of_its_own_and_says_why(
    client: Client, owner: User, colleague: User, manager: User, make_lead: MakeLead
) -> None:
    handoff = build_handoff(make_lead("mql"), owner, at=timezone.now())
    with pghistory.context(user=manager.pk):
        reassign(handoff=handoff, to=colleague, by=manager, now=timezone.now())
    client.force_login(manager)
    response = client.get(reverse("lead-story", args=[handoff.lead_id]))
    items = {item.title: item for item in response.context["story"].items}
    item = items["Owner: Olga Owner → Carl Colleague"]
    assert (item.who, item.lines) == ("Max Manager", ("Reassigned by Max Manager",))
    # The first owner is told by the hand-off, once its history is of the same moment.
    assert "Handed off to Carl Colleague, Inside sales" in items


def test_the_score_at_the_hand_off_is_told(client: Client, owner: User, make_lead: MakeLead) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=NOW)
    client.force_login(owner)
    response = client.get(reverse("lead-story", args=[clock.lead_id]), {"kind": "stages"})
    lines = [line for item in response.context["story"].items for line in item.lines]
    assert "Score 27.50: fit 20, engagement 12.50, intent -5" in lines


def test_fields_of_ones_own_and_consent_are_told_one_by_one(client: Client, owner: User, make_lead: MakeLead) -> None:
    CustomField.objects.create(key="budget", name="Yearly budget", kind="money")
    CustomField.objects.create(key="lims", name="Has a LIMS", kind="yes_no")
    lead = make_lead("mql", owner=owner, custom={"budget": 100})
    lead.custom = {"budget": 1200, "lims": True}
    lead.consent, lead.consent_at, lead.bant_need = "granted", NOW, "A LIMS"
    lead.save()
    client.force_login(owner)
    (item,) = client.get(reverse("lead-story", args=[lead.pk]), {"kind": "changes"}).context["story"].items
    assert item.lines[0] == "Need: – → A LIMS"
    assert item.lines[1] == "Consent to be mailed: Unknown → Granted"
    assert item.lines[2].startswith("Consent given or withdrawn at: – → ")
    assert set(item.lines[3:]) == {"Yearly budget: 100 → 1,200", "Has a LIMS: – → yes"}


def test_every_tracked_field_is_told(client: Client, owner: User, make_lead: MakeLead) -> None:
    assert set(TRACKED_FIELDS) >= TOLD_ELSEWHERE
    lead = make_lead("mql", owner=owner)
    lead.city, lead.country, lead.language, lead.job_title = "Lodz", "Poland", "pl", "Buyer"
    lead.save()
    client.force_login(owner)
    (item,) = client.get(reverse("lead-story", args=[lead.pk]), {"kind": "changes"}).context["story"].items
    assert item.lines == ("Job title: – → Buyer", "Country: – → Poland", "City: – → Lodz", "Language: – → pl")


def test_changes_of_two_leads_in_one_story_are_compared_each_with_its_own(
    owner: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, merged = make_lead("mql", owner=owner, phone="k0"), make_lead("mql", owner=owner, phone="m0")
    for number in (1, 2, 3):
        for lead, letter in ((kept, "k"), (merged, "m")):
            lead.phone = f"{letter}{number}"
            lead.save()
    history = apps.get_model("leads", "LeadBefore")._default_manager
    both = [kept.pk, merged.pk]
    monkeypatch.setattr(
        timeline, "_before", lambda _lead: history.filter(pgh_obj__in=both).select_related("pgh_context")
    )
    lambdas = tuple(
        source
        if source.group != "changes"
        else timeline.Source("changes", timeline._before, "pgh_created_at", lambda _rows: [], pk="pgh_id")
        for source in timeline.SOURCES
    )
    monkeypatch.setattr(timeline, "SOURCES", lambdas)
    Lead.objects.filter(pk=merged.pk).delete()
    lines = {line for item in story(kept, wish=Wish(group="changes")).items for line in item.lines}
    # What the merged lead's newest row became nobody knows: not told, rather than told wrongly.
    assert lines == {"Phone: k0 → k1", "Phone: k1 → k2", "Phone: k2 → k3", "Phone: m0 → m1", "Phone: m1 → m2"}


def test_pages_keep_the_words_and_the_person(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner)
    for number in range(70):
        Note.objects.create(lead=lead, author=owner, body=f"{'odd' if number % 2 else 'even'} {number}", created_at=NOW)
    client.force_login(owner)
    url = reverse("lead-story", args=[lead.pk])
    first = client.get(url, {"q": "odd", "who": str(owner.pk)})
    second = client.get(url + first.context["next_url"])
    texts = [item.text for one in (first, second) for item in one.context["story"].items]
    assert len(texts) == 35
    assert all(text.startswith("odd") for text in texts)


@pytest.mark.parametrize("query", [{"kind": "none"}, {"who": "x"}, {"who": "-1"}, {"q": "\x00"}, {"q": "x" * 300}])
def test_what_cannot_be_asked_is_as_if_it_were_not_asked(
    client: Client, busy: Lead, owner: User, query: dict[str, str]
) -> None:
    client.force_login(owner)
    assert len(told(client, busy, **query)) == 4


def test_whoever_wrote_a_note_may_change_it(client: Client, busy: Lead, colleague: User, owner: User) -> None:
    note = Note.objects.create(lead=busy, author=owner, body="Wrng")
    url = reverse("note-edit", args=[note.pk])
    client.force_login(owner)
    assert url in client.get(reverse("lead-story", args=[busy.pk])).content.decode()
    assert "Wrng" in client.get(url).content.decode()
    saved = client.post(url, {"body": "Wrong", "next": f"/leads/{busy.pk}/?from=inbox"})
    assert saved.headers["Location"] == f"/leads/{busy.pk}/?from=inbox"
    note.refresh_from_db()
    assert note.body == "Wrong"
    assert note.edited_at is not None
    assert "Note, edited" in told(client, busy)
    assert client.post(url, {"body": " "}).status_code == 422
    client.force_login(colleague)
    assert client.post(url, {"body": "Mine now"}).status_code == 403
    assert url not in client.get(reverse("lead-story", args=[busy.pk])).content.decode()


def test_whoever_wrote_a_note_may_take_it_back_for_an_hour(client: Client, busy: Lead, owner: User) -> None:
    fresh = Note.objects.create(lead=busy, author=owner, body="x")
    old = Note.objects.create(lead=busy, author=owner, body="y", created_at=NOW - timedelta(hours=1, minutes=1))
    client.force_login(owner)
    for note in (fresh, old):
        answer = client.post(reverse("note-delete", args=[note.pk]))
        assert answer.headers["Location"] == reverse("lead-detail", args=[busy.pk])
    assert list(Note.objects.filter(author=owner)) == [old]
    assert client.post(reverse("note-edit", args=[old.pk]), {"body": "z"}).status_code == 422
    assert client.post(reverse("note-delete", args=[fresh.pk])).status_code == 404


def test_a_note_out_of_sight_is_not_found(client: Client, busy: Lead, owner: User, other_team_sdr: User) -> None:
    note = Note.objects.create(lead=busy, author=owner, body="x")
    client.force_login(other_team_sdr)
    for name in ("note-edit", "note-delete"):
        assert client.post(reverse(name, args=[note.pk]), {"body": "x"}).status_code == 404
