"""Make messages of recorded escalations: to whom, about what, under which Message-ID; the text comes at delivery.

A level that was noticed in time is one message to all its recipients. What was noticed late, after an outage, is one
message per person about all of it (domain rule 11).
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sla.mail import message_domain
from sla.models import Clock, Escalation, Level, Notice, PolicyVersion
from sla.recipients import Audience, Directory, audience

if TYPE_CHECKING:
    from datetime import datetime

    from people.models import User
    from sla.querysets import EscalationQuerySet

BATCH = 1000
# One composer at a time: it is what keeps the levels of a clock in order, and a person's late ones in one message.
# That nothing is written twice does not hang on it: an escalation changes its state with the notice, under its lock.
TURN = 0x6261746F6E
TOLD = (Notice.State.PENDING, Notice.State.SENDING, Notice.State.SENT)

logger = logging.getLogger(__name__)


class UnaddressedError(Exception):
    """An escalation cannot become a message; the text says why."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice and whom and what it goes to and is about."""

    notice: Notice
    people: Sequence[User]
    escalations: Sequence[Escalation]


@dataclass(slots=True)
class Context:
    """What a batch of escalations needs to know, read once."""

    now: datetime
    directory: Directory
    versions: dict[int, PolicyVersion]
    levels: dict[tuple[int, int], Level]
    told: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    written: Counter[int] = field(default_factory=Counter)


def compose(*, now: datetime, batch: int = BATCH) -> int:
    """Write the notices of what is recorded; return how many."""
    if not Escalation.objects.recorded().exists():
        return 0
    late_after = timedelta(seconds=settings.BATON_LATE_AFTER_SECONDS)
    late = Escalation.objects.recorded().filter(recorded_at__gt=F("level_at") + late_after)
    with transaction.atomic():
        _take_turn()
        if late.exists() and Clock.objects.due(now - late_after).exists():
            return 0  # a sweep is still catching up: each person is to hear of all of it at once
        written = _write(_lock(late), now, bundle=True)
    prompt = Escalation.objects.recorded().filter(recorded_at__lte=F("level_at") + late_after)
    taken = batch
    while taken == batch:
        with transaction.atomic():
            _take_turn()
            escalations = _lock(prompt, batch)
            written += _write(escalations, now, bundle=False)
        taken = len(escalations)
    return written


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


def _lock(recorded: EscalationQuerySet, limit: int | None = None) -> list[Escalation]:
    """In the order of recording; what a reassignment or an attempt is just changing waits for the next beat."""
    return list(
        recorded.select_for_update(skip_locked=True, of=("self",))
        .select_related("clock")
        .only("level", "clock__owner", "clock__team", "clock__policy_version", "clock__state", "clock__started_at")
        .order_by("pk")[:limit]
    )


def _write(escalations: Collection[Escalation], now: datetime, *, bundle: bool) -> int:
    """Turn locked escalations into notices; whatever can't be is withdrawn or set aside. Returns the notices."""
    if not escalations:
        return 0
    context = _context(escalations, now)
    running = _withdraw_stopped(escalations, context)
    audiences = _audiences(running, context)
    drafts = _bundles(audiences, context) if bundle else _singles(audiences, context)
    Escalation.objects.filter(pk__in=[escalation.pk for escalation, _audience in audiences]).update(
        state=Escalation.State.NOTICED
    )
    return _save_all(drafts)


def _context(escalations: Iterable[Escalation], now: datetime) -> Context:
    escalation_ids = [escalation.pk for escalation in escalations]
    version_ids = {escalation.clock.policy_version_id for escalation in escalations}
    versions = PolicyVersion.objects.select_related("policy").prefetch_related("levels").in_bulk(version_ids)
    levels = {(pk, level.number): level for pk, version in versions.items() for level in version.levels.all()}
    context = Context(now, Directory.load(), versions, levels)
    about = Notice.objects.filter(escalations__in=escalation_ids)
    for escalation_id, user_id in about.filter(state__in=TOLD).values_list("escalations", "recipients"):
        context.told[escalation_id].add(user_id)
    context.written.update(about.values_list("escalations", flat=True))
    return context


def _withdraw_stopped(escalations: Iterable[Escalation], context: Context) -> list[Escalation]:
    """Those whose promise still runs; the others are withdrawn (domain rules 2 and 7)."""
    running: list[Escalation] = []
    stopped: list[Escalation] = []
    for escalation in escalations:
        clock = escalation.clock
        on = clock.state == Clock.State.RUNNING and context.versions[clock.policy_version_id].policy.is_active
        (running if on else stopped).append(escalation)
    if stopped:
        Escalation.objects.filter(pk__in=[escalation.pk for escalation in stopped]).update(
            state=Escalation.State.WITHDRAWN
        )
    return running


def _audiences(escalations: Iterable[Escalation], context: Context) -> list[tuple[Escalation, Audience]]:
    """Each with the people to tell; one that has nobody, or breaks, is set aside alone (domain rule 12)."""
    found = []
    for escalation in escalations:
        try:
            found.append((escalation, _audience(escalation, context)))
        except UnaddressedError as error:
            set_aside([escalation], str(error))
        except Exception as error:  # whatever is wrong with one row must not stop the others
            logger.exception("escalation %s cannot be addressed", escalation)
            set_aside([escalation], f"{type(error).__name__}: {error}")
    return found


def _audience(escalation: Escalation, context: Context) -> Audience:
    clock = escalation.clock
    level = context.levels.get((clock.policy_version_id, escalation.level))
    if level is None:
        raise UnaddressedError(
            _("The policy “%(policy)s” has no level %(level)s.")
            % {"policy": context.versions[clock.policy_version_id], "level": escalation.level}
        )
    found = audience(context.directory, kinds=level.recipients, owner_id=clock.owner_id, team_id=clock.team_id)
    if not found.people:
        who = ", ".join(str(Level.Recipient(kind).label) for kind in level.recipients)
        raise UnaddressedError(_("There is nobody to tell: no active person is meant by “%(who)s”.") % {"who": who})
    already = context.told[escalation.pk]
    return Audience(tuple(user for user in found.people if user.pk not in already), found.remarks)


def _singles(audiences: Iterable[tuple[Escalation, Audience]], context: Context) -> list[Draft]:
    """One message per escalation, all its people in it; none when everybody was told before it was reopened."""
    return [
        Draft(
            _notice(message_id(escalation, context), _reason(escalation, found, context), context.now),
            people,
            [escalation],
        )
        for escalation, found in audiences
        if (people := found.people)
    ]


def _bundles(audiences: Iterable[tuple[Escalation, Audience]], context: Context) -> list[Draft]:
    """One message per person about everything that concerns them, in the order in which it was recorded."""
    by_person: dict[int, list[Escalation]] = defaultdict(list)
    for escalation, found in audiences:
        for user in found.people:
            by_person[user.pk].append(escalation)
    return [
        Draft(
            _notice(f"<late.{uuid4()}@{message_domain()}>", _late_reason(len(about)), context.now),
            [context.directory.users[pk]],
            about,
        )
        for pk, about in by_person.items()
    ]


def message_id(escalation: Escalation, context: Context) -> str:
    """The same for the same level of the same clock, so that a mail client shows a repeated delivery once.

    The start tells installations apart that count alike; a message written anew for others says which one it is.
    """
    clock = escalation.clock
    again = f".{count + 1}" if (count := context.written[escalation.pk]) else ""
    started = int(clock.started_at.timestamp())
    return f"<clock-{clock.pk}.level-{escalation.level}.{started}{again}@{message_domain()}>"


def _reason(escalation: Escalation, found: Audience, context: Context) -> str:
    version = context.versions[escalation.clock.policy_version_id]
    why = _("%(policy)s: level %(level)s of %(levels)s") % {
        "policy": version.policy,
        "level": escalation.level,
        "levels": len(version.levels.all()),
    }
    return "; ".join([why, *found.remarks])


def _late_reason(count: int) -> str:
    return ngettext(
        "%(count)s level noticed late, after an outage", "%(count)s levels noticed late, after an outage", count
    ) % {"count": count}


def _notice(identity: str, reason: str, now: datetime) -> Notice:
    longest = Notice._meta.get_field("reason").max_length
    return Notice(message_id=identity, reason=reason[:longest], created_at=now, next_try_at=now)


def _save_all(drafts: Sequence[Draft]) -> int:
    try:
        with transaction.atomic():
            _save(drafts)
    except OperationalError:
        raise
    except DatabaseError as error:
        logger.warning("a batch of notices failed, writing them one by one: %s", error)
        return sum(_save_alone(draft) for draft in drafts)
    return len(drafts)


def _save_alone(draft: Draft) -> int:
    try:
        with transaction.atomic():
            _save([draft])
    except OperationalError:
        raise
    except DatabaseError as error:
        logger.exception("notice %s cannot be written", draft.notice.message_id)
        set_aside(draft.escalations, str(error))
        return 0
    return 1


def _save(drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        draft.notice.pk = None
    Notice.objects.bulk_create([draft.notice for draft in drafts])
    About, To = Notice.escalations.through, Notice.recipients.through  # noqa: N806 - they are models
    About.objects.bulk_create(
        [About(notice=draft.notice, escalation=about) for draft in drafts for about in draft.escalations]
    )
    To.objects.bulk_create([To(notice=draft.notice, user=user) for draft in drafts for user in draft.people])


def set_aside(escalations: Collection[Escalation], error: str) -> None:
    """Put rows away with what is wrong with them, to be seen and tried again by a person."""
    Escalation.objects.filter(pk__in=[escalation.pk for escalation in escalations]).update(
        state=Escalation.State.SET_ASIDE, error=error
    )
