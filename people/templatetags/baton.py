"""Template tags of the whole interface: icons, times, durations, points (see docs/front-end.md).

Times are written with their exact moment in the reader's zone; static/js/countdown.js turns them into living relative
text. So what the server writes does not depend on the second, and a refreshed list keeps its ETag.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from html import escape

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

register = template.Library()

MINUTE, HOUR, DAY = 60, 3_600, 86_400
Written = tuple[str, str, str]


@register.simple_tag
@lru_cache(maxsize=1024)  # a page of fifty rows asks for the same few icons hundreds of times
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of the sprite: decoration unless ``label`` says what it means."""
    access = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" {}><use href="{}#{}"></use></svg>',
        css,
        access,
        static("vendor/tabler-icons/sprite.svg"),
        name,
    )


@lru_cache(maxsize=4096)  # a page has a hundred times, and the next page shows most of them again
def _written(at: datetime, zone: tzinfo, language: str | None) -> Written:
    """A moment for the scripts, and in full and in short where the reader lives: “Sun 22 Nov 2026, 14:35 CET”.

    The same as ``date_format`` gives, without compiling its format anew for each of them.
    """
    local = at.astimezone(zone)
    weekday, month = _names(language, local.weekday(), local.month)
    day, clock = f"{local.day} {month}", f"{local.hour:02}:{local.minute:02}"
    utc = f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    return utc, escape(f"{weekday} {day} {local.year}, {clock} {local.tzname()}"), escape(f"{day}, {clock}")


@lru_cache(maxsize=1024)
def _names(_language: str | None, weekday: int, month: int) -> tuple[str, str]:
    """A day of the week and a month in the reader's language, short."""
    return str(WEEKDAYS_ABBR[weekday]), str(MONTHS_3[month]).title()


@register.simple_tag
def due(at: datetime | None, warn: int | datetime = 300, css: str = "") -> str:
    """A running deadline: amber from ``warn`` on (seconds before it, or a moment), red when late."""
    if at is None:
        return ""
    if isinstance(warn, datetime):
        warn = max(0, round((at - warn).total_seconds()))
    utc, full, short = _written(at, timezone.get_current_timezone(), get_language())
    return SafeString(
        f'<time class="countdown {escape(css)}" data-countdown datetime="{utc}" data-warn-seconds="{warn}"'
        f' title="{full}">{short}</time>'
    )


@register.simple_tag
def ago(at: datetime | None, css: str = "") -> str:
    """A moment gone by: “12 min ago”, the exact time in its tooltip."""
    return ago_in(timezone.get_current_timezone(), get_language(), at, css)


@register.simple_tag
def moment(at: datetime | None, css: str = "") -> str:
    """A moment as such, which does not tick: “22 Nov, 14:35”, in full in its tooltip."""
    return moment_in(timezone.get_current_timezone(), get_language(), at, css)


def ago_in(zone: tzinfo, language: str | None, at: datetime | None, css: str = "") -> str:
    """The same where the reader's zone and language are at hand: to look them up takes longer than to write it."""
    return _time(_written(at, zone, language), css, " data-ago") if at else ""


def moment_in(zone: tzinfo, language: str | None, at: datetime | None, css: str = "") -> str:
    return _time(_written(at, zone, language), css) if at else ""


def _time(written: Written, css: str, live: str = "") -> str:
    utc, full, short = written
    return SafeString(f'<time class="{escape(css)}"{live} datetime="{utc}" title="{full}">{short}</time>')


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A length of time in its two largest units: 45 s, 12 min, 3 h 20 min, 2 d 3 h. Whole seconds, sign kept."""
    if value is None:
        return ""
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds < MINUTE:
        return sign + _("%(s)d s") % {"s": seconds}
    if seconds < HOUR:
        return sign + _("%(m)d min") % {"m": seconds // MINUTE}
    if seconds < DAY:
        return sign + _two(_("%(n)d h"), seconds // HOUR, _("%(n)d min"), seconds % HOUR // MINUTE)
    return sign + _two(_("%(n)d d"), seconds // DAY, _("%(n)d h"), seconds % DAY // HOUR)


def _two(large: str, many: int, small: str, few: int) -> str:
    return large % {"n": many} + (" " + small % {"n": few} if few else "")


@register.filter
def points(value: Decimal | float | None) -> str:
    """Points of a score with their sign and no idle zeros: +12, −5, +2.5, 0."""
    if value is None:
        return ""
    number = Decimal(str(value)).quantize(Decimal("0.01")).normalize()
    places = max(0, -int(number.as_tuple().exponent))
    text = number_format(abs(number), decimal_pos=places)
    if not number:
        return "0"
    return ("+" if number > 0 else "−") + text


@register.filter
def initials(name: str) -> str:
    """Up to two letters that stand for a person: “Ada Lovelace” → AL."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or pgettext("initials of nobody", "?")


@register.filter
def css(field: BoundField, classes: str) -> SafeString:
    """A form field with more classes on its control: ``{{ form.channel|css:"form-select-sm" }}``."""
    given = str(field.field.widget.attrs.get("class", ""))
    return field.as_widget(attrs={"class": f"{given} {classes}".strip()})
