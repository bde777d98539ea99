"""A site that is tracked, and a browser on it that reports as the snippet does."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import time_machine
from django.test import Client

from leads.models import EventType, TrackedSite
from tests.cast import NOW

ORIGIN = "https://www.acme.example"
_numbers = itertools.count(1)


def build_site(*events: str, **fields: Any) -> TrackedSite:
    site = TrackedSite.objects.create(**{"name": "Our site", "origins": [ORIGIN], **fields})
    site.event_types.set(EventType.objects.filter(key__in=events or ("page_viewed", "pricing_viewed")))
    return site


def event(name: str = "page_viewed", at: datetime = NOW, key: str = "", **properties: Any) -> dict[str, Any]:
    return {"id": key or f"e{next(_numbers)}", "n": name, "t": at.timestamp() * 1000, "p": properties}


@dataclass
class Browser:
    """``skew`` is by how many seconds its clock is wrong."""

    site: TrackedSite
    uuid: uuid.UUID = field(default_factory=uuid.uuid4)
    skew: float = 0
    headers: dict[str, str] = field(default_factory=lambda: {"Origin": ORIGIN})

    def body(self, *events: Any, at: datetime = NOW, **changes: Any) -> str:
        told: dict[str, Any] = {
            "k": self.site.key,
            "v": self.uuid.hex,
            "c": False,
            "now": at.timestamp() * 1000,
            "e": list(events),
        }
        for one in told["e"]:
            one["t"] += self.skew * 1000
        told["now"] += self.skew * 1000
        return json.dumps({**told, **changes})

    def __call__(self, *events: Any, at: datetime = NOW, **changes: Any) -> int:
        return self.post(self.body(*(events or (event(),)), at=at, **changes), at)

    def post(self, body: str | bytes, at: datetime = NOW) -> int:
        with time_machine.travel(at, tick=False):
            answer = Client(enforce_csrf_checks=True).post(
                "/t/", body, content_type="text/plain;charset=UTF-8", headers=self.headers
            )
        assert answer.cookies == {}
        return int(answer.status_code)
