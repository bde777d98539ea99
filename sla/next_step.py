"""What to do next with a lead, in words, from what is known of it: values in, values out, no query.

The first case that holds is the one thing said; ``CASES`` stands in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models.facts import Channel, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

# After so many calls that nobody answered, another way is tried.
ENOUGH_CALLS = 2
UNANSWERED = frozenset({Outcome.NO_ANSWER, Outcome.VOICEMAIL, Outcome.BUSY})


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt: by which channel, and what came of it."""

    channel: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the step follows from. ``tried`` are the newest attempts since the hand-off, newest first.

    ``owner`` is a name, empty when nobody has the lead; ``team`` the team that it was handed to; ``unknown`` the names
    of what BANT still asks, with ``ask`` the first of them as a place on the page.
    """

    status: str = "new"
    status_name: str = ""
    reason: str = ""
    closed: bool = False
    phone: bool = True
    email: bool = True
    do_not_call: bool = False
    do_not_email: bool = False
    owner: str = ""
    team: str = ""
    due_at: datetime | None = None
    late: bool = False
    tried: Sequence[Tried] = ()
    acted_since_return: bool = False
    unknown: Sequence[str] = ()
    ask: str = ""

    @property
    def may_call(self) -> bool:
        return self.phone and not self.do_not_call and not self.is_wrong(Channel.CALL)

    @property
    def may_write(self) -> bool:
        return self.email and not self.do_not_email and not self.is_wrong(Channel.EMAIL)

    def is_wrong(self, channel: str) -> bool:
        """Whether the newest try by this channel found a wrong number or address."""
        newest = next((one for one in self.tried if one.channel == channel), None)
        return newest is not None and newest.outcome in {Outcome.WRONG_CONTACT, Outcome.BOUNCED}

    @property
    def unanswered_calls(self) -> int:
        """How many calls in a row nobody answered, up to now."""
        count = 0
        for one in self.tried:
            if one.channel != Channel.CALL or one.outcome not in UNANSWERED:
                break
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class NextStep:
    """``act`` is what the button does: a channel to log, ``edit:<place>``, ``owner``, or nothing."""

    title: str
    why: str = ""
    act: str = ""
    icon: str = "arrow-right"
    tone: str = ""
    due_at: datetime | None = None

    @property
    def place(self) -> str:
        """The place on the page that the button opens."""
        return self.act.partition(":")[2]


def next_step(known: Known) -> NextStep:
    """The one thing to do next."""
    return next(step for case in CASES if (step := case(known)) is not None)


def _closed(known: Known) -> NextStep | None:
    if not known.closed:
        return None
    return NextStep(_("Nothing: %(status)s") % {"status": known.status_name}, known.reason, icon="ban")


def _do_not_contact(known: Known) -> NextStep | None:
    if not (known.do_not_call and known.do_not_email):
        return None
    why = _("They want neither calls nor e-mails.")
    if known.due_at is not None:
        why += " " + _("The clock runs all the same: tell your manager, or disqualify the lead.")
    return NextStep(_("Do not contact"), why, icon="ban", tone="bad")


def _resting(known: Known) -> NextStep | None:
    if known.due_at is not None:
        return None
    if known.status == "postponed":
        return NextStep(_("Postponed: wait"), known.reason, icon="calendar-time")
    if known.status == "nurturing":
        return NextStep(_("In nurture: marketing looks after it"), known.reason, icon="heart-handshake")
    if known.status != "returned":
        return None
    if known.acted_since_return:
        title = _("Returned, and back again: look at what it did since")
        return NextStep(title, known.reason, icon="flame", tone="soon")
    return NextStep(_("Returned: waiting for new behaviour"), known.reason, icon="hourglass")


def _unreachable(known: Known) -> NextStep | None:
    if known.may_call or known.may_write:
        return None
    if known.is_wrong(Channel.CALL):
        return NextStep(
            _("The number is wrong: find another"), act="edit:phone", icon="phone", tone="soon", due_at=known.due_at
        )
    if known.is_wrong(Channel.EMAIL):
        return NextStep(
            _("The address is wrong: find another"), act="edit:email", icon="mail", tone="soon", due_at=known.due_at
        )
    if not known.do_not_call and not known.phone:
        why = "" if not known.email else _("It may not be written to, so only a call is left.")
        return NextStep(
            _("Missing: phone number"), why, act="edit:phone", icon="phone", tone="soon", due_at=known.due_at
        )
    why = _("It may not be called, so only writing is left.")
    return NextStep(_("Missing: e-mail address"), why, act="edit:email", icon="mail", tone="soon", due_at=known.due_at)


def _nobodys(known: Known) -> NextStep | None:
    if known.owner:
        return None
    if known.team:
        why = _("Handed to %(team)s, where nobody was free. Whoever is free first gets it, or assign it now.")
        title = _("Nobody owns this lead: assign it")
        return NextStep(
            title, why % {"team": known.team}, act="owner", icon="user-plus", tone="bad", due_at=known.due_at
        )
    why = _("Routing hands it over when its score or something it does moves it to a stage that sales works.")
    return NextStep(_("Nobody owns this lead yet"), why, act="owner", icon="user-plus")


def _first_touch(known: Known) -> NextStep | None:
    if known.due_at is None:
        return None
    channel, icon = (Channel.CALL, "phone") if _calls(known) else (Channel.EMAIL, "mail")
    titles = {
        (Channel.CALL, False): _("Call now: first touch due"),
        (Channel.CALL, True): _("Call now: first touch is late"),
        (Channel.EMAIL, False): _("Write now: first touch due"),
        (Channel.EMAIL, True): _("Write now: first touch is late"),
    }
    tone = "bad" if known.late else ""
    return NextStep(titles[channel, known.late], _so_far(known), act=channel, icon=icon, tone=tone, due_at=known.due_at)


def _connected(known: Known) -> NextStep | None:
    spoke = known.status == "connected" or (known.tried and known.tried[0].outcome == Outcome.CONNECTED)
    if not spoke:
        return None
    if known.unknown:
        why = _("You are in touch. Not known yet: %(fields)s.") % {"fields": ", ".join(known.unknown)}
        return NextStep(_("Find out what is missing"), why, act=f"edit:{known.ask}", icon="help-circle")
    why = _("Budget, authority, need and timeline are known.")
    return NextStep(_("Decide: pass it on, postpone it or return it"), why, act="edit:status", icon="target-arrow")


def _tried(known: Known) -> NextStep | None:
    if not known.tried:
        return None
    if known.is_wrong(Channel.CALL):
        return NextStep(_("The number is wrong: try e-mail"), _so_far(known), act=Channel.EMAIL, icon="mail")
    if not _calls(known):
        return NextStep(_("Try e-mail"), _so_far(known), act=Channel.EMAIL, icon="mail")
    return NextStep(_("Try again by phone"), _so_far(known), act=Channel.CALL, icon="phone")


def _untouched(known: Known) -> NextStep | None:
    if known.may_call:
        return NextStep(_("Call: nobody has tried yet"), act=Channel.CALL, icon="phone")
    return NextStep(_("Write: nobody has tried yet"), act=Channel.EMAIL, icon="mail")


def _calls(known: Known) -> bool:
    """By phone, unless that is impossible, or was in vain often enough while there is another way."""
    return known.may_call and (known.unanswered_calls < ENOUGH_CALLS or not known.may_write)


def _so_far(known: Known) -> str:
    if known.is_wrong(Channel.CALL):
        return _("The number is wrong.")
    if known.unanswered_calls:
        text = ngettext("Called once, no answer.", "Called %(n)d times in a row, no answer.", known.unanswered_calls)
        return text % {"n": known.unanswered_calls} if known.unanswered_calls > 1 else text
    if known.tried:
        last = known.tried[0]
        return _("Last: %(channel)s, %(outcome)s.") % {
            "channel": Channel(last.channel).label,
            "outcome": str(Outcome(last.outcome).label).lower(),
        }
    return ""


CASES: tuple[Callable[[Known], NextStep | None], ...] = (
    _closed, _do_not_contact, _resting, _unreachable, _nobodys, _first_touch, _connected, _tried, _untouched,
)  # fmt: skip
