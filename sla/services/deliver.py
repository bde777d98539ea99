"""Deliver: claim, look again, send, write down what the server said; one message after the other.

At least once: a worker that dies between the server's “250” and its own commit leaves a claim that runs out, and the
message goes out again under the same Message-ID (docs/decisions/0003-once-only.md).
"""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from sla import mail
from sla.models import Clock, DeliveryTry, Escalation, Notice
from sla.postman import Answer, Fate, Postman, refusals
from sla.services.escalations import CLOSED

if TYPE_CHECKING:
    from people.models import User
    from sla.querysets import EscalationQuerySet, NoticeQuerySet

BATCH = 50
ROUND_SECONDS = 20.0
# After the server's answer about this very message; the last one again and again.
BACK_OFF_SECONDS = (30, 60, 120, 300, 900, 1800)
# While the server can't be reached the fault is nobody's message: all are tried again this many beats later.
UNREACHABLE_BEATS = 2
GIVE_UP_AFTER = timedelta(days=3)
# Two broken connections in a row are the server's trouble, one may be the message's.
MOST_LOST = 2
MOST_ESCALATIONS = 4 * mail.MOST_LINES
# Of a batch's escalations this many are read at once: all of them, unless there are bundles.
READ_AHEAD = 4 * BATCH
About = Notice.escalations.through
To = Notice.recipients.through

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Result:
    """What a round came to; ``more`` says that it ended with work left."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0
    withdrawn: int = 0
    more: bool = False


@dataclass(slots=True)
class Round:
    """What one call of ``deliver`` carries along; its time runs on from the moment that was passed in."""

    start: datetime
    postman: Postman
    result: Result = field(default_factory=Result)
    lost: int = 0
    down: bool = False
    zero: float = field(default_factory=monotonic)

    @property
    def elapsed(self) -> float:
        return monotonic() - self.zero

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed)


@dataclass(frozen=True, slots=True)
class Claim:
    """The notices a worker holds until a moment, which is also how it knows its own claim."""

    ids: Sequence[int]
    until: datetime

    def mine(self, ids: Collection[int]) -> NoticeQuerySet:
        return Notice.objects.filter(pk__in=ids, state=Notice.State.SENDING, claimed_until=self.until)


def deliver(*, now: datetime, limit: int = BATCH, seconds: float = ROUND_SECONDS) -> Result:
    """Send what is due, at most about ``seconds`` long, so that a worker that is told to stop soon can."""
    with Postman() as postman:
        turn = Round(now, postman)
        while not turn.down and (claim := _claim(turn.now, limit)):
            _send_all(claim, turn)
            if turn.elapsed > seconds:
                turn.result.more = not turn.down
                break
    return turn.result


def _claim(now: datetime, limit: int) -> Claim | None:
    until = now + timedelta(seconds=settings.BATON_DELIVERY_LEASE_SECONDS)
    with transaction.atomic():
        ids = list(
            Notice.objects.deliverable(now)
            .select_for_update(skip_locked=True)
            .order_by("next_try_at", "pk")
            .values_list("pk", flat=True)[:limit]
        )
        if not ids:
            return None
        Notice.objects.filter(pk__in=ids).update(state=Notice.State.SENDING, claimed_until=until, tries=F("tries") + 1)
    return Claim(ids, until)


def _send_all(claim: Claim, turn: Round) -> None:
    people = _people(claim.ids)
    about = About.objects.filter(notice__in=claim.ids).order_by("pk").values_list("escalation", flat=True)
    known = _read(about[:READ_AHEAD])
    for pk in claim.ids:
        try:
            with transaction.atomic():
                _send_one(claim, pk, people[pk], known, turn)
        except OperationalError:
            raise
        except DatabaseError:
            # Its claim runs out and it comes up again; the others do not wait for it.
            logger.exception("notice %s could not be recorded", pk)
        if turn.down:
            _release(claim, turn)
            return


def _people(ids: Collection[int]) -> dict[int, list[User]]:
    """The recipients of each notice in their order."""
    people: dict[int, list[User]] = defaultdict(list)
    for to in To.objects.filter(notice__in=ids).select_related("user").order_by("pk"):
        people[to.notice_id].append(to.user)
    return people


def _read(ids: Iterable[int]) -> dict[int, Escalation]:
    """Escalations with everything a letter tells, by number."""
    escalations = Escalation.objects.filter(pk__in=list(ids)).select_related(
        "clock__lead__company", "clock__owner", "clock__team", "clock__handoff", "clock__policy_version__policy"
    )
    return {each.pk: each for each in escalations.prefetch_related("clock__policy_version__levels")}


def _send_one(claim: Claim, pk: int, people: Iterable[User], known: dict[int, Escalation], turn: Round) -> None:
    """Within the transaction whose lock on the row tells everybody else that the message is on the wire."""
    notice = claim.mine([pk]).select_for_update(skip_locked=True).first()
    if notice is None:
        return  # withdrawn meanwhile, or the claim ran out and somebody else has it
    live = list(_live(notice).values_list("pk", flat=True)[:MOST_ESCALATIONS])
    known |= _read(unread) if (unread := [each for each in live if each not in known]) else {}
    escalations = [known[each] for each in live]
    active = [user for user in people if user.is_active]
    if not (escalations and active):
        _withdraw(notice, turn, escalations)
        return
    letter = _letter(notice, escalations, active, turn.now)
    if letter is None:
        _fail(notice, turn, _("It could not be written; see what is set aside."))
        return
    answer = turn.postman.send(mail.envelope(notice, letter, active))
    _record(notice, letter, answer, active, turn)


def _live(notice: Notice) -> EscalationQuerySet:
    """What the notice still has to tell: not withdrawn, the clock running, the policy on (domain rules 2 and 7)."""
    return Escalation.objects.filter(
        notices=notice,
        state=Escalation.State.NOTICED,
        clock__state=Clock.State.RUNNING,
        clock__policy_version__policy__is_active=True,
    ).order_by("clock__due_at", "clock", "level")


def _letter(
    notice: Notice, escalations: Sequence[Escalation], people: Sequence[User], now: datetime
) -> mail.Letter | None:
    """The text; what cannot be told is set aside alone, and without anything to tell there is none (domain rule 12)."""
    groups = mail.by_clock(escalations)
    owner = groups[0][0].clock.owner
    reader = mail.reader_of(people, owner)
    with mail.speaking(reader):
        lines = list(_lines(groups[: mail.MOST_LINES], now))
        if not lines:
            return None
        total = _clocks(notice, len(lines), len(groups), len(escalations))
        try:
            return mail.write(notice, lines, reader, to_owner=owner in people, total=total)
        except Exception as error:  # noqa: BLE001 - as in _lines
            _set_aside(escalations, error)
            return None


def _lines(groups: Iterable[Collection[Escalation]], now: datetime) -> Iterator[mail.Line]:
    """What can be told; what cannot is set aside."""
    for group in groups:
        try:
            yield mail.line(group, now)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one row must not stop the others
            _set_aside(group, error)


def _clocks(notice: Notice, lines: int, groups: int, escalations: int) -> int:
    """How many clocks the notice is about; counted only where not all of them were read."""
    if escalations < MOST_ESCALATIONS:
        return lines + max(0, groups - mail.MOST_LINES)
    return max(lines, _live(notice).order_by().values("clock").distinct().count())


def _set_aside(escalations: Collection[Escalation], error: Exception) -> None:
    logger.error("escalations %s cannot be told of", escalations, exc_info=error)
    Escalation.objects.filter(pk__in=[each.pk for each in escalations]).update(
        state=Escalation.State.SET_ASIDE, error=f"{type(error).__name__}: {error}"
    )


def _record(notice: Notice, letter: mail.Letter, answer: Answer, people: Sequence[User], turn: Round) -> None:
    turn.lost = turn.lost + 1 if answer.fate is Fate.LOST else 0
    turn.down = answer.fate is Fate.UNREACHABLE or turn.lost >= MOST_LOST
    match answer.fate:
        case Fate.ACCEPTED:
            _accept(notice, letter, answer, people, turn)
        case Fate.NEVER:
            _fail(notice, turn, answer.detail)
        case Fate.LATER | Fate.LOST:
            _postpone(notice, turn, answer.detail)
        case Fate.UNREACHABLE:
            _try(notice, turn, answer.detail)


def _accept(notice: Notice, letter: mail.Letter, answer: Answer, people: Sequence[User], turn: Round) -> None:
    told = ", ".join(user.email for user in people if user.email not in answer.refused)
    _try(notice, turn, f"{answer.detail} {told}".strip(), ok=True)
    if answer.refused:
        _try(notice, turn, refusals(answer.refused))
        _follow_up(notice, [user for user in people if user.email in answer.refused_for_now], turn)
    Notice.objects.filter(pk=notice.pk).update(
        state=Notice.State.SENT, sent_at=turn.now, subject=letter.subject, body=letter.text, **CLOSED
    )
    turn.result.sent += 1


def _follow_up(notice: Notice, people: Sequence[User], turn: Round) -> None:
    """Those whose mailbox could not take it now get a message of their own later; the others have theirs."""
    if not people:
        return
    copy = Notice.objects.create(
        message_id=f"<again.{uuid4()}@{mail.message_domain()}>",
        reason=notice.reason,
        created_at=notice.created_at,
        next_try_at=turn.now + _delay(notice.tries),
        tries=notice.tries,
    )
    copy.escalations.set(notice.escalations.all())
    copy.recipients.set(people)


def _fail(notice: Notice, turn: Round, detail: str) -> None:
    _try(notice, turn, detail)
    Notice.objects.filter(pk=notice.pk).update(state=Notice.State.FAILED, **CLOSED)
    turn.result.failed += 1


def _postpone(notice: Notice, turn: Round, detail: str) -> None:
    if turn.now - notice.created_at > GIVE_UP_AFTER:
        _fail(notice, turn, detail)
        return
    _try(notice, turn, detail)
    Notice.objects.filter(pk=notice.pk).update(
        state=Notice.State.PENDING, next_try_at=turn.now + _delay(notice.tries), claimed_until=None
    )
    turn.result.postponed += 1


def _withdraw(notice: Notice, turn: Round, escalations: Collection[Escalation]) -> None:
    """Nothing left to tell; or nobody left to tell it to, then others are found for it."""
    if escalations:
        about = Escalation.objects.filter(pk__in=[each.pk for each in escalations])
        about.update(state=Escalation.State.RECORDED)
    else:
        about = Escalation.objects.filter(notices=notice, state=Escalation.State.NOTICED)
        about.update(state=Escalation.State.WITHDRAWN)
    Notice.objects.filter(pk=notice.pk).update(state=Notice.State.WITHDRAWN, **CLOSED)
    turn.result.withdrawn += 1


def _release(claim: Claim, turn: Round) -> None:
    """Hand back what was claimed and not answered, which counts as no try, and let the whole queue wait a little.

    All of it, so that what has waited longest stays in front.
    """
    waiting = {"state": Notice.State.PENDING, "claimed_until": None}
    turn.result.postponed += claim.mine(claim.ids).update(**waiting, tries=F("tries") - 1)
    with transaction.atomic():
        due = Notice.objects.filter(state=Notice.State.PENDING, next_try_at__lte=turn.now)
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Notice.objects.filter(pk__in=ids, created_at__lt=turn.now - GIVE_UP_AFTER).update(
            state=Notice.State.FAILED, **CLOSED
        )
        Notice.objects.filter(pk__in=ids, state=Notice.State.PENDING).update(
            next_try_at=turn.now + timedelta(seconds=UNREACHABLE_BEATS * settings.BATON_SWEEP_SECONDS)
        )


def _delay(tries: int) -> timedelta:
    """Longer each time, and never quite the same, so that many do not come back at once."""
    seconds = BACK_OFF_SECONDS[min(max(tries, 1), len(BACK_OFF_SECONDS)) - 1]
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - nobody gains by guessing it


def _try(notice: Notice, turn: Round, detail: str, *, ok: bool = False) -> None:
    DeliveryTry.objects.create(notice=notice, tried_at=turn.now, ok=ok, detail=detail[:500])
