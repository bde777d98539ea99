"""The orders of the list of leads, each with an index to walk along."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.db.models import Q

from leads.models import LifecycleStage
from people.keyset import Kind, Part

NEWEST = (Part(descending=True),)
Parts = tuple[Part, ...]


def parts_of(sort: str, stages: Collection[int] = ()) -> Parts:
    """The order that ``?sort=`` names, “-” before it for the other way round; the newest first where it names none.

    ``stages`` are all of them in their order, where somebody has asked for them already.
    """
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name == "stage":
        return _stage(down, stages)
    return ORDERS[name](down) if name in ORDERS else NEWEST


def _name(down: bool) -> Parts:
    # Every lead has an index; the condition makes the database begin there.
    return (Part("index__name_key", Kind.TEXT, down, Q(index__isnull=False)),)


def _company(down: bool) -> Parts:
    """Those without a company stand last either way."""
    return (
        Part("index__company_key", Kind.TEXT, down, Q(index__company_key__isnull=False)),
        Part(descending=True, where=Q(index__company_key__isnull=True)),
    )


def _stage(down: bool, stages: Collection[int] = ()) -> Parts:
    """By the order of the stages, the newest lead first in each."""
    known = list(stages) or list(LifecycleStage.objects.order_by("position").values_list("pk", flat=True))
    return tuple(Part(descending=True, where=Q(stage=stage)) for stage in (reversed(known) if down else known))


def _score(down: bool) -> Parts:
    """Those without a score stand last either way."""
    return (
        Part("score__total", Kind.NUMBER, down, Q(score__isnull=False)),
        Part(descending=True, where=Q(score__isnull=True)),
    )


def _touched(down: bool) -> Parts:
    """Never touched is longest ago."""
    touched = Part("index__last_touch_at", Kind.MOMENT, down, Q(index__last_touch_at__isnull=False))
    never = Part(descending=down, where=Q(index__last_touch_at__isnull=True))
    return (touched, never) if down else (never, touched)


def _moment(field: str) -> Callable[[bool], Parts]:
    return lambda down: (Part(field, Kind.MOMENT, down),)


ORDERS: dict[str, Callable[[bool], Parts]] = {
    "name": _name,
    "company": _company,
    "stage": _stage,
    "score": _score,
    "touched": _touched,
    "captured": _moment("captured_at"),
    "updated": _moment("updated_at"),
}
# What is asked for first by a press on the head: the highest score, the newest, but names from A on.
FALLING_FIRST = frozenset({"score", "touched", "captured", "updated"})
