"""Who hears of a level: values in, values out.

The people are those of the moment at which a message is written, not of the moment at which the level was agreed:
reporting lines change, and who is not there is stood in for by the manager.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from people.models import Role, Team, User
from sla.models import Level

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Audience:
    """The people in the order of the level's recipients, each once, and why somebody stands in for another."""

    people: tuple[User, ...]
    remarks: tuple[str, ...]


@dataclass(slots=True)
class Directory:
    """Everybody and every team, by number; read once for a whole batch."""

    users: Mapping[int, User]
    teams: Mapping[int, Team]

    @classmethod
    def load(cls) -> Directory:
        return cls(User.objects.in_bulk(), Team.objects.in_bulk())

    def with_role(self, role: str) -> list[User]:
        """Active people of the role, the longest serving first."""
        return sorted((user for user in self.users.values() if user.is_active and user.role == role), key=_number)

    def manager_of(self, user: User | None, team_id: int) -> User | None:
        """Who they report to, else who leads the team: perhaps inactive, never themselves."""
        if user is not None and user.reports_to_id is not None:
            return self.users.get(user.reports_to_id)
        team = self.teams.get(team_id)
        leader = self.users.get(team.manager_id) if team is not None and team.manager_id is not None else None
        return None if leader == user else leader


@dataclass(slots=True)
class _Choice:
    directory: Directory
    owner: User | None
    team_id: int
    people: dict[int, User] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)

    def add(self, user: User | None) -> None:
        """The person, or the first active one up the line."""
        seen: set[int] = set()
        while user is not None and not user.is_active and user.pk not in seen:
            seen.add(user.pk)
            self.remarks[_("the manager stands in for %(name)s, who is not active") % {"name": user}] = None
            user = self.directory.manager_of(user, self.team_id)
        if user is not None and user.is_active:
            self.people[user.pk] = user

    def add_owner(self) -> None:
        if self.owner is None:
            self.remarks[_("the manager stands in: the lead has no owner")] = None
            self.add_manager()
        else:
            self.add(self.owner)

    def add_manager(self) -> None:
        self.add(self.directory.manager_of(self.owner, self.team_id))

    def add_executives(self) -> None:
        chosen = self.directory.with_role(Role.EXECUTIVE)
        if not chosen:
            self.remarks[_("administrators stand in: there is no executive")] = None
            chosen = self.directory.with_role(Role.ADMINISTRATOR)
        for user in chosen:
            self.add(user)


def audience(directory: Directory, *, kinds: Iterable[str], owner_id: int | None, team_id: int) -> Audience:
    """Who hears; nobody when there is no one to stand in either. A kind that is none is a ``KeyError``."""
    owner = None if owner_id is None else directory.users.get(owner_id)
    choice = _Choice(directory, owner, team_id)
    add: dict[str, Callable[[], None]] = {
        Level.Recipient.OWNER: choice.add_owner,
        Level.Recipient.MANAGER: choice.add_manager,
        Level.Recipient.EXECUTIVES: choice.add_executives,
    }
    for kind in kinds:
        add[kind]()
    return Audience(tuple(choice.people.values()), tuple(choice.remarks))


def _number(user: User) -> int:
    return user.pk
