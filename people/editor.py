"""What every editing page does alike: a form and its rows are valid together, and nobody overwrites a colleague."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.forms import BaseForm
    from django.http import HttpRequest, HttpResponse

REFUSED = 422
# A page with a form: shown, and sent in.
form_methods = require_http_methods(["GET", "HEAD", "POST"])
Row = TypeVar("Row", bound=Model)


class Editor:
    """A form with its lists of rows, each a Django formset under a name of its own.

    ``seen`` stands for what the page showed; it travels in a hidden field, and a save that comes back with another
    one is refused, because somebody changed the row in between.
    """

    def __init__(self, request: HttpRequest, form: Any, **rows: Any) -> None:
        self.request = request
        self.form = form
        self.rows = rows
        self.seen = _fingerprint([form.initial, *(formset.initial for formset in rows.values())])

    def __getitem__(self, name: str) -> Any:
        return self.rows[name]

    @property
    def refused(self) -> bool:
        """Whether it came back and something in it is wrong."""
        return self.form.is_bound and bool(self.form.errors or any(not row.is_valid() for row in self.rows.values()))

    @property
    def only_rows_refused(self) -> bool:
        """Nothing is wrong with the form itself, so that its own summary says nothing."""
        return self.refused and not self.form.errors

    def is_valid(self) -> bool:
        """Whether it came back with everything right; checks every part, so that all errors show at once."""
        if not self.form.is_bound:
            return False
        fine = [self.form.is_valid(), *(row.is_valid() for row in self.rows.values())]
        if all(fine) and self.request.POST.get("seen", self.seen) != self.seen:
            self.form.add_error(None, _("Somebody has changed this in the meantime. Open it again to see how."))
            return False
        return all(fine)

    def carry_out(self, act: Callable[[], object]) -> bool:
        """Valid, and ``act`` succeeded; what a service or the database refuses becomes an error of the form."""
        return self.is_valid() and carried_out(self.form, act)

    def page(self, template: str, **context: Any) -> HttpResponse:
        """The page with this editor on it; 422 when it was refused."""
        status = REFUSED if self.refused else 200
        return render(self.request, template, {"editor": self, "form": self.form, **context}, status=status)


def carried_out(form: BaseForm, act: Callable[[], object]) -> bool:
    """Run ``act`` in a transaction of its own; False when it was refused, with the reason on the form."""
    try:
        with transaction.atomic():
            act()
    except ValidationError as error:
        _add(form, error)
    except IntegrityError:
        form.add_error(None, _("Somebody saved something that contradicts this a moment ago. Look, and save again."))
    return not form.errors


def locked(rows: QuerySet[Row], request: HttpRequest) -> QuerySet[Row]:
    """The rows, held until the end of the transaction when the request is there to change them."""
    return rows.select_for_update(of=("self",)) if request.method == "POST" else rows


def _add(form: BaseForm, error: ValidationError) -> None:
    """Errors at their fields, as far as the form has them."""
    fields = error.message_dict if hasattr(error, "error_dict") else {}
    for name, texts in fields.items():
        form.add_error(name if name in form.fields else None, texts)
    if not fields:
        form.add_error(None, error)


def _fingerprint(shown: Any) -> str:
    text = json.dumps(shown, default=str, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
