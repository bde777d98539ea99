"""Forms for tests, and somebody who fills them in: opens the page, takes some seconds, sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.test import Client

from leads.models import CaptureField, CaptureForm, EventType
from tests.cast import NOW
from tests.forms import filled

EMAIL = {"what": "email", "required": True}


def build_form(*questions: dict[str, Any] | str, **fields: Any) -> CaptureForm:
    """A form that asks these (a text is what it asks); an e-mail address and a name unless said otherwise."""
    event_type = EventType.objects.get(key="form_submitted")
    usual = {"name": "Demo", "title": "Ask for a demo", "consent_mode": "none", "event_type": event_type}
    form = CaptureForm.objects.create(**{**usual, **fields})
    for position, asked in enumerate(questions or (EMAIL, "first_name", "last_name")):
        told = {"what": asked} if isinstance(asked, str) else asked
        CaptureField.objects.create(form=form, position=position, **told)
    return form


@dataclass
class Sender:
    """A visitor with a browser of their own; ``query`` is the end of the address they came by."""

    form: CaptureForm
    query: str = ""
    embed: bool = False
    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"/f/{self.form.key}/{'embed/' if self.embed else ''}{self.query}"

    def open(self, at: datetime = NOW) -> Any:
        with time_machine.travel(at, tick=False):
            return self.client.get(self.url, headers=self.headers)

    def asked(self, at: datetime = NOW) -> list[str]:
        """The names of the fields on the page, in order, without what no person sees."""
        return [
            name for name in filled(self.open(at).content.decode(), "ticket") if name not in {"ticket", "website_url"}
        ]

    def __call__(self, at: datetime = NOW, after: float = 30, **answers: Any) -> Any:
        """Open the page, wait so many seconds, send these answers."""
        shown = self.open(at)
        assert shown.status_code == 200
        ticket = filled(shown.content.decode(), "ticket")["ticket"]
        return self.send({"ticket": ticket, **answers}, at + timedelta(seconds=after))

    def send(self, data: dict[str, Any], at: datetime = NOW) -> Any:
        with time_machine.travel(at, tick=False):
            return self.client.post(self.url, data, headers=self.headers)
