"""The pages of duplicate companies: list, side by side, merge, undo."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from leads.merge_pages import seen
from leads.models import Company, CompanyMerge, CompanyPair
from leads.services.companies import update_company
from people.models import User
from tests.cast import NOW, MakeLead


@pytest.fixture
def pair(make_lead: MakeLead, owner: User, colleague: User) -> CompanyPair:
    low = Company.objects.create(name="Acme", domain="acme.example", employees=1_200)
    high = Company.objects.create(name="ACME Ltd", city="Vigo", employees=40)
    make_lead(company=low, owner=owner)
    make_lead(company=high, owner=colleague)
    return CompanyPair.objects.create(low=low, high=high, reasons=["name"], score=50, found_at=NOW)


@pytest.fixture
def as_owner(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def test_listed_with_the_reason_and_side_by_side(as_owner: Client, pair: CompanyPair) -> None:
    page = as_owner.get(reverse("company-duplicate-list")).content.decode()
    assert "ACME Ltd" in page
    assert "Same name" in page
    assert as_owner.get(reverse("company-duplicate-list"), {"reason": "domain"}).context["count"] == 0
    shown = as_owner.get(reverse("company-duplicate-pair", args=[pair.pk]))
    assert shown.context["winner"] == pair.low
    assert "1,200" in shown.content.decode()
    assert "Moves over: 1 lead." in shown.content.decode()


def test_merge_and_undo(as_owner: Client, pair: CompanyPair) -> None:
    url = reverse("company-merge", args=[pair.low_id, pair.high_id])
    chosen = {"seen": seen(pair.low, pair.high), "take-employees": "loser"}
    answer = as_owner.post(url, chosen, follow=True)
    record = CompanyMerge.objects.get()
    assert answer.redirect_chain[0][0] == reverse("company-merge-undo", args=[record.pk])
    company = Company.objects.get(name="Acme")
    assert (company.employees, company.city, company.leads.count()) == (40, "Vigo", 2)

    update_company(company=company, data={"industry": "Toys"}, by=None, now=NOW)
    done = as_owner.post(reverse("company-merge-undo", args=[record.pk]), follow=True)
    assert b"ACME Ltd is a company of its own again." in done.content
    assert Company.objects.get(pk=pair.high_id).leads.count() == 1
    assert as_owner.post(reverse("company-merge-undo", args=[record.pk])).status_code == 422


def test_refuse_what_has_changed_and_itself(as_owner: Client, pair: CompanyPair) -> None:
    url = reverse("company-merge", args=[pair.low_id, pair.high_id])
    assert as_owner.post(url, {"seen": "older"}).status_code == 422
    assert as_owner.get(reverse("company-merge", args=[pair.low_id, pair.low_id])).status_code == 404


def test_two_companies(as_owner: Client, pair: CompanyPair, owner: User) -> None:
    as_owner.post(reverse("company-duplicate-dismiss", args=[pair.pk]))
    pair.refresh_from_db()
    assert pair.dismissed_by == owner
    assert as_owner.get(reverse("company-duplicate-list")).context["count"] == 0


def test_only_who_sees_leads_of_both(client: Client, pair: CompanyPair, other_team_sdr: User, marketer: User) -> None:
    client.force_login(other_team_sdr)
    assert client.get(reverse("company-duplicate-list")).context["count"] == 0
    for name, args in (
        ("company-duplicate-pair", [pair.pk]),
        ("company-merge", [pair.low_id, pair.high_id]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 404
    client.force_login(marketer)
    assert client.get(reverse("company-duplicate-list")).context["count"] == 1
