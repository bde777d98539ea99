"""The system page: who lives, what waits, what was set aside, and giving it another chance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from config import pulse as given
from leads.models import ChangedLead
from people import pulse
from people.models import User
from sla.models import Escalation, Policy
from tests.cast import build_user
from tests.sla.build import build_model, build_routing
from tests.work import build_notice, build_work

if TYPE_CHECKING:
    from django.test import Client

    from people.models import Team
    from tests.cast import MakeLead

NOW = timezone.now()


def troubles(client: Client) -> dict[str, str]:
    return {part.name: part.trouble for part in client.get(reverse("system")).context["parts"]}


def test_reads_the_signs_that_the_processes_give(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    cache.delete_many([pulse.WORKER, pulse.BEAT])
    before = troubles(client)
    assert before["Worker"] == before["Beat"] == "No sign of life for 15 seconds."
    given.give(given.WORKER)
    given.give(given.BEAT)
    assert troubles(client) == {"Database": "", "Broker": "", "Worker": "", "Beat": ""}


def missing(client: Client) -> list[tuple[str, str]]:
    return [(gap.text.split(":")[0], gap.route) for gap in client.get(reverse("system")).context["gaps"]]


def test_says_what_is_missing_in_a_new_installation(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    assert missing(client) == [
        ("No scoring is published", "scoring-model"),
        ("No routing rule is on", "routing-list"),
        ("Nobody takes leads in a team that leads are routed to; they wait there until somebody does.", "person-list"),
        ("There is no executive", "person-list"),
    ]
    Policy.objects.update(is_active=False)
    assert ("No promise is on", "policy-list") in missing(client)


def test_says_nothing_where_all_is_there(
    client: Client, administrator: User, executive: User, owner: User, sales_team: Team
) -> None:
    build_model()
    build_routing(sales_team)
    client.force_login(administrator)
    assert missing(client) == []
    User.objects.filter(pk=owner.pk).update(takes_leads=False)
    build_user("Homeless")  # an SDR of no team reaches no lead
    assert [text.split(" in ")[0] for text, _route in missing(client)] == ["Nobody takes leads"]


def test_a_manager_is_not_sent_to_pages_of_others(client: Client, manager: User, executive: User) -> None:
    client.force_login(manager)
    routes = dict(missing(client))
    assert routes["No routing rule is on"] == "routing-list"
    assert "" in routes.values()


def test_counts_what_waits(client: Client, administrator: User, owner: User, make_lead: MakeLead) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=NOW - timedelta(minutes=1))
    build_notice(clock, owner, state="pending")
    build_notice(clock, owner, level=2, state="failed")
    Escalation.objects.create(clock=clock, level=3, level_at=NOW, recorded_at=NOW)
    ChangedLead.objects.create(lead=clock.lead, queued_at=NOW)
    client.force_login(administrator)
    context = client.get(reverse("system")).context
    assert [(queue.count, bool(queue.oldest)) for queue in context["queues"]] == [(1, True)] * 4
    assert context["failed"] == 1


def test_queues_a_lead_again(client: Client, administrator: User, make_lead: MakeLead) -> None:
    mark = ChangedLead.objects.create(lead=make_lead("lead"), set_aside_at=NOW, error="ValueError: odd")
    client.force_login(administrator)
    assert "ValueError: odd" in client.get(reverse("system")).content.decode()
    url = reverse("system-retry-lead", args=[mark.pk])
    assert client.post(url).headers["Location"] == reverse("system")
    assert [one.lead_id for one in ChangedLead.objects.waiting()] == [mark.lead_id]
    assert not ChangedLead.objects.set_aside().exists()
    assert client.post(url).status_code == 404


def test_lets_an_escalation_be_written_again(client: Client, manager: User, owner: User, make_lead: MakeLead) -> None:
    clock = build_work(make_lead("mql"), owner, due_at=NOW - timedelta(minutes=1))
    aside = Escalation.objects.create(
        clock=clock, level=1, level_at=NOW, recorded_at=NOW, state="set_aside", error="nobody to tell"
    )
    client.force_login(manager)
    assert "nobody to tell" in client.get(reverse("system")).content.decode()
    assert client.post(reverse("system-retry-escalation", args=[aside.pk])).status_code == 302
    aside.refresh_from_db()
    assert (aside.state, aside.error) == ("recorded", "")


def test_a_manager_sees_only_what_their_people_have(
    client: Client, manager: User, other_team_sdr: User, make_lead: MakeLead
) -> None:
    clock = build_work(make_lead("mql", last_name="Elsewhere"), other_team_sdr, due_at=NOW)
    aside = Escalation.objects.create(clock=clock, level=1, level_at=NOW, recorded_at=NOW, state="set_aside")
    mark = ChangedLead.objects.create(lead=clock.lead, set_aside_at=NOW)
    client.force_login(manager)
    assert "Elsewhere" not in client.get(reverse("system")).content.decode()
    assert client.post(reverse("system-retry-lead", args=[mark.pk])).status_code == 404
    assert client.post(reverse("system-retry-escalation", args=[aside.pk])).status_code == 404


@pytest.mark.parametrize("role", ["sdr", "ae", "marketer", "executive"])
def test_others_do_not_see_it(client: Client, everybody: dict[str, User], role: str) -> None:
    client.force_login(everybody[role])
    assert client.get(reverse("system")).status_code == 403
