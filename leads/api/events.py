"""Events: one, or up to a thousand with a result for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError as Refusal
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from ninja.responses import Status
from pydantic import TypeAdapter, ValidationError

from leads.api import once
from leads.api.errors import of_refusal, of_schema
from leads.api.keys import requires_scope
from leads.api.leads import REFUSALS
from leads.api.schemas import ErrorsOut, EventIn, EventOut, EventsIn, EventsOut
from leads.models import Scope
from leads.services.event_batches import Behaviour, Outcome, record_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leads.api.errors import Errors

router = Router(tags=["Events"])
MANY: TypeAdapter[list[EventIn]] = TypeAdapter(list[EventIn])


@router.post(
    "/events",
    auth=requires_scope(Scope.EVENTS_WRITE),
    response={200: EventOut, 201: EventOut, REFUSALS: ErrorsOut},
    summary="Record an event",
    operation_id="record_event",
    url_name="api-event",
    openapi_extra=once.DOCUMENTED,
)
@once.once
def record(request: HttpRequest, event: EventIn) -> Status[Any]:  # noqa: ARG001 - ninja's signature
    """201 when it is new; 200 with the first event's number when its `idempotency_key` was used before."""
    (outcome,) = record_events(items=[behaviour(event)], now=timezone.now())
    if outcome.errors:
        raise Refusal(outcome.errors)
    status = "created" if outcome.created else "duplicate"
    return Status(201 if outcome.created else 200, {"status": status, "id": outcome.id})


@router.post(
    "/events/batch",
    auth=requires_scope(Scope.EVENTS_WRITE),
    response={200: EventsOut, REFUSALS: ErrorsOut},
    summary="Record up to 1,000 events",
    operation_id="record_events",
    url_name="api-event-batch",
    openapi_extra=once.DOCUMENTED,
)
@once.once
def record_batch(request: HttpRequest, batch: EventsIn) -> Status[Any]:  # noqa: ARG001 - ninja's signature
    """The results stand in the order of the events; what is wrong with one does not keep the others out."""
    results: list[dict[str, Any]] = [{} for _event in batch.events]
    sound = _sound(batch.events, results)
    outcomes = record_events(items=[behaviour(event) for event in sound.values()], now=timezone.now())
    for n, outcome in zip(sound, outcomes, strict=True):
        results[n] = _result(outcome)
    statuses = [result["status"] for result in results]
    tally = {name: statuses.count(status) for name, status in COUNTED}
    return Status(200, tally | {"results": results})


COUNTED = (("created", "created"), ("duplicates", "duplicate"), ("errors", "error"))


def behaviour(event: EventIn) -> Behaviour:
    return Behaviour(_lead_of(event), event.event_type, event.occurred_at, event.idempotency_key, event.properties)


def _lead_of(event: EventIn) -> tuple[str, Any]:
    if event.lead_id is not None:
        return "id", event.lead_id
    if event.email is not None:
        return "email", event.email
    return "external_id", (event.system, event.external_id)


def _sound(events: Sequence[Any], results: list[dict[str, Any]]) -> dict[int, EventIn]:
    """The events that fit the schema, by their place; the result of each other one says why it does not."""
    try:
        return dict(enumerate(MANY.validate_python(events)))
    except ValidationError as error:
        wrong: dict[int, Errors] = {}
        for one in error.errors(include_url=False, include_input=False, include_context=False):
            wrong.setdefault(int(one["loc"][0]), []).extend(of_schema([one], skip=1))
    for n, errors in wrong.items():
        results[n] = {"status": "error", "id": None, "errors": errors}
    rest = [n for n in range(len(events)) if n not in wrong]
    return dict(zip(rest, MANY.validate_python([events[n] for n in rest]), strict=True))


def _result(outcome: Outcome) -> dict[str, Any]:
    if outcome.errors:
        return {"status": "error", "id": None, "errors": of_refusal(Refusal(outcome.errors))}
    return {"status": "created" if outcome.created else "duplicate", "id": outcome.id, "errors": []}
