"""Tags of the work lists, where fifty rows are drawn at a time: one call for what a template would do in thirty."""

from __future__ import annotations

from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING

from django import template
from django.template.defaultfilters import floatformat
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from people.templatetags.baton import icon as draw_icon
from people.templatetags.baton import points

if TYPE_CHECKING:
    from sla.presenters import Reason, WorkRow

register = template.Library()
icon = cache(draw_icon)


@register.simple_tag
def contact(row: WorkRow) -> SafeString:
    """The number and the address, to be dialled and written to; only to be read where they want neither."""
    found = ""
    if row["phone"]:
        phone = escape(row["phone"])
        found = _reached("phone", phone, "" if row["do_not_call"] else f"tel:{phone.replace(' ', '')}")
    if row["email"]:
        email = escape(row["email"])
        found += _reached("mail", email, "" if row["do_not_email"] else f"mailto:{email}")
    return SafeString(found)


@register.simple_tag
def why(row: WorkRow) -> SafeString:
    """Why the lead is here: score, decisive act, what weighed most, where it came from."""
    language = get_language()
    words = _words(language)
    chips = [_reason(line, language) for line in row["reasons"]]
    if row["trigger"]:
        chips.insert(0, f'<span class="reason is-trigger">{icon("bolt")}{escape(row["trigger"])}</span>')
    if row["total"] is not None:
        total = f"{words['score']} <b>{_number(row['total'], language)}</b>"
        chips.insert(0, f'<span class="reason is-score" title="{words["score_hint"]}">{total}</span>')
    if row["more"]:
        more = ngettext("+%(n)d more", "+%(n)d more", row["more"]) % {"n": row["more"]}
        chips.append(f'<a class="reason" href="{row["url"]}#score">{escape(more)}</a>')
    if row["source"]:
        chips.append(f'<span class="reason" title="{words["source"]}">{icon("tag")}{escape(row["source"])}</span>')
    return SafeString("".join(chips))


@register.simple_tag
def log_buttons(row: WorkRow, *, first: bool) -> SafeString:
    """What can be logged in one step; in the place of a button, that the lead does not want it.

    Calling the ``first`` lead that waits is what to do next.
    """
    words, name, url = _words(get_language()), escape(row["name"]), row["log_url"]
    call = _button(url, "call", "phone", words["call"], name, " btn-primary" if first and row["due_at"] else "")
    email = _button(url, "email", "mail", words["email"], name, "")
    return SafeString(
        (_refusal(words["no_call"]) if row["do_not_call"] else call)
        + (_refusal(words["no_email"]) if row["do_not_email"] else email)
    )


def _reached(icon_name: str, text: str, href: str) -> str:
    words = f"{icon(icon_name)}{text}"
    return f'<a href="{href}">{words}</a>' if href else f"<span>{words}</span>"


def _button(url: str, channel: str, icon_name: str, word: str, name: str, css: str) -> str:
    return (
        f'<a class="btn btn-sm{css}" role="button" href="{url}?channel={channel}" aria-label="{word}: {name}">'
        f"{icon(icon_name)}{word}</a>"
    )


def _refusal(words: str) -> str:
    return f'<span class="badge bg-secondary-lt align-self-center">{words}</span>'


def _reason(line: Reason, language: str | None) -> str:
    css = " is-negative" if line.points < 0 else ""
    worth = _points(line.points, language)
    return f'<span class="reason{css}" title="{escape(line.fact)}"><b>{worth}</b>{escape(line.name)}</span>'


@lru_cache(maxsize=16)
def _words(language: str | None) -> dict[str, str]:  # noqa: ARG001 - the words are those of the active language
    """What a row says besides its facts, escaped; the same on all of them."""
    words = {
        "call": _("Call"),
        "email": _("E-mail"),
        "no_call": _("Do not call"),
        "no_email": _("Do not e-mail"),
        "score": _("Score"),
        "score_hint": _("Score at the hand-off"),
        "source": _("Source"),
    }
    return {key: escape(word) for key, word in words.items()}


# A model has a few dozen rules, and a page shows their points a hundred times; the language decides on the comma.
@lru_cache(maxsize=1024)
def _points(number: float, language: str | None) -> str:  # noqa: ARG001 - part of what the text depends on
    return escape(points(number))


@lru_cache(maxsize=1024)
def _number(number: float, language: str | None) -> str:  # noqa: ARG001 - part of what the text depends on
    return escape(floatformat(number, "-1"))
