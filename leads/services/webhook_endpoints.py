"""The addresses of webhooks: made, changed, switched, their secret rolled."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from leads import outgoing
from leads.models import WebhookDelivery, WebhookEndpoint
from leads.models.webhooks import PING
from leads.services.errors import refuse_nul
from leads.services.webhook_delivery import drop
from leads.services.webhooks import message, nudge
from leads.text import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from people.models import User

MOST = 50
OLD_SECRET_SIGNS = timedelta(days=1)
REFUSALS = {
    "malformed": _("This is no address such as https://example.com/hook."),
    "scheme": _("It must begin with https://."),
    "unknown": _("There is no server of this name."),
    "private": _("This server is in a private network. Baton does not send there."),
}


def check_url(url: str) -> str:
    """The address if it may be sent to. Raises ValidationError at ``url``, also for one inside our own network."""
    refuse_nul({"url": url})
    url = tidy(url)
    try:
        outgoing.target_of(url, private=settings.BATON_WEBHOOK_PRIVATE)
    except outgoing.RefusedError as error:
        raise ValidationError({"url": REFUSALS[error.code]}) from error
    return url


@transaction.atomic
def create_endpoint(*, url: str, kinds: Sequence[str], description: str, by: User, now: datetime) -> WebhookEndpoint:
    """A new address, switched on, with a secret of its own (which is shown once)."""
    if WebhookEndpoint.objects.count() >= MOST:
        raise ValidationError(_("There are %(n)d webhooks already; delete one first.") % {"n": MOST})
    endpoint = WebhookEndpoint(
        url=check_url(url),
        kinds=sorted(kinds),
        description=tidy(description),
        secret=_new_secret(),
        created_by=by,
        created_at=now,
    )
    endpoint.full_clean()
    endpoint.save(force_insert=True)
    return endpoint


@transaction.atomic
def update_endpoint(*, endpoint: WebhookEndpoint, url: str, kinds: Sequence[str], description: str) -> WebhookEndpoint:
    """Change where it goes and what it hears of; what waits goes to the new address."""
    endpoint.url = check_url(url)
    endpoint.kinds, endpoint.description = sorted(kinds), tidy(description)
    endpoint.full_clean()
    endpoint.save(update_fields=["url", "kinds", "description"])
    return endpoint


@transaction.atomic
def switch_endpoint(*, endpoint: WebhookEndpoint, on: bool, now: datetime) -> None:
    """Switch it on or off. Off, nothing is written for it; what waited goes out when it is on again."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        is_active=on, disabled_at=None, failing_since=None, quiet_until=None
    )
    if on:
        WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.PENDING).update(next_try_at=now)
        nudge()


@transaction.atomic
def roll_secret(*, endpoint: WebhookEndpoint, now: datetime) -> str:
    """A new secret; the old one signs beside it for a day, so that nothing is lost while the other side changes."""
    row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    row.old_secret, row.old_secret_until, row.secret = row.secret, now + OLD_SECRET_SIGNS, _new_secret()
    row.save(update_fields=["old_secret", "old_secret_until", "secret"])
    return row.secret


@transaction.atomic
def ping(*, endpoint: WebhookEndpoint, by: User, now: datetime) -> WebhookDelivery:
    """A message about nothing, to see whether it arrives. Raises ValidationError while the webhook is off."""
    if not endpoint.is_active:
        raise ValidationError(_("Switch the webhook on first."))
    payload = message(PING, now, {"webhook": endpoint.pk, "sent_by": by.name})
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event_id=uuid4(), kind=PING, payload=payload, created_at=now, next_try_at=now
    )
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(quiet_until=None)
    nudge()
    return delivery


@transaction.atomic
def delete_endpoint(*, endpoint: WebhookEndpoint) -> None:
    """With its log; what waits is not sent any more."""
    drop(WebhookDelivery.objects.filter(endpoint=endpoint))
    endpoint.delete()


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
