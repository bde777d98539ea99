"""Whatever a program sends, sound or not: no error of ours, and the answer is what the OpenAPI document says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from leads.models import Scope
from tests.cast import MakeLead
from tests.leads.api.conftest import MakeCaller

CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance, content_type_conformance]


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """A server hands its connection back after each request; here it holds the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def document(one_connection: None) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def secret(make_caller: MakeCaller, make_lead: MakeLead) -> str:
    make_lead(email="ann@example.com")
    return make_caller(*Scope, per_minute=100_000).secret


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v1/leads"),
        ("GET", "/api/v1/leads"),
        ("GET", "/api/v1/leads/lookup"),
        ("GET", "/api/v1/leads/{lead_id}"),
        ("POST", "/api/v1/events"),
        ("POST", "/api/v1/events/batch"),
    ],
)
def test_no_request_is_answered_with_an_error_of_ours(
    document: Any, secret: str, method: str, path: str, mode: GenerationMode
) -> None:
    @given(case=document[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def send(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(response, checks=CHECKS)

    send()


def test_each_operation_is_tried(document: Any) -> None:
    assert sum(1 for _ in document.get_all_operations()) == 6
