from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from leads.models import Attempt, Campaign, Company, CustomField
from people.models import User
from scoring.models import Icp, LeadScore, Persona, ScoringModel
from tests.cast import NOW, MakeLead
from tests.work import build_work

CONDITIONS = [{"field": "country", "op": "is", "value": "Spain"}]


@pytest.fixture
def told(make_lead: MakeLead, owner: User, other_team_sdr: User) -> None:
    """Two leads that differ in everything."""
    for key, kind, choices in (
        ("seats", "number", []), ("renewal", "date", []), ("plan", "choice", ["Gold", "Tin"]), ("vip", "yes_no", []),
        ("uses__gte", "text", []),
    ):  # fmt: skip
        CustomField.objects.create(key=key, name=key.title(), kind=kind, choices=choices)
    acme = Company.objects.create(name="Acme", industry="Mining", country="Spain", employees=50, annual_revenue=1_000)
    one = make_lead(
        "mql", last_name="One", first_name="Ada", email="one@x.example", phone="+34 600", job_title="Buyer",
        city="Vigo",
        company=acme, owner=owner, source="Fair", campaign=Campaign.objects.create(name="Spring"), country="Spain",
        consent="granted", consent_at=NOW, consent_source="Form", do_not_call=True, journey_step="decision",
        status="attempting", bant_budget="Ten thousand", captured_at=NOW - timedelta(days=30), stage_since=NOW,
        custom={"seats": 20, "renewal": "2026-12-01", "plan": "Gold", "vip": True, "uses__gte": "Excel and SAP"},
        updated_at=NOW - timedelta(days=3),
    )  # fmt: skip
    make_lead("lead", last_name="Two", first_name="Bo", owner=other_team_sdr, captured_at=NOW - timedelta(days=1))
    model = ScoringModel.objects.create(version=1, created_at=NOW)
    persona = Persona.objects.create(name="Paula", buying_role="user", conditions=CONDITIONS)
    LeadScore.objects.create(
        lead=one, model=model,
        fit=Decimal(30), engagement=Decimal(15), intent=Decimal(5), total=Decimal(50), scored_at=NOW, persona=persona,
        icp=Icp.objects.create(name="Factories"),
    )  # fmt: skip
    build_work(one, owner, due_at=timezone.now() - timedelta(minutes=1))
    Attempt.objects.create(lead=one, user=owner, channel="call", outcome="busy", occurred_at=NOW - timedelta(days=2))
