"""``Idempotency-Key``: the same request again gets the same answer; anything else under the key is refused."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from leads.models import Event, Lead, StoredAnswer
from leads.services.answers import forget_answers
from leads.services.api_keys import issue_key
from tests.cast import MakeLead, build_user
from tests.leads.api.conftest import NOW, Caller, MakeCaller, errors_of

EVENT = {"email": "ann@example.com", "event_type": "page_viewed", "occurred_at": "2026-11-18T08:00:00Z"}


def test_the_same_request_gets_the_stored_answer(caller: Caller) -> None:
    first = caller.put({"email": "ann@example.com"}, Idempotency_Key="k1")
    again = caller.put({"email": "ann@example.com"}, Idempotency_Key="k1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()


def test_events_without_a_key_of_their_own_are_kept_once(caller: Caller, make_lead: MakeLead) -> None:
    make_lead(email="ann@example.com")
    batch = {"events": [EVENT, EVENT, {}]}

    answers = [caller("POST", "/events/batch", batch, Idempotency_Key="k1").json() for _ in range(2)]
    caller("POST", "/events/batch", batch, Idempotency_Key="k2")

    assert answers[0] == answers[1]
    assert Event.objects.count() == 4


def test_another_request_under_the_key_is_refused(caller: Caller, make_lead: MakeLead) -> None:
    make_lead(email="ann@example.com")
    caller.put({"email": "ann@example.com"}, Idempotency_Key="k1")

    for response in (
        caller.put({"email": "bob@example.com"}, Idempotency_Key="k1"),
        caller("POST", "/events", EVENT, Idempotency_Key="k1"),
    ):
        assert (response.status_code, list(errors_of(response))) == (422, ["Idempotency-Key"])
    assert Lead.objects.count() == 1


def test_a_refused_request_may_be_mended_under_its_key(caller: Caller) -> None:
    assert caller.put({"email": "nobody"}, Idempotency_Key="k1").status_code == 422
    assert caller.put({"email": "ann@example.com"}, Idempotency_Key="k1").status_code == 201


def test_keys_of_two_programs_are_two(caller: Caller, make_caller: MakeCaller) -> None:
    caller.put({"email": "ann@example.com"}, Idempotency_Key="k1")
    assert make_caller().put({"email": "bob@example.com"}, Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ż"], ids=["empty", "blank", "long", "no-ascii"])
def test_no_such_key(caller: Caller, key: str) -> None:
    response = caller.put({"email": "ann@example.com"}, Idempotency_Key=key)
    assert (response.status_code, list(errors_of(response))) == (422, ["Idempotency-Key"])


def test_an_answer_lives_a_day(caller: Caller) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        caller.put({"email": "ann@example.com"}, Idempotency_Key="k1")
        clock.shift(timedelta(hours=24))
        assert caller.put({"email": "ann@example.com"}, Idempotency_Key="k1").status_code == 201
        clock.shift(timedelta(seconds=1))
        assert caller.put({"email": "ann@example.com"}, Idempotency_Key="k1").status_code == 200
    assert forget_answers(now=NOW + timedelta(hours=48)) == 0
    assert forget_answers(now=NOW + timedelta(hours=48, seconds=2)) == 1
    assert not StoredAnswer.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k1"}], ids=["without", "with"])
def test_two_requests_at_once_make_one_lead(headers: dict[str, str]) -> None:
    key, secret = issue_key(
        name="Website", scopes=["leads:write"], per_minute=600, by=build_user(role="administrator"), now=NOW
    )
    body = {"email": "ann@example.com", "external_id": "7", "system": "crm", "company": {"domain": "acme.example"}}
    start, statuses, errors = threading.Barrier(6), [], []

    def work() -> None:
        try:
            caller = Caller(key, secret)
            start.wait()
            statuses.append(caller.put(body, **headers).status_code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    workers: list[Any] = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert errors == []
    assert Lead.objects.count() == 1
    assert sorted(statuses) == ([201] * 6 if headers else [200] * 5 + [201])
