"""The shared cast of people, and small factories: loaded as a pytest plugin by ``tests/conftest.py``."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from leads.models import Company, EventType, Lead, LeadStatus, LeadType, LifecycleStage, Source
from people.models import Role, Team, User

# A Wednesday in term time, ten in the morning in Madrid and Warsaw.
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


class MakeUser(Protocol):
    def __call__(self, name: str = ..., role: str = ..., **fields: Any) -> User: ...


class MakeLead(Protocol):
    def __call__(self, stage: str = ..., **fields: Any) -> Lead: ...


def build_user(name: str = "", role: str = Role.SDR, **fields: Any) -> User:
    """A person whose password is ``PASSWORD``; the address follows from the name unless given."""
    number = next(_numbers)
    name = name or f"Person {number}"
    email = fields.pop("email", f"{name.lower().replace(' ', '.')}.{number}@baton.example")
    return User.objects.create_user(email, PASSWORD, name=name, role=role, **{"time_zone": "Europe/Madrid", **fields})


def build_lead(stage: str = "lead", **fields: Any) -> Lead:
    """A lead in the stage (by key); ``source``, ``company`` may be names, ``status`` and ``lead_type`` keys."""
    number = next(_numbers)
    if isinstance(fields.get("source"), str):
        fields["source"] = Source.objects.get_or_create(name=fields["source"])[0]
    if isinstance(fields.get("company"), str):
        fields["company"] = Company.objects.get_or_create(name=fields["company"])[0]
    fields["status"] = LeadStatus.objects.get(key=fields.get("status", "new"))
    fields["lead_type"] = LeadType.objects.get(key=fields.get("lead_type", "new_customer"))
    defaults = {"first_name": "Lea", "last_name": f"Lead {number}", "email": f"lead.{number}@customer.example"}
    return Lead.objects.create(
        stage=LifecycleStage.objects.get(key=stage), **{**defaults, "stage_since": NOW, "captured_at": NOW, **fields}
    )


@pytest.fixture
def make_user(db: None) -> MakeUser:
    return build_user


@pytest.fixture
def make_lead(db: None) -> MakeLead:
    return build_lead


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def executive(db: None) -> User:
    return build_user("Eva Executive", Role.EXECUTIVE)


@pytest.fixture
def administrator(db: None) -> User:
    return build_user("Ada Administrator", Role.ADMINISTRATOR)


@pytest.fixture
def marketer(db: None) -> User:
    team = Team.objects.create(name="Marketing", side=Team.Side.MARKETING)
    return build_user("Mara Marketer", Role.MARKETER, team=team)


@pytest.fixture
def manager(executive: User) -> User:
    return build_user("Max Manager", Role.MANAGER, reports_to=executive)


@pytest.fixture
def sales_team(manager: User) -> Team:
    return Team.objects.create(name="Inside sales", manager=manager)


@pytest.fixture
def owner(sales_team: Team, manager: User) -> User:
    """The SDR whose leads these are."""
    return build_user("Olga Owner", Role.SDR, team=sales_team, reports_to=manager)


@pytest.fixture
def colleague(sales_team: Team, manager: User) -> User:
    """Another SDR of the same team."""
    return build_user("Carl Colleague", Role.SDR, team=sales_team, reports_to=manager)


@pytest.fixture
def ae(sales_team: Team, manager: User) -> User:
    return build_user("Alma Account", Role.AE, team=sales_team, reports_to=manager, takes_leads=False)


@pytest.fixture
def other_manager(executive: User) -> User:
    return build_user("Mona Manager", Role.MANAGER, reports_to=executive)


@pytest.fixture
def other_team(other_manager: User) -> Team:
    return Team.objects.create(name="Field sales", manager=other_manager)


@pytest.fixture
def other_team_sdr(other_team: Team, other_manager: User) -> User:
    """An SDR who has no business with the owner's leads."""
    return build_user("Otto Other", Role.SDR, team=other_team, reports_to=other_manager)


@pytest.fixture
def everybody(
    owner: User,
    colleague: User,
    other_team_sdr: User,
    ae: User,
    manager: User,
    marketer: User,
    executive: User,
    administrator: User,
) -> dict[str, User]:
    """One person per role (and the odd ones), by role or part played."""
    return {
        "sdr": owner,
        "colleague": colleague,
        "other_team_sdr": other_team_sdr,
        "ae": ae,
        "manager": manager,
        "marketer": marketer,
        "executive": executive,
        "administrator": administrator,
    }


@pytest.fixture
def event_type(db: None) -> Any:
    """``event_type("demo_requested")`` → the EventType."""
    return lambda key: EventType.objects.get(key=key)
