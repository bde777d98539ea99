"""The pages of duplicates: list, side by side, merge, undo."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.merge_pages import seen
from leads.models import Company, CustomField, DuplicatePair, Lead, Merge, ToCompare
from leads.services.company_merging import merge_companies
from leads.services.events import record_event
from leads.services.leads import update_lead
from people.models import User
from sla.services.merge import merge_leads
from sla.services.unmerge import undo_merge
from sla.timeline import Wish, story
from tests.cast import NOW, MakeLead
from tests.work import build_work


@pytest.fixture
def ana(make_lead: MakeLead, owner: User) -> Lead:
    return make_lead(first_name="Ana", last_name="Nowak", email="ana@acme.example", owner=owner, phone="+34 600")


@pytest.fixture
def double(make_lead: MakeLead, colleague: User) -> Lead:
    return make_lead("mql", first_name="Anna", last_name="Nowak", email="anna@acme.example", owner=colleague)


@pytest.fixture
def pair(ana: Lead, double: Lead) -> DuplicatePair:
    return DuplicatePair.objects.create(low=ana, high=double, reasons=["email", "name"], score=99, found_at=NOW)


@pytest.fixture
def as_owner(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def fresh(*leads: Lead) -> list[Lead]:
    return [Lead.objects.get(pk=lead.pk) for lead in leads]


def test_companies_stand_under_duplicates_in_the_navigation(client: Client, manager: User) -> None:
    client.force_login(manager)
    for name in ("duplicate-list", "company-duplicate-list"):
        places = client.get(reverse(name)).context["navigation"]
        assert [str(place.label) for place in places if place.active] == ["Duplicates"]


def test_the_list_says_why_and_how_many(as_owner: Client, pair: DuplicatePair) -> None:
    page = as_owner.get(reverse("duplicate-list")).content.decode()
    assert "1 pair" in page
    assert "Same name and company" in page
    assert "E-mail addresses alike" in page
    assert reverse("duplicate-pair", args=[pair.pk]) in page


@pytest.mark.parametrize(("reason", "count"), [("email", 1), ("phone", 0), ("nonsense", 1)])
def test_by_reason(as_owner: Client, pair: DuplicatePair, reason: str, count: int) -> None:
    answer = as_owner.get(reverse("duplicate-list"), {"reason": reason})
    assert (answer.status_code, answer.context["count"]) == (200, count)


def test_pages_of_pairs_cost_the_same_and_go_on(
    as_owner: Client, make_lead: MakeLead, owner: User, django_assert_max_num_queries: object
) -> None:
    first = make_lead(owner=owner)
    others = [make_lead(owner=owner) for _n in range(52)]
    DuplicatePair.objects.bulk_create(
        DuplicatePair(low=first, high=other, reasons=["phone"], found_at=NOW) for other in others
    )
    answer = as_owner.get(reverse("duplicate-list"))
    assert (len(answer.context["rows"]), answer.context["count"]) == (50, 52)
    rest = as_owner.get(reverse("duplicate-list") + answer.context["page"].next_url)
    assert len(rest.context["rows"]) == 2


def test_nothing_found_is_said(as_owner: Client) -> None:
    assert b"No duplicates" in as_owner.get(reverse("duplicate-list")).content


def test_only_who_may_see_both(client: Client, pair: DuplicatePair, other_team_sdr: User, manager: User) -> None:
    Lead.objects.filter(pk=pair.high_id).update(owner=other_team_sdr)
    for user, shown in ((other_team_sdr, False), (manager, False)):
        client.force_login(user)
        assert (client.get(reverse("duplicate-list")).context["count"] == 1) is shown
        assert client.get(reverse("duplicate-pair", args=[pair.pk])).status_code == 404
        assert client.post(reverse("duplicate-dismiss", args=[pair.pk])).status_code == 404
        two = [pair.low_id, pair.high_id]
        assert client.get(reverse("lead-merge", args=two)).status_code == 404
        assert client.post(reverse("lead-merge", args=two)).status_code == 404
    assert Lead.objects.count() == 2


def test_both_sides_with_the_differing_fields(as_owner: Client, pair: DuplicatePair, ana: Lead, double: Lead) -> None:
    CustomField.objects.create(key="size", name="Size of the team")
    Lead.objects.filter(pk=double.pk).update(
        custom={"size": "40"}, job_title="CTO", consent="withdrawn", consent_at=NOW
    )
    answer = as_owner.get(reverse("duplicate-pair", args=[pair.pk]))
    assert (answer.context["winner"], answer.context["loser"]) == (double, ana)  # more is known of it
    lines = {line.name: line for line in answer.context["lines"]}
    assert (lines["first_name"].differs, lines["last_name"].differs) == (True, False)
    assert lines["consent"].fixed
    assert (lines["custom.size"].label, lines["custom.size"].side) == ("Size of the team", "winner")
    page = answer.content.decode()
    assert 'name="take-first_name"' in page
    assert 'name="take-last_name"' not in page
    assert not any("index" in line for line in answer.context["moving"]), "what the database keeps for itself"


def test_who_is_in_hand_is_proposed_to_stay(
    as_owner: Client, pair: DuplicatePair, ana: Lead, double: Lead, owner: User, colleague: User
) -> None:
    build_work(ana, owner, due_at=timezone.now() + timedelta(minutes=5))
    answer = as_owner.get(reverse("duplicate-pair", args=[pair.pk]))
    assert answer.context["winner"] == ana
    build_work(double, colleague, due_at=timezone.now() + timedelta(minutes=5))
    page = as_owner.get(reverse("lead-merge", args=[ana.pk, double.pk])).content.decode()
    assert "1 running clock of Anna Nowak is cancelled." in page
    assert "Moves over: 1 hand-off" in page or "1 clock" in page
    assert "index of" not in page


def test_merge_as_chosen_and_go_to_the_winner(as_owner: Client, ana: Lead, double: Lead, owner: User) -> None:
    url = reverse("lead-merge", args=[ana.pk, double.pk])
    answer = as_owner.post(
        url,
        {"seen": seen(*fresh(ana, double)), "take-first_name": "loser", "take-email": "loser", "take-phone": "winner"},
        follow=True,
    )
    assert answer.redirect_chain == [(reverse("lead-detail", args=[ana.pk]), 302)]
    ana.refresh_from_db()
    assert (ana.first_name, ana.email, ana.stage.key) == ("Anna", "anna@acme.example", "mql")
    page = as_owner.get(reverse("lead-story", args=[ana.pk])).content.decode()
    assert "Merged with Anna Nowak" in page
    assert reverse("merge-undo", args=[Merge.objects.get().pk]) in page
    assert Merge.objects.get().by == owner


def test_refuse_what_has_changed_under_ones_eyes(as_owner: Client, ana: Lead, double: Lead) -> None:
    shown = seen(*fresh(ana, double))
    update_lead(lead=double, now=NOW, by=None, data={"job_title": "CTO"})
    answer = as_owner.post(reverse("lead-merge", args=[ana.pk, double.pk]), {"seen": shown})
    assert answer.status_code == 422
    assert b"Somebody has changed one of the two" in answer.content


def test_refuse_a_choice_that_cannot_be_and_keep_the_others(
    as_owner: Client, ana: Lead, double: Lead, ae: User, colleague: User
) -> None:
    build_work(double, colleague, due_at=timezone.now())
    Lead.objects.filter(pk=ana.pk).update(owner=ae)
    answer = as_owner.post(
        reverse("lead-merge", args=[ana.pk, double.pk]),
        {"seen": seen(*fresh(ana, double)), "take-owner": "winner", "take-first_name": "loser"},
    )
    assert answer.status_code == 422
    assert b"cannot take leads" in answer.content
    lines = {line.name: line.side for line in answer.context["lines"]}
    assert (lines["owner"], lines["first_name"]) == ("winner", "loser")
    assert Lead.objects.count() == 2


def test_a_lead_and_itself_is_no_pair(as_owner: Client, ana: Lead) -> None:
    assert as_owner.get(reverse("lead-merge", args=[ana.pk, ana.pk])).status_code == 404


def test_two_people(as_owner: Client, pair: DuplicatePair, owner: User) -> None:
    assert as_owner.post(reverse("duplicate-dismiss", args=[pair.pk]), follow=True).context["count"] == 0
    pair.refresh_from_db()
    assert pair.dismissed_by == owner


def test_the_losers_address_leads_to_the_winner_while_merged(
    as_owner: Client, ana: Lead, double: Lead, client: Client, other_team_sdr: User
) -> None:
    record = merge_leads(winner=ana, loser=double, choices={}, by=None, now=NOW)
    answer = as_owner.get(reverse("lead-detail", args=[double.pk]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("lead-detail", args=[ana.pk]))
    client.force_login(other_team_sdr)
    assert client.get(reverse("lead-detail", args=[double.pk])).status_code == 404
    undo_merge(merge=record, by=None, now=NOW)
    client.force_login(User.objects.get(name="Olga Owner"))
    assert client.get(reverse("lead-detail", args=[double.pk])).status_code == 200


def test_one_story_of_both_told_by_its_own_chain(ana: Lead, double: Lead, event_type: object) -> None:
    update_lead(lead=double, now=NOW, by=None, data={"job_title": "CTO"})
    update_lead(lead=ana, now=NOW, by=None, data={"city": "Vigo"})
    update_lead(lead=double, now=NOW, by=None, data={"job_title": "CEO"})
    merge_leads(winner=ana, loser=double, choices={"job_title": "winner"}, by=None, now=NOW)
    ana.refresh_from_db()

    told = [line for item in story(ana, wish=Wish(group="changes")).items for line in item.lines]

    assert "Job title: – → CTO" in told
    assert "Job title: CTO → CEO" in told
    assert "City: – → Vigo" in told
    assert not any("Anna → Ana" in line or "Ana → Anna" in line for line in told)


def test_the_story_names_a_company_that_was_merged(ana: Lead) -> None:
    limited, acme = Company.objects.create(name="ACME Ltd"), Company.objects.create(name="Acme")
    update_lead(lead=ana, now=NOW, by=None, data={"company": limited})
    merge_companies(winner=acme, loser=limited, choices={}, by=None, now=NOW)
    ana.refresh_from_db()
    told = [line for item in story(ana, wish=Wish(group="changes")).items for line in item.lines]
    assert told == ["Company: ACME Ltd → Acme", "Company: – → ACME Ltd"]


def test_undo_asks_says_and_does(as_owner: Client, ana: Lead, double: Lead, owner: User) -> None:
    record = merge_leads(winner=ana, loser=double, choices={}, by=owner, now=NOW)
    update_lead(lead=ana, now=NOW, by=None, data={"first_name": "Anita", "job_title": "CTO"})
    Lead.objects.filter(pk=ana.pk).update(stage=Lead.objects.get(pk=ana.pk).stage)
    url = reverse("merge-undo", args=[record.pk])
    assert b"Undo the merge" in as_owner.get(url).content

    answer = as_owner.post(url, follow=True)

    assert answer.redirect_chain[0][0] == reverse("lead-detail", args=[double.pk])
    page = answer.content.decode()
    assert "Anna Nowak is a lead of its own again." in page
    page = as_owner.get(reverse("lead-story", args=[double.pk])).content.decode()
    assert "Undone by Olga Owner" in page
    again = as_owner.post(url)
    assert again.status_code == 422
    assert b"Undone by" in as_owner.get(url).content


def test_undo_says_why_it_cannot(as_owner: Client, ana: Lead, double: Lead, make_lead: MakeLead, owner: User) -> None:
    record = merge_leads(winner=ana, loser=double, choices={}, by=owner, now=NOW)
    merge_leads(winner=ana, loser=make_lead(last_name="Third"), choices={}, by=owner, now=NOW)
    page = as_owner.get(reverse("merge-undo", args=[record.pk])).content.decode()
    assert "undo that first" in page
    assert "Undo the merge" not in page


def test_who_may_not_see_the_winner_may_not_undo(client: Client, ana: Lead, double: Lead, other_team_sdr: User) -> None:
    record = merge_leads(winner=ana, loser=double, choices={}, by=None, now=NOW)
    client.force_login(other_team_sdr)
    assert client.post(reverse("merge-undo", args=[record.pk])).status_code == 404


def test_looking_through_everything_says_how_far_it_is(as_owner: Client, ana: Lead) -> None:
    ToCompare.objects.all().delete()
    page = as_owner.post(reverse("duplicate-look"), follow=True).content.decode()
    assert "1 lead or company is still to be compared." in page
    ToCompare.objects.all().delete()
    assert b"Everything has been compared." in as_owner.get(reverse("duplicate-progress")).content


def test_counts_do_not_cost_more_with_more(as_owner: Client, ana: Lead, double: Lead, event_type: object) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from leads.models import EventType

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_owner.get(reverse("lead-merge", args=[ana.pk, double.pk])).status_code == 200
        return len(queries)

    asked()
    few = asked()
    for _n in range(5):
        kind = EventType.objects.get(key="demo_requested")
        record_event(lead=double, event_type=kind, occurred_at=NOW, now=NOW)
    assert asked() <= few
