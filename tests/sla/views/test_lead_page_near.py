"""From one lead to the next in the list one came from, and back to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import LeadStatus, Note
from sla.neighbours import Neighbours, neighbours
from sla.services.attempts import log_attempt
from tests.work import build_work

if TYPE_CHECKING:
    from django.test import Client

    from leads.models import Lead
    from people.models import User
    from tests.cast import MakeLead

NOW = timezone.now().replace(microsecond=0)


def url(lead: Lead, query: str) -> str:
    return f"{reverse('lead-detail', args=[lead.pk])}?{urlencode({'from': query})}"


def test_in_the_list_newest_first(owner: User, make_lead: MakeLead) -> None:
    old, middle, new = (make_lead("mql", owner=owner) for _ in range(3))
    query = f"stage={middle.stage_id}"
    assert neighbours(owner, middle, query) == Neighbours(
        url(new, query), url(old, query), f"{reverse('lead-list')}?{query}"
    )
    assert neighbours(owner, new, query).previous == ""
    assert neighbours(owner, old, query).next == ""


def test_passes_over_what_the_filter_or_ones_role_leaves_out(
    owner: User, other_team_sdr: User, make_lead: MakeLead
) -> None:
    old = make_lead("mql", owner=owner)
    make_lead("lead", owner=owner)
    make_lead("mql", owner=other_team_sdr)
    new = make_lead("mql", owner=owner)
    assert neighbours(owner, new, f"stage={new.stage_id}").next == url(old, f"stage={new.stage_id}")


def test_a_lead_that_no_longer_matches_keeps_its_place(owner: User, make_lead: MakeLead) -> None:
    old, middle, new = (make_lead("mql", owner=owner) for _ in range(3))
    query = f"status={middle.status_id}"
    middle.status = LeadStatus.objects.get(key="connected")
    middle.save()
    found = neighbours(owner, middle, query)
    assert (found.previous, found.next) == (url(new, query), url(old, query))


@pytest.mark.parametrize("query", ["", "stage=nonsense", "x" * 5_000, "q=%00", "owner=9999999999999999999999"])
def test_what_is_no_list_has_no_neighbours(owner: User, make_lead: MakeLead, query: str) -> None:
    make_lead("mql", owner=owner)
    lead = make_lead("mql", owner=owner)
    assert (neighbours(owner, lead, query).previous, neighbours(owner, lead, query).next) == ("", "")


def test_in_the_inbox_in_the_order_of_what_is_due(owner: User, colleague: User, make_lead: MakeLead) -> None:
    late, soon, calm = (
        build_work(make_lead("mql"), owner, due_at=NOW + timedelta(minutes=minutes)).lead for minutes in (-5, 2, 60)
    )
    build_work(make_lead("mql"), colleague, due_at=NOW)
    assert neighbours(owner, soon, "inbox") == Neighbours(url(late, "inbox"), url(calm, "inbox"), reverse("inbox"))
    log_attempt(lead=soon, user=owner, channel="call", outcome="connected", occurred_at=NOW, now=NOW)
    assert neighbours(owner, soon, "inbox").next == url(calm, "inbox")
    assert neighbours(owner, late, "inbox").next == url(calm, "inbox")


def test_from_the_inbox_to_a_lead_that_never_had_a_clock(owner: User, make_lead: MakeLead) -> None:
    first = build_work(make_lead("mql"), owner, due_at=NOW).lead
    assert neighbours(owner, make_lead("mql", owner=owner), "inbox").next == url(first, "inbox")


def test_the_inbox_leads_here_and_the_page_offers_the_way(client: Client, owner: User, make_lead: MakeLead) -> None:
    first, second = (
        build_work(make_lead("mql"), owner, due_at=NOW + timedelta(minutes=minutes)).lead for minutes in (1, 2)
    )
    client.force_login(owner)
    assert f'href="{url(first, "inbox")}"' in client.get(reverse("inbox")).content.decode()
    text = client.get(url(first, "inbox")).content.decode()
    assert f'href="{url(second, "inbox")}"' in text
    assert 'aria-label="Next lead"' in text
    assert 'aria-label="Previous lead"' not in text


def test_the_way_is_kept_while_one_acts(client: Client, owner: User, make_lead: MakeLead) -> None:
    lead = make_lead("mql", owner=owner)
    client.force_login(owner)
    here = url(lead, "inbox")
    saved = client.post(reverse("note-create", args=[lead.pk]), {"body": "x", "next": here})
    assert saved.headers["Location"] == here
    assert Note.objects.filter(lead=lead).count() == 1
    edit = f"{reverse('lead-edit', args=[lead.pk])}?from=inbox"
    assert edit in client.get(here).content.decode()
    assert here in client.get(edit).content.decode()
