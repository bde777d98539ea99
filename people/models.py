"""Who: users, their roles, teams and reporting lines (the lowest floor of the house)."""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo

import pghistory
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.querysets import TeamQuerySet, UserManager
from people.zones import validate_zone

# Who may do what, and who answers for whom, is worth a history; when somebody last signed in is not.
TRACKED_FIELDS = (
    "email",
    "name",
    "role",
    "team",
    "reports_to",
    "time_zone",
    "language",
    "takes_leads",
    "is_active",
)


class Role(models.TextChoices):
    """What a person does all day; it decides what they may see and change (see ``people.permissions``)."""

    SDR = "sdr", _("Sales development representative")
    AE = "ae", _("Account executive")
    MARKETER = "marketer", _("Marketer")
    MANAGER = "manager", _("Sales manager")
    EXECUTIVE = "executive", _("Executive")
    ADMINISTRATOR = "administrator", _("Administrator")


@pghistory.track(model_name="TeamHistory")
class Team(models.Model):
    """People who share a queue of leads or a part of marketing."""

    class Side(models.TextChoices):
        SALES = "sales", _("Sales")
        MARKETING = "marketing", _("Marketing")

    name = models.CharField(_("name"), max_length=120)
    side = models.CharField(_("side"), max_length=16, choices=Side.choices, default=Side.SALES)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("manager"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="managed_teams",
        help_text=_("Hears of a breach when a lead has no owner, or its owner reports to nobody."),
    )

    objects: ClassVar[TeamQuerySet] = TeamQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as a Manager

    class Meta:
        ordering = ("name",)
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = (
            models.UniqueConstraint(
                Lower("name"),
                name="team_name_unique",
                violation_error_message=_("There is a team of this name already."),
            ),
        )

    def __str__(self) -> str:
        return self.name


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange(*TRACKED_FIELDS)),
    pghistory.DeleteEvent(),
    fields=["id", *TRACKED_FIELDS],
    model_name="UserHistory",
)
class User(AbstractBaseUser):
    """A person who signs in; the e-mail address is the sign-in name, whatever its case."""

    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    team = models.ForeignKey(
        Team, verbose_name=_("team"), null=True, blank=True, on_delete=models.SET_NULL, related_name="members"
    )
    reports_to = models.ForeignKey(
        "self",
        verbose_name=_("reports to"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="reports",
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="en")
    takes_leads = models.BooleanField(
        _("takes new leads"),
        default=True,
        help_text=_("Switch off while away: routing passes this person over. Running clocks run on."),
    )
    is_active = models.BooleanField(
        _("may sign in"), default=True, help_text=_("Switch off instead of deleting: the history keeps the name.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=_("Somebody signs in with this address already."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="user_role_known",
                violation_error_message=_("There is no such role."),
            ),
            models.CheckConstraint(
                condition=~models.Q(reports_to=models.F("id")),
                name="user_not_own_manager",
                violation_error_message=_("Nobody reports to themselves."),
            ),
        )
        indexes = (
            # Routing asks this for every batch of hand-offs.
            models.Index(
                fields=("team", "role"),
                name="user_available",
                condition=models.Q(is_active=True, takes_leads=True),
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)
        if self.reports_to is not None and self._is_above(self.reports_to):
            raise ValidationError(
                {"reports_to": _("%(name)s already reports to this person.") % {"name": self.reports_to}}
            )

    def _is_above(self, person: User) -> bool:
        """Whether ``person`` reports, however indirectly, to this user (a circle would never end)."""
        seen: set[int] = set()
        boss: User | None = person
        while boss is not None and boss.pk not in seen:
            if boss.pk == self.pk and self.pk is not None:
                return True
            seen.add(boss.pk)
            boss = boss.reports_to
        return False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email
