"""What the database refuses, said at the field it is about."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leads.models import Lead

MESSAGES: dict[str, tuple[str, Any]] = {
    "lead_email_unique": ("email", _("There is a lead with this e-mail address already.")),
    "lead_email_was_merged": (
        "email",
        _("A lead had this e-mail address before it was merged with another; it is that lead's still."),
    ),
    "former_email_is_free": ("email", _("There is a lead with this e-mail address already.")),
    "lead_email_normalised": ("email", _("The address has blanks around it.")),
    "lead_consent_has_time": ("consent_at", _("Consent needs the time when it was given or withdrawn.")),
    "external_id_unique": ("external_ids", _("Another lead has this number in that system already.")),
    "company_domain_unique": ("company_domain", _("There is a company with this domain already.")),
    "company_domain_was_merged": (
        "company_domain",
        _("A company had this domain before it was merged with another; it is that company's still."),
    ),
    "company_domain_is_own": ("company_domain", _("Anybody can have an address there: it is no company's domain.")),
}
FUTURE_SECONDS = 300
# Nothing is known from before; a date field half typed says the year 26, and other systems' “never” is the year 1,
# which is not even a date any more in the zone of somebody further west.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


@contextmanager
def refusals_at_fields() -> Iterator[None]:
    """Run in a savepoint; a broken constraint becomes a ValidationError at its field.

    Asking the constraint rather than looking first is what holds when two people save at once.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        field, message = MESSAGES.get(constraint_of(error), ("", ""))
        if not field:
            raise
        raise ValidationError({field: message}) from error


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that was broken, or nothing."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", None) or "")


def refuse_nul(values: dict[str, Any]) -> None:
    """PostgreSQL keeps no NUL in text: say so at the field."""
    broken = {name: _("Holds a NUL character.") for name, value in values.items() if "\x00" in str(value)}
    if broken:
        raise ValidationError(broken)


def refuse_long(*, field: str, text: str, limit: int) -> None:
    """A TextField's limit is checked by forms only; services keep it too."""
    if len(text) > limit:
        raise ValidationError({field: _("Is longer than %(limit)d characters.") % {"limit": limit}})


def refuse_impossible(*, field: str, at: datetime, now: datetime) -> None:
    """Clocks of other machines may run ahead a little, not more than five minutes; and nothing is ages ago."""
    if at < EARLIEST:
        raise ValidationError({field: _("This is too long ago.")})
    if (at - now).total_seconds() > FUTURE_SECONDS:
        raise ValidationError({field: _("This is in the future.")})


def refuse_erased(lead: Lead) -> None:
    """Nothing is added to what is left of a person who was erased; it only counts. For a lead that is held locked."""
    if lead.is_erased:
        raise ValidationError({NON_FIELD_ERRORS: _("This person was erased; nothing about them can be changed.")})


def refuse_erased_since(lead: Lead) -> None:
    """The same for a fact that was just added to a lead without holding it: asked afterwards, in its transaction.

    An erasure holds the lead so that foreign keys wait for it: it takes away what came before, and this what came
    after.
    """
    refuse_erased(type(lead)._default_manager.only("erased_at").get(pk=lead.pk))
