"""The matrix of moves as the page shows it: pure, but for the stages that are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from leads.models import LifecycleStage

Pair = tuple[int, int]
# Whether a move over so many places (negative: back) is allowed.
PRESETS: dict[str, tuple[object, Callable[[int], bool]]] = {
    "all": (_("Everything"), lambda _steps: True),
    "forward": (_("Forward only"), lambda steps: steps > 0),
    "back-one": (_("Forward, and back one"), lambda steps: steps >= -1),
    "next": (_("One step forward or back"), lambda steps: abs(steps) == 1),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One box of the matrix; ``stays`` is the diagonal, where there is nothing to tick."""

    value: str
    to: LifecycleStage
    allowed: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class Line:
    stage: LifecycleStage
    cells: tuple[Cell, ...]


def preset(name: str, stages: Sequence[LifecycleStage]) -> set[Pair] | None:
    """The moves that a preset forbids between these stages, which stand in their order; None for no such preset."""
    if name not in PRESETS:
        return None
    _label, allows = PRESETS[name]
    return {
        (start.pk, end.pk)
        for here, start in enumerate(stages)
        for there, end in enumerate(stages)
        if here != there and not allows(there - here)
    }


def matrix(stages: Sequence[LifecycleStage], forbidden: Collection[Pair]) -> list[Line]:
    return [
        Line(
            start,
            tuple(
                Cell(f"{start.pk}-{end.pk}", end, (start.pk, end.pk) not in forbidden, stays=start == end)
                for end in stages
            ),
        )
        for start in stages
    ]
