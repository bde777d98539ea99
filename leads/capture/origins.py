"""Addresses of sites as people type them, kept as browsers write origins."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.capture.touch import origin_of

PLAIN = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
WITH_WILDCARD = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
MOST, LONGEST = 50, 250


class OriginsField(forms.CharField):
    """One address a line; kept is scheme, host and port. ``https://`` is added where no scheme was typed."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def __init__(self, *, wildcards: bool = False, **kwargs: Any) -> None:
        self.shape = WITH_WILDCARD if wildcards else PLAIN
        super().__init__(max_length=10_000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> list[str]:
        typed = super().clean(value).replace(",", " ").split()
        origins = {text: _origin(text) for text in typed}
        wrong = [text for text, origin in origins.items() if not self.shape.fullmatch(origin) or len(origin) > LONGEST]
        if wrong:
            raise ValidationError(_("“%(text)s” is not an address such as https://www.acme.com.") % {"text": wrong[0]})
        if len(origins) > MOST:
            raise ValidationError(_("These are more than %(most)d addresses.") % {"most": MOST})
        return list(dict.fromkeys(origins.values()))


def _origin(text: str) -> str:
    """In ASCII, as browsers send it; a port that goes without saying is left out. An e-mail address is none."""
    if "@" in text:
        return ""
    origin = origin_of(text if "://" in text else f"https://{text}")
    try:
        origin = origin.encode("idna").decode() if not origin.isascii() else origin
    except UnicodeError:
        return ""
    scheme, _separator, host = origin.partition("://")
    return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"
