"""Changing who may sign in, as what, in which team."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import TYPE_CHECKING

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from people.models import Role, User

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.http import HttpRequest

logger = logging.getLogger(__name__)


@transaction.atomic
def save_person(*, person: User, fields: Collection[str], by: User) -> User:
    """Write the named fields of a person, new or changed.

    Raises ValidationError when nobody would be left to let people in, or ``by`` locked themselves out.
    """
    if person._state.adding:
        person.set_unusable_password()
        person.save()
        return person
    _stay_reachable(person, by)
    before = User.objects.get(pk=person.pk)
    person.save(update_fields=[*fields])
    if before.email != person.email:
        # allauth would go on accepting an address it once noted down for this person.
        EmailAddress.objects.filter(user=person).delete()
    return person


def send_sign_in_mail(*, person: User, request: HttpRequest) -> bool:
    """Mail the person a link by which they choose a password; False (and a log line) when the mail server refuses."""
    form = ResetPasswordForm({"email": person.email})
    if not form.is_valid() or not form.users:
        return False
    try:
        with translation.override(person.language):
            form.save(request)
    except (OSError, SMTPException):
        logger.exception("the sign-in mail of person %s was not sent", person.pk)
        return False
    return True


def _stay_reachable(person: User, by: User) -> None:
    """Administrators are locked while one of them changes, so that two cannot take each other's leave at once."""
    admins = User.objects.active().filter(role=Role.ADMINISTRATOR).order_by("pk")
    others = [admin for admin in admins.select_for_update() if admin.pk != person.pk]
    if person == by and not person.is_active:
        raise ValidationError({"is_active": _("You cannot lock yourself out.")})
    if others or (person.is_active and person.role == Role.ADMINISTRATOR):
        return
    field = "is_active" if not person.is_active else "role"
    raise ValidationError({field: _("This is the last administrator: make somebody else one first.")})
