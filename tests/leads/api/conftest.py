from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from leads.models import ApiKey, Scope
from leads.services.api_keys import issue_key
from people.models import User

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


class Caller:
    """Another program: sends JSON with its key, and reads JSON."""

    def __init__(self, key: ApiKey, secret: str) -> None:
        self.key = key
        self.secret = secret
        self.client = Client(raise_request_exception=True)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """``headers`` with underscores; the answer is as Django's client gives it, ``.json()`` its body."""
        sent = {"Authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        data = body if isinstance(body, bytes) else json.dumps(body) if body is not None else ""
        content_type = sent.pop("Content-Type", "application/json")
        return self.client.generic(method, f"/api/v1{path}", data, content_type=content_type, headers=sent)

    def put(self, body: Any, **headers: str) -> Any:
        return self("PUT", "/leads", body, **headers)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)


MakeCaller = Callable[..., Caller]


@pytest.fixture
def make_caller(administrator: User) -> MakeCaller:
    def make(*scopes: Scope, name: str = "Website", per_minute: int = 600) -> Caller:
        given = list(scopes) or list(Scope)
        return Caller(*issue_key(name=name, scopes=given, per_minute=per_minute, by=administrator, now=NOW))

    return make


@pytest.fixture
def caller(make_caller: MakeCaller) -> Caller:
    """One that may do everything."""
    return make_caller()


def errors_of(response: Any) -> dict[str, str]:
    """The messages of a refusal by field; it has no other shape."""
    body = response.json()
    assert list(body) == ["errors"], body
    assert all(set(error) == {"field", "message"} for error in body["errors"])
    return {error["field"]: error["message"] for error in body["errors"]}
