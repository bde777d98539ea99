"""Named questions about people, and the manager that creates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import BaseUserManager
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from people.models import Team, User


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def available_sdrs(self) -> Self:
        """SDRs that routing may give a lead to: active and taking leads."""
        return self.active().filter(role="sdr", takes_leads=True)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]  # a base built at run time
    use_in_migrations = False

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        user: User = self.get(email__iexact=(username or "").strip())
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:  # model fields
        """Create a person; without a password they set one by the reset mail."""
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:  # model fields
        """What ``manage.py createsuperuser`` calls: an administrator."""
        return self.create_user(email, password, **{"role": "administrator", "name": email, **fields})


class TeamQuerySet(models.QuerySet["Team"]):
    def sales(self) -> Self:
        return self.filter(side="sales")

    def visible_to(self, user: User) -> Self:
        """A manager sees the teams they lead; other roles that see teams see all."""
        if user.role == "manager":
            return self.filter(Q(manager=user) | Q(members__reports_to=user)).distinct()
        return self
