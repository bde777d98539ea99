"""Take back what has not gone out yet, or let it go out after all.

A message is on the wire from the moment its row is locked by the worker that sends it: that one can't be taken back
and is left alone. Everything else can, also what a worker has claimed but not begun.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef

from sla.models import Clock, Escalation, Notice

if TYPE_CHECKING:
    from datetime import datetime

OPEN = (Notice.State.PENDING, Notice.State.SENDING)
UNSENT = (*OPEN, Notice.State.FAILED)
CLOSED = {"next_try_at": None, "claimed_until": None}
About = Notice.escalations.through


def withdraw(*, clock_ids: Iterable[int], now: datetime) -> None:  # noqa: ARG001 - every verb takes the time it happens at
    """Withdraw what is not delivered of these clocks. The caller holds their rows locked."""
    with transaction.atomic():
        escalations, notices = _undelivered(list(clock_ids))
        Escalation.objects.filter(pk__in=escalations).update(state=Escalation.State.WITHDRAWN)
        _close_empty(notices)


def reopen(*, clock_ids: Iterable[int], now: datetime) -> None:  # noqa: ARG001 - every verb takes the time it happens at
    """Let what is not delivered of these clocks be written anew, to whom it concerns now (domain rule 5).

    That includes what failed: sent again by hand, it would still go to the old owner. The caller holds the clocks'
    rows locked.
    """
    with transaction.atomic():
        waiting = (Escalation.State.RECORDED, Escalation.State.NOTICED)
        escalations, notices = _undelivered(list(clock_ids), waiting, UNSENT)
        Escalation.objects.filter(pk__in=escalations).update(state=Escalation.State.RECORDED, error="")
        emptied = _close_empty(notices)
        # A bundle goes on without them; a notice that is withdrawn keeps what it was about.
        About.objects.filter(escalation__in=escalations, notice__in=set(notices) - emptied).delete()


def retry(*, escalation: Escalation, now: datetime) -> None:  # noqa: ARG001 - every verb takes the time it happens at
    """Put an escalation that was set aside back to be composed, and its clock back in motion if that halted there."""
    with transaction.atomic():
        clock = Clock.objects.select_for_update().get(pk=escalation.clock_id)
        changed = Escalation.objects.filter(pk=escalation.pk, state=Escalation.State.SET_ASIDE).update(
            state=Escalation.State.RECORDED, error=""
        )
        halted = clock.state == Clock.State.RUNNING and clock.next_at is None and clock.next_level <= escalation.level
        if changed and halted:
            clock.next_level = escalation.level + 1
            clock.next_at = next(iter(clock.level_at[escalation.level :]), None)
            clock.save(update_fields=["next_level", "next_at"])


def try_again(*, notice: Notice, now: datetime) -> bool:
    """Let a failed or waiting notice be sent now; whether there was anything to do."""
    changed = Notice.objects.filter(pk=notice.pk, state__in=(Notice.State.PENDING, Notice.State.FAILED)).update(
        state=Notice.State.PENDING, next_try_at=now
    )
    return bool(changed)


def _undelivered(
    clock_ids: Collection[int],
    waiting: Collection[str] = (Escalation.State.RECORDED, Escalation.State.NOTICED, Escalation.State.SET_ASIDE),
    states_of_notices: Collection[str] = OPEN,
) -> tuple[list[int], list[int]]:
    """The escalations of the clocks that did not (all) go out, and the notices of them that can be taken back.

    Locks escalations first: a composer that is at work on one finishes, and its notice is then seen here.
    """
    states = dict(
        Escalation.objects.filter(clock__in=clock_ids, state__in=waiting)
        .order_by("pk")
        .select_for_update()
        .values_list("pk", "state")
    )
    about = About.objects.filter(notice=OuterRef("pk"), escalation__in=list(states))
    notices = list(
        Notice.objects.filter(Exists(about), state__in=states_of_notices)
        .order_by("pk")
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)
    )
    told_of = set(About.objects.filter(notice__in=notices).values_list("escalation", flat=True))
    chosen = [pk for pk, state in states.items() if state != Escalation.State.NOTICED or pk in told_of]
    return chosen, notices


def _close_empty(notices: Collection[int]) -> set[int]:
    """Withdraw the notices that have nothing left to tell; return which."""
    live = About.objects.filter(notice=OuterRef("pk"), escalation__state=Escalation.State.NOTICED)
    emptied = list(Notice.objects.filter(~Exists(live), pk__in=notices).values_list("pk", flat=True))
    Notice.objects.filter(pk__in=emptied).update(state=Notice.State.WITHDRAWN, **CLOSED)
    return set(emptied)
