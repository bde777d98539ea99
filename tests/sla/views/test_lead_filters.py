"""Every filter of the list of leads: what it finds, and that what cannot be read finds nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import Attempt, Lead
from people.models import User
from sla.views.leads import narrowed
from tests.cast import MakeLead

URL = reverse("lead-list")


def names(client: Client, query: str) -> list[str]:
    response = client.get(URL + query)
    assert response.status_code == 200
    return [row["last_name"] for row in response.context["page"].rows]


ONE, TWO, BOTH, NONE = {"One"}, {"Two"}, {"One", "Two"}, set[str]()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("first_name=AD&first_name_lookup=istartswith", ONE), ("first_name=da&first_name_lookup=istartswith", NONE),
        ("first_name=da&first_name_lookup=icontains", ONE), ("first_name=ada&first_name_lookup=iexact", ONE),
        ("email=one@", ONE), ("phone=600&phone_lookup=icontains", ONE),
        ("job_title=buy&job_title_lookup=icontains", ONE), ("city=vigo&city_lookup=iexact", ONE),
        ("country=sp&country_lookup=istartswith", ONE), ("budget=ten&budget_lookup=icontains", ONE),
        ("company=acme&company_lookup=iexact", ONE), ("industry=mining&industry_lookup=iexact", ONE),
        ("company_country=spain&company_country_lookup=iexact", ONE),
        ("employees_from=50&employees_to=50", ONE), ("employees_from=51", NONE), ("revenue_to=999", NONE),
        ("consent=granted", ONE), ("consent=unknown", TWO), ("consent_source=form&consent_source_lookup=iexact", ONE),
        ("do_not_call=yes", ONE), ("do_not_call=no", TWO), ("journey=decision", ONE),
        ("captured_from=2026-11-17", TWO), ("captured_to=2026-10-19", ONE), ("captured_to=2026-10-18", NONE),
        ("updated_to=2026-11-16", ONE), ("touched_from=2026-11-16&touched_to=2026-11-16", ONE),
        ("handoff=yes", ONE), ("handoff=no", TWO), ("overdue=yes", ONE), ("overdue=no", TWO),
        ("score_from=50", ONE), ("score_from=50.01", NONE), ("fit_from=30&fit_to=30", ONE), ("engagement_to=14", NONE),
        ("intent_from=5", ONE),
        ("custom_seats_from=20&custom_seats_to=20.5", ONE), ("custom_seats_from=21", NONE),
        ("custom_renewal_from=2026-12-01", ONE), ("custom_renewal_to=2026-11-30", NONE),
        ("custom_plan=Gold", ONE), ("custom_plan=Tin", NONE), ("custom_vip=yes", ONE), ("custom_vip=no", NONE),
        ("custom_uses__gte=sap&custom_uses__gte_lookup=icontains", ONE),
        ("custom_uses__gte=sap&custom_uses__gte_lookup=istartswith", NONE),
    ],
)  # fmt: skip
def test_every_filter(client: Client, told: None, marketer: User, query: str, expected: set[str]) -> None:
    client.force_login(marketer)

    assert set(names(client, f"?{query}")) == expected
    html = client.get(f"{URL}?{query}").content.decode()
    assert "lead-chip" in html
    assert "makes no sense" not in html


@pytest.mark.parametrize("what", ["lead_type", "team", "campaign", "persona", "profile"])
def test_a_row_of_a_list_as_filter(client: Client, told: None, marketer: User, owner: User, what: str) -> None:
    one = Lead.objects.select_related("score", "owner").get(last_name="One")
    value = {
        "lead_type": one.lead_type_id, "team": owner.team_id, "campaign": one.campaign_id,
        "persona": one.score.persona_id, "profile": one.score.icp_id,
    }[what]  # fmt: skip
    client.force_login(marketer)

    assert set(names(client, f"?{what}={value}")) == (BOTH if what == "lead_type" else ONE)


def test_no_touch_for_some_days(client: Client, make_lead: MakeLead, marketer: User, owner: User) -> None:
    now = timezone.now()
    for last_name, known, touched in (("Old", 9, 8), ("Fresh", 9, 6), ("Never", 9, None), ("New", 1, None)):
        lead = make_lead(last_name=last_name, captured_at=now - timedelta(days=known))
        if touched:
            at = now - timedelta(days=touched)
            Attempt.objects.create(lead=lead, user=owner, channel="call", outcome="busy", occurred_at=at)
    client.force_login(marketer)

    assert set(names(client, "?untouched=7")) == {"Old", "Never"}
    assert set(names(client, "?untouched=5")) == {"Old", "Never", "Fresh"}


@pytest.mark.parametrize(
    "query",
    [
        "employees_from=99999999999999999999", "employees_from=x", "captured_from=nonsense",
        "untouched=0", "untouched=1e9", "score_from=NaN", "consent=maybe", "stage=x",
        "first_name=a&first_name_lookup=regex", "custom_seats_from=1e400", "custom_gone=1", "no_such_filter=1",
    ],
)  # fmt: skip
def test_what_cannot_be_read_finds_nothing_rather_than_everything(
    client: Client, told: None, marketer: User, query: str
) -> None:
    client.force_login(marketer)

    assert names(client, f"?{query}") == []
    assert narrowed(QueryDict(query), marketer).count() == 0


@pytest.mark.parametrize("query", ["captured_from=0001-01-01", "captured_to=9999-12-31"])
def test_the_first_and_the_last_day_there_is(client: Client, told: None, marketer: User, query: str) -> None:
    client.force_login(marketer)

    assert set(names(client, f"?{query}")) == BOTH


def test_what_is_gone_is_said(client: Client, told: None, marketer: User) -> None:
    client.force_login(marketer)

    html = client.get(f"{URL}?custom_gone_from=3&q=one").content.decode()

    assert "names a filter that is gone" in html
    assert f'href="{URL}?q=one"' in html


def test_a_filter_is_added_without_scripts(client: Client, told: None, marketer: User) -> None:
    client.force_login(marketer)

    html = client.get(f"{URL}?add=country&q=one&stage=").content.decode()

    assert 'name="country"' in html
    assert 'name="country_lookup"' in html
    assert 'value="country_region"' not in html
    assert '<button class="menu-item" type="submit" name="add" value="country">' not in html
    assert names(client, "?add=country&q=one&stage=") == ["One"]
