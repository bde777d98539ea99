"""Conditions and thresholds in words, many of them by one query: what the editing pages of every floor show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from scoring.conditions import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring.models import Rule, Threshold


def all_in_words(lists: Iterable[list[Any]]) -> list[list[str]]:
    """The words of each list of conditions, in the same order."""
    lists = list(lists)
    words = iter(in_words([row for rows in lists for row in rows]))
    return [[next(words) for _row in rows] for rows in lists]


def conditions_text(conditions: list[Any]) -> str:
    """A list of conditions as one line, for a history."""
    return _(" and ").join(in_words(conditions)) or "–"


def event_conditions_text(conditions: list[Any]) -> str:
    return _(" and ").join(in_words(conditions, of_event=True)) or "–"


def threshold_text(threshold: Threshold) -> str:
    """What a lead must reach: “total from 60, fit from 20”."""
    limits = (
        (_("total from %(points)d"), threshold.min_total),
        (_("fit from %(points)d"), threshold.min_fit),
        (_("engagement from %(points)d"), threshold.min_engagement),
        (_("intent from %(points)d"), threshold.min_intent),
    )
    return ", ".join(text % {"points": limit} for text, limit in limits if limit is not None)


def rules_in_words(rules: list[Rule]) -> list[list[str]]:
    """What each rule asks for, line by line: the event and how it counts, then the conditions on the lead."""
    about_leads = all_in_words([rule.conditions for rule in rules])
    return [[*_event_lines(rule), *lines] for rule, lines in zip(rules, about_leads, strict=True)]


def _event_lines(rule: Rule) -> list[str]:
    if rule.event_type is None:
        return []
    what = str(rule.event_type)
    if rule.event_conditions:
        what += _(" with ") + _(" and ").join(in_words(rule.event_conditions, of_event=True))
    counting = [
        _("from %(n)d times on") % {"n": rule.min_count} if rule.min_count > 1 else "",
        _("for %(n)d days") % {"n": rule.window_days} if rule.window_days else "",
        _("halving every %(n)d days") % {"n": rule.half_life_days} if rule.half_life_days else "",
        _("at most %(n)d points") % {"n": rule.cap} if rule.cap else "",
    ]
    return [", ".join([what, *filter(None, counting)])]
