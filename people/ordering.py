"""Rows that people put in order: by ``position``, in steps of ten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

if TYPE_CHECKING:
    from django.db.models import QuerySet

UP, DOWN = -1, 1


@transaction.atomic
def move(row: Any, rows: QuerySet[Any], step: int) -> None:
    """Change places with the neighbour before (UP) or after (DOWN); nothing at either end."""
    order = list(rows.select_for_update(of=("self",)).order_by("position", "pk"))
    if row not in order:
        return
    here = order.index(row)
    there = here + step
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    arrange(order)


def arrange(order: Iterable[Any]) -> None:
    """Number the rows as they stand; only what moved is written."""
    moved = []
    for position, row in enumerate(order, start=1):
        if row.position != position * 10:
            row.position = position * 10
            moved.append(row)
    if moved:
        type(moved[0])._base_manager.bulk_update(moved, ["position"])


def last_position(rows: QuerySet[Any]) -> int:
    """Where a new row goes to stand last."""
    last: int | None = rows.aggregate(last=Max("position"))["last"]
    return (last or 0) + 10


def step_of(posted: str | None) -> int:
    """What the two arrow buttons send."""
    return UP if posted == "up" else DOWN
