"""Who works at the demonstration company: one sign-in per role, and colleagues enough to hand leads around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from people.models import Role, Team, User

if TYPE_CHECKING:
    from datetime import datetime

PASSWORD = "baton-demo-2026"  # noqa: S105  # a demonstration is meant to be signed in to; it is printed at the start
DOMAIN = "meridian.example"


@dataclass(frozen=True, slots=True)
class Hire:
    """A person to be: ``boss`` is the sign-in name of whom they report to."""

    login: str
    name: str
    role: Role
    zone: str
    team: str = ""
    boss: str = ""


HIRES = (
    Hire("ceo", "Carmen Ibáñez Lorenzo", Role.EXECUTIVE, "Europe/Madrid"),
    Hire("admin", "Arvid Nyström", Role.ADMINISTRATOR, "Europe/Stockholm", boss="ceo"),
    Hire("marketer", "Marta Wiśniewska", Role.MARKETER, "Europe/Warsaw", "Marketing", "ceo"),
    Hire("manager", "Miguel Sánchez Ortega", Role.MANAGER, "Europe/Madrid", "Inside sales Europe", "ceo"),
    Hire(
        "manager.americas", "Renata Oliveira Campos", Role.MANAGER, "America/Sao_Paulo", "Inside sales Americas", "ceo"
    ),
    Hire("sdr", "Sofía Herrero Vidal", Role.SDR, "Europe/Madrid", "Inside sales Europe", "manager"),
    Hire("sdr.pawel", "Paweł Zieliński", Role.SDR, "Europe/Warsaw", "Inside sales Europe", "manager"),
    Hire("sdr.hannah", "Hannah Fitzgerald-Montgomery", Role.SDR, "Europe/London", "Inside sales Europe", "manager"),
    Hire("sdr.bruno", "Bruno Tavares", Role.SDR, "America/Sao_Paulo", "Inside sales Americas", "manager.americas"),
    Hire("sdr.dana", "Dana Whitfield", Role.SDR, "America/New_York", "Inside sales Americas", "manager.americas"),
    Hire("ae", "Álvaro Prieto", Role.AE, "Europe/Madrid", "Inside sales Europe", "manager"),
)
MANAGED = {"Inside sales Europe": "manager", "Inside sales Americas": "manager.americas"}


def hire_staff(joined: datetime) -> dict[str, User]:
    """Create teams and people; returns them by sign-in name (the part before the @)."""
    teams = {name: Team.objects.create(name=name) for name in MANAGED}
    teams["Marketing"] = Team.objects.create(name="Marketing", side=Team.Side.MARKETING)
    # One hash for all: hashing is slow on purpose, and the password is the same.
    password = make_password(PASSWORD)
    people: dict[str, User] = {}
    for hire in HIRES:
        people[hire.login] = User.objects.create(
            email=f"{hire.login}@{DOMAIN}",
            password=password,
            name=hire.name,
            role=hire.role,
            time_zone=hire.zone,
            team=teams.get(hire.team),
            reports_to=people.get(hire.boss),
            date_joined=joined,
        )
    for name, login in MANAGED.items():
        Team.objects.filter(name=name).update(manager=people[login])
    return people


def sign_ins() -> list[tuple[str, str, str]]:
    """``(role, address, password)`` of one person per role, for the terminal."""
    first: dict[Role, Hire] = {}
    for hire in HIRES:
        first.setdefault(hire.role, hire)
    return [(str(role.label), f"{hire.login}@{DOMAIN}", PASSWORD) for role, hire in first.items()]
