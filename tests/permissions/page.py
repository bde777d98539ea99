"""The words in which the table of addresses is written."""

from __future__ import annotations

from dataclasses import dataclass, field

SDR, AE, MARKETER, MANAGER, EXECUTIVE, ADMINISTRATOR = ROLES = (
    "sdr",
    "ae",
    "marketer",
    "manager",
    "executive",
    "administrator",
)
EVERYBODY = frozenset(ROLES)
SALES = frozenset({SDR, AE, MANAGER})
SCORING_EDITORS = frozenset({MARKETER, ADMINISTRATOR})
POLICY_EDITORS = frozenset({MANAGER, ADMINISTRATOR})
GLOSSARY_EDITORS = frozenset({MARKETER, MANAGER, ADMINISTRATOR})
PEOPLE_EDITORS = frozenset({ADMINISTRATOR})
BOARD_READERS = frozenset({MANAGER, EXECUTIVE, ADMINISTRATOR})
LEAD_EDITORS = frozenset({SDR, MARKETER, MANAGER, ADMINISTRATOR})
NOTE_WRITERS = SALES | {MARKETER}

SHOWN, GONE_ON, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, REFUSED = 200, 302, 403, 404, 405, 422


@dataclass(frozen=True)
class Page:
    """Who is let in, and what they are answered; ``but`` are those let in whom the row itself turns away."""

    who: frozenset[str]
    get: int = SHOWN
    post: int = NOT_ALLOWED
    args: str = ""
    but: dict[str, tuple[int, int]] = field(default_factory=dict)


def reading(who: frozenset[str], args: str = "") -> Page:
    return Page(who, get=SHOWN, post=NOT_ALLOWED, args=args)


def form(who: frozenset[str], args: str = "", post: int = REFUSED) -> Page:
    """Shown on GET; an empty form that is sent is refused."""
    return Page(who, get=SHOWN, post=post, args=args)


def act(who: frozenset[str], args: str = "", post: int = GONE_ON) -> Page:
    """Only by POST."""
    return Page(who, get=NOT_ALLOWED, post=post, args=args)


@dataclass(frozen=True)
class Open:
    """An address that does not ask who one is: what GET answers to a visitor, and to somebody signed in."""

    visitor: int
    signed_in: int
    args: str = ""
