"""Which of two leads' values a merge keeps: by default, and by choice. Values in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from leads.models import Lead

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Side = Literal["winner", "loser"]
WINNER: Side = "winner"
LOSER: Side = "loser"

# What somebody may choose, each with the columns that go with it.
CHOSEN: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("first_name", "last_name", "email", "phone", "job_title")},
    "company": ("company_id",),
    **{name: (name,) for name in ("country", "city", "language")},
    "lead_type": ("lead_type_id",),
    "stage": ("stage_id",),
    "status": ("status_id", "status_reason"),
    "owner": ("owner_id",),
    "source": ("source_id",),
    "campaign": ("campaign_id",),
    "journey_step": ("journey_step",),
    **{name: (name,) for name in ("bant_budget", "bant_authority", "bant_need", "bant_timeline")},
    "consent": ("consent", "consent_at", "consent_source"),
}
FLAGS = ("do_not_email", "do_not_call")
CUSTOM = "custom."
_STRICTNESS = {Lead.Consent.UNKNOWN: 0, Lead.Consent.GRANTED: 1, Lead.Consent.WITHDRAWN: 2}


def default_winner(one: Lead, other: Lead, *, in_hand: Iterable[int] = ()) -> tuple[Lead, Lead]:
    """Winner and loser: who is in somebody's hands, else who more is known of, else who was there first."""
    held = set(in_hand)
    ranked = sorted((one, other), key=lambda lead: (lead.pk not in held, -_known(lead), lead.pk))
    return ranked[0], ranked[1]


def custom_names(winner: Lead, loser: Lead) -> list[str]:
    return [f"{CUSTOM}{key}" for key in sorted({*winner.custom, *loser.custom})]


def sides(winner: Lead, loser: Lead, choices: Mapping[str, str], *, in_hand: str = "") -> dict[str, Side]:
    """From which lead each field comes. ``in_hand`` is the side whose hand-off stays open, or nothing.

    Raises ValidationError at a choice that there is none of. A withdrawn consent is never chosen away.
    """
    taken = defaults(winner, loser, in_hand=in_hand)
    for name, side in choices.items():
        if name not in taken or side not in (WINNER, LOSER):
            raise ValidationError({name: _("There is no such choice.")})
        if name not in forced(winner, loser):
            taken[name] = WINNER if side == WINNER else LOSER
    return taken


def defaults(winner: Lead, loser: Lead, *, in_hand: str = "") -> dict[str, Side]:
    """The winner's word, or the loser's where the winner says nothing; and what has an order of its own."""
    taken: dict[str, Side] = {
        name: WINNER if _says(winner, columns[0]) or not _says(loser, columns[0]) else LOSER
        for name, columns in CHOSEN.items()
    }
    for name in custom_names(winner, loser):
        key = name.removeprefix(CUSTOM)
        taken[name] = WINNER if winner.custom.get(key) not in (None, "") else LOSER
    taken["stage"] = LOSER if loser.stage.position > winner.stage.position else WINNER
    taken["consent"] = LOSER if _consent(loser) > _consent(winner) else WINNER
    taken["status"] = _status(winner, loser, in_hand)
    if in_hand in (WINNER, LOSER):
        taken["owner"] = WINNER if in_hand == WINNER else LOSER
    return taken


def forced(winner: Lead, loser: Lead) -> set[str]:
    """What is not for choosing: who withdrew their consent has withdrawn it, whichever row said so."""
    return {"consent"} if Lead.Consent.WITHDRAWN in (winner.consent, loser.consent) else set()


def merged_values(winner: Lead, loser: Lead, taken: Mapping[str, Side]) -> dict[str, Any]:
    """What the winner's columns become. Do-not flags are never lost; what was first or last of both stays so."""
    values: dict[str, Any] = {}
    for name, columns in CHOSEN.items():
        values |= {column: getattr(loser if taken[name] == LOSER else winner, column) for column in columns}
    values |= {name: getattr(winner, name) or getattr(loser, name) for name in FLAGS}
    values["captured_at"] = min(winner.captured_at, loser.captured_at)
    returned = [at for at in (winner.behaviour_from, loser.behaviour_from) if at is not None]
    values["behaviour_from"] = max(returned, default=None)  # a returned lead does not bounce back on old behaviour
    values["custom"] = _custom(winner, loser, taken)
    return values


def _custom(winner: Lead, loser: Lead, taken: Mapping[str, Side]) -> dict[str, Any]:
    kept = {}
    for name in custom_names(winner, loser):
        key = name.removeprefix(CUSTOM)
        chosen = loser if taken[name] == LOSER else winner
        if key in chosen.custom:
            kept[key] = chosen.custom[key]
    return kept


def _status(winner: Lead, loser: Lead, in_hand: str) -> Side:
    """That of the hand-off that goes on; else the winner's, unless it is just new and the loser's says more."""
    if in_hand:
        return LOSER if in_hand == LOSER else WINNER
    says_more = winner.status.key == "new" and loser.status.key != "new" and not loser.status.is_closed
    return LOSER if says_more else WINNER


def _consent(lead: Lead) -> tuple[int, float]:
    at = lead.consent_at.timestamp() if lead.consent_at is not None else 0.0
    return _STRICTNESS[Lead.Consent(lead.consent)], at


def _says(lead: Lead, column: str) -> bool:
    return getattr(lead, column) not in ("", None)


def _known(lead: Lead) -> int:
    return sum(_says(lead, columns[0]) for columns in CHOSEN.values()) + len(lead.custom)
