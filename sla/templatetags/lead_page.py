"""Tags of a lead's page, where thirty facts and thirty things that happened are drawn: one call for each."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from people.templatetags.baton import ago, duration
from people.templatetags.baton import icon as draw_icon

if TYPE_CHECKING:
    from sla.lead_facts import Fact
    from sla.timeline_items import Item

register = template.Library()
icon = cache(draw_icon)


@register.simple_tag
def fact_row(fact: Fact, *, oob: bool = False) -> SafeString:
    """A fact: a press on its value, or on the pencil where the value leads elsewhere, turns it into its control."""
    swap = ' hx-swap-oob="outerHTML"' if oob else ""
    return SafeString(
        f'<div class="fact" id="fact-{escape(fact.key)}" data-fact{swap}><dt>{escape(fact.label)}</dt>'
        f"<dd>{_value(fact)}{_beside(fact)}</dd>{_tools(fact)}</div>"
    )


@register.simple_tag
def story_head(item: Item) -> SafeString:
    """What happened, by whom, and what else there is to say of it."""
    after = _("after %(taken)s") % {"taken": duration(item.taken)} if item.taken else ""
    return SafeString(
        f"<strong>{escape(item.title)}</strong>"
        + (f' <span class="text-secondary">{escape(after)}</span>' if after else "")
        + (f' <span class="text-secondary">· {escape(item.who)}</span>' if item.who else "")
        + "".join(f'<div class="text-secondary">{escape(line)}</div>' for line in item.lines)
        + (f'<div class="story-quote">{escape(item.text).replace(chr(10), "<br>")}</div>' if item.text else "")
    )


@register.simple_tag
def story_icon(item: Item) -> SafeString:
    tone = f" is-{item.tone}" if item.tone else ""
    return SafeString(f'<span class="story-icon{tone}">{icon(item.icon)}</span>')


@register.simple_tag
def story_item(item: Item) -> SafeString:
    """The whole of what happened, where the reader can do nothing about it."""
    return SafeString(f'<li>{story_icon(item)}<div class="story-text">{story_head(item)}</div>{ago(item.at)}</li>')


def _value(fact: Fact) -> str:
    value = escape(fact.value)
    if fact.href:
        return f'<a href="{escape(fact.href)}">{value}</a>'
    if not fact.edit_url:
        return value or "–"
    prompt = escape(_("Edit %(field)s:") % {"field": fact.label})
    css = "fact-value" if value else "fact-value is-empty"
    return (
        f'<a class="{css}" {_edits(fact)}><span class="visually-hidden">{prompt} </span>{value or escape(_("Add"))}</a>'
    )


def _beside(fact: Fact) -> str:
    badge = f' <span class="badge bg-red-lt">{escape(fact.badge)}</span>' if fact.badge else ""
    return badge + (f'<span class="fact-more">{escape(fact.more)}</span>' if fact.more else "")


def _tools(fact: Fact) -> str:
    tools = ""
    if fact.href and fact.edit_url:
        name = escape(_("Edit %(field)s") % {"field": fact.label})
        tools += f'<a class="fact-tool" {_edits(fact)} aria-label="{name}">{icon("pencil")}</a>'
    if fact.history_url:
        name, url = escape(_("History of %(field)s") % {"field": fact.label}), escape(fact.history_url)
        tools += (
            f'<a class="fact-tool" href="{url}" hx-get="{url}" hx-target="#fact-history-body"'
            f' data-dialog-open="fact-history" aria-label="{name}">{icon("history")}</a>'
        )
    return f'<dd class="fact-tools">{tools}</dd>' if tools else ""


def _edits(fact: Fact) -> str:
    return (
        f'href="{escape(fact.form_url)}" hx-get="{escape(fact.edit_url)}" hx-target="#fact-{escape(fact.key)}"'
        ' hx-swap="outerHTML" data-fact-edit'
    )
