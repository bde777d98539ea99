"""What django-allauth leaves to chance: a mail server that does not answer."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any

from allauth.account.views import PasswordResetView
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import HttpResponse

logger = logging.getLogger(__name__)
UNAVAILABLE = 503


class ResetPassword(PasswordResetView):  # type: ignore[misc]  # allauth ships no types
    """Says that the mail could not be sent, to everybody alike: unknown addresses are written to as well."""

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().form_valid(form)
        except (OSError, SMTPException):
            logger.exception("a mail with a link for a new password was not sent")
            form.add_error(None, _("The mail could not be sent. Please try again in a few minutes."))
            answer = self.form_invalid(form)
            answer.status_code = UNAVAILABLE
        return answer
