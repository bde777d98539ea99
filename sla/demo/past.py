"""Time in the story: what its triggers wrote is dated to the moment of the story, not to the loading of it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pghistory
from django.apps import apps
from django.contrib.postgres.functions import TransactionNow
from django.db.models import DateTimeField

from sla import flow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from people.models import User


_OF_LEADS = (("leads", "LeadBefore"), ("leads", "CompanyBefore"), ("sla", "HandoffBefore"))


@contextmanager
def happened(at: datetime, by: User | None = None, *, anything: bool = False) -> Iterator[None]:
    """Date the history rows of what happens inside, and say who did it; of leads and hand-offs, or of ``anything``.

    Call it inside a transaction: rows written before it by the same transaction and not dated yet are dated as well.
    """
    with pghistory.context(user=by.pk) if by else nullcontext():
        yield
    # pghistory's context lasts as long as the transaction, which here is the whole story.
    nobody: dict[str, None] = {} if by else {"pgh_context": None}
    undated = {"pgh_created_at": TransactionNow(output_field=DateTimeField())}
    for model in _histories() if anything else _OF_LEADS:
        apps.get_model(*model)._base_manager.filter(**undated).update(pgh_created_at=at, **nobody)


def catch_up(at: datetime) -> None:
    """Let the flow do all that is marked, as it would have at that moment."""
    while flow.run(now=at).drained:
        pass


def _histories() -> list[tuple[str, str]]:
    return [
        (model._meta.app_label, model.__name__) for model in apps.get_models() if hasattr(model, "pgh_tracked_model")
    ]
