"""Two names of the same source become one."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from leads.forms import named
from leads.imports.companies import ids_by_name
from leads.models import Campaign, ChangedLead, Source
from leads.services.lists import merge_named
from tests.cast import NOW, MakeLead
from tests.forms import send


@pytest.fixture
def google(db: None) -> tuple[Source, Source]:
    return Source.objects.create(name="Google"), Source.objects.create(name="google")


def test_leads_move_and_are_scored_again(google: tuple[Source, Source], make_lead: MakeLead) -> None:
    into, row = google
    leads = [make_lead(source="google"), make_lead(source="google"), make_lead(source="Google")]
    assert merge_named(row=row, into=into, now=NOW) == 0
    for lead in leads:
        lead.refresh_from_db()
    assert {lead.source for lead in leads} == {into}
    assert ChangedLead.objects.count() == 2


def test_what_comes_under_the_old_name_counts_for_the_other(google: tuple[Source, Source]) -> None:
    into, row = google
    merge_named(row=row, into=into, now=NOW)
    assert named(Source, "google") == into
    assert ids_by_name(Source, {"google", "Google", "Bing"}) == {
        "google": into.pk,
        "Google": into.pk,
        "Bing": Source.objects.get(name="Bing").pk,
    }


def test_names_merged_before_follow(google: tuple[Source, Source]) -> None:
    into, row = google
    merge_named(row=row, into=into, now=NOW)
    ads = Source.objects.create(name="Google Ads")
    merge_named(row=into, into=ads, now=NOW)
    assert set(ads.also_written.all()) == {into, row}


def test_not_into_itself_nor_into_what_is_merged(google: tuple[Source, Source]) -> None:
    into, row = google
    with pytest.raises(ValidationError):
        merge_named(row=row, into=row, now=NOW)
    merge_named(row=row, into=into, now=NOW)
    with pytest.raises(ValidationError):
        merge_named(row=Source.objects.create(name="Bing"), into=row, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Source.objects.filter(pk=row.pk).update(is_active=True)


def test_the_page_proposes_the_same_name(editor: Client, make_lead: MakeLead) -> None:
    into, row = Campaign.objects.create(name="Spring Fair"), Campaign.objects.create(name="spring fair")
    make_lead(campaign=row)
    url = reverse("list-merge", args=["campaigns", row.pk])
    page = editor.get(url)
    assert page.context["form"].initial == {"into": "Spring Fair"}
    assert send_plain(editor, url, "nowhere") == 422
    assert send_plain(editor, url, "Spring Fair") == 302
    assert into.leads.count() == 1
    assert editor.get(url).status_code == 404
    assert "merged into" in follow_switch(editor, row)


def test_a_renamed_source_is_scored_again(editor: Client, make_lead: MakeLead) -> None:
    make_lead(source="Fair")
    fair = Source.objects.get()
    send(editor, reverse("list-edit", args=["sources", fair.pk]), {"name": "Trade fair"})
    assert ChangedLead.objects.count() == 1


def send_plain(client: Client, url: str, into: str) -> int:
    return client.post(url, {"into": into}).status_code


def follow_switch(client: Client, row: Campaign) -> str:
    return client.post(reverse("list-switch", args=["campaigns", row.pk]), follow=True).content.decode()
