"""The columns of the list of leads: what each shows, and what it has to be told by the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.filters import owners
from leads.models import Campaign, CustomField, Lead, LeadStatus, LeadType, LifecycleStage, Source
from people.models import User
from people.templatetags.baton import ago_in, moment_in
from scoring.models import Icp, Persona

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from leads.filter_kinds import Asking

Values = dict[str, Any]
Cell = Callable[[Values, "Asking"], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """``needs`` are the values of a row that ``cell`` makes its text of; ``sort`` is the order that its head offers."""

    name: str
    label: _StrPromise | str
    needs: tuple[str, ...]
    cell: Cell
    css: str = ""
    sort: str = ""


def _plain(field: str) -> Cell:
    return lambda row, _asking: row[field] or ""


def _named(field: str, what: str, rows: Callable[[User], Any]) -> Cell:
    """The name of a row of a short list, which is looked up once for all."""

    def cell(row: Values, asking: Asking) -> Any:
        pk = row[field]
        return "" if pk is None else asking.names(what, lambda: rows(asking.by)).get(pk, "")

    return cell


def _owner(row: Values, asking: Asking) -> Any:
    pk = row["owner"]
    if pk is None:
        return _nobody(asking.language)
    known = asking.names("owner", lambda: owners(asking.by))
    # Somebody who has left, or sells no more.
    return known.get(pk) or asking.names("owners", lambda: User.objects.exclude(pk__in=known)).get(pk, "")


@lru_cache(maxsize=64)
def _nobody(_language: str | None) -> SafeString:
    return format_html('<span class="text-secondary">{}</span>', _("Nobody"))


def _who(row: Values, _asking: Asking) -> Any:
    """As ``Lead.display_name`` has it."""
    name = f"{row['first_name']} {row['last_name']}".strip()
    return name or row["email"] or _("Lead %(number)s") % {"number": row["pk"]}


def _points(field: str) -> Cell:
    def cell(row: Values, asking: Asking) -> Any:
        value: Decimal | None = row[field]
        if value is None:
            return ""
        text = _rounded(value, asking.language)
        return SafeString(f"<b>{text}</b>") if field == "score__total" else text

    return cell


@lru_cache(maxsize=4096)  # points are the same few numbers in every row
def _rounded(value: Decimal, _language: str | None) -> str:
    whole = int(value)
    return escape(str(whole) if value == whole else number_format(value, 1))


def _count(field: str) -> Cell:
    return lambda row, _asking: "" if row[field] is None else number_format(row[field], force_grouping=True)


def _since(field: str) -> Cell:
    return lambda row, asking: ago_in(asking.zone, asking.language, row[field])


def _moment(field: str) -> Cell:
    return lambda row, asking: moment_in(asking.zone, asking.language, row[field])


def _word(field: str, words: Sequence[tuple[Any, Any]]) -> Cell:
    labels = dict(words)
    return lambda row, _asking: labels.get(row[field], "")


def _yes(field: str) -> Cell:
    return lambda row, _asking: _("Yes") if row[field] else ""


def _text(name: str, label: _StrPromise, field: str = "") -> Column:
    return Column(name, label, (field or name,), _plain(field or name))


def _list(name: str, label: _StrPromise, model: Any, field: str = "", sort: str = "") -> Column:
    field = field or name
    cell = _named(field, name, lambda _by: model.objects.all())
    return Column(name, label, (field,), cell, f"lead-{name}", sort)


WHO = Column("name", gettext_lazy("Name"), ("first_name", "last_name", "email", "job_title"), _who, "lead-who", "name")
COLUMNS: tuple[Column, ...] = (
    Column("company", gettext_lazy("Company"), ("company__name",), _plain("company__name"), "lead-company", "company"),
    _list("stage", gettext_lazy("Stage"), LifecycleStage, sort="stage"),
    _list("status", gettext_lazy("Status"), LeadStatus),
    Column("score", gettext_lazy("Score"), ("score__total",), _points("score__total"), "num lead-points", "score"),
    Column("owner", gettext_lazy("Owner"), ("owner",), _owner, "lead-owner"),
    Column("captured", gettext_lazy("Captured"), ("captured_at",), _since("captured_at"), "lead-when", "captured"),
    Column(
        "touched",
        gettext_lazy("Last touch"),
        ("index__last_touch_at",),
        _since("index__last_touch_at"),
        "lead-when",
        "touched",
    ),
    Column("updated", gettext_lazy("Updated"), ("updated_at",), _since("updated_at"), "lead-when", "updated"),
    _text("email", gettext_lazy("E-mail address")),
    _text("phone", gettext_lazy("Phone")),
    _text("country", gettext_lazy("Country")),
    _text("city", gettext_lazy("City")),
    _text("language", gettext_lazy("Language")),
    _list("source", gettext_lazy("Source"), Source),
    _list("campaign", gettext_lazy("Campaign"), Campaign),
    _list("lead_type", gettext_lazy("Lead type"), LeadType),
    _text("status_reason", gettext_lazy("Reason of the status")),
    Column("staged", gettext_lazy("In this stage since"), ("stage_since",), _moment("stage_since")),
    Column(
        "journey",
        gettext_lazy("Buyer's journey"),
        ("journey_step",),
        _word("journey_step", Lead.JourneyStep.choices),
    ),
    Column("fit", gettext_lazy("Fit"), ("score__fit",), _points("score__fit"), "num"),
    Column("engagement", gettext_lazy("Engagement"), ("score__engagement",), _points("score__engagement"), "num"),
    Column("intent", gettext_lazy("Intent"), ("score__intent",), _points("score__intent"), "num"),
    _list("persona", gettext_lazy("Persona"), Persona, "score__persona"),
    _list("profile", gettext_lazy("Profile"), Icp, "score__icp"),
    _text("industry", gettext_lazy("Industry"), "company__industry"),
    _text("company_country", gettext_lazy("Country of the company"), "company__country"),
    Column("employees", gettext_lazy("Employees"), ("company__employees",), _count("company__employees"), "num"),
    Column(
        "revenue",
        gettext_lazy("Revenue a year"),
        ("company__annual_revenue",),
        _count("company__annual_revenue"),
        "num",
    ),
    Column("consent", gettext_lazy("Consent to be mailed"), ("consent",), _word("consent", Lead.Consent.choices)),
    Column("do_not_email", gettext_lazy("Do not e-mail"), ("do_not_email",), _yes("do_not_email")),
    Column("do_not_call", gettext_lazy("Do not call"), ("do_not_call",), _yes("do_not_call")),
    _text("budget", gettext_lazy("Budget"), "bant_budget"),
    _text("authority", gettext_lazy("Authority"), "bant_authority"),
    _text("need", gettext_lazy("Need"), "bant_need"),
    _text("timeline", gettext_lazy("Timeline"), "bant_timeline"),
)
USUAL = ("company", "stage", "status", "score", "owner", "captured")
MOST = 16


def columns(custom: Sequence[CustomField]) -> dict[str, Column]:
    """Every column there is, by name; the lead's name stands first in every list and is none of them."""
    own = (Column(f"custom_{one.key}", one.name, ("custom",), _custom(one), _css(one)) for one in custom)
    return {column.name: column for column in (*COLUMNS, *own)}


def chosen(names: Sequence[str], known: dict[str, Column]) -> list[Column]:
    """The columns of these names, in that order; what is gone is left out, and without any the usual ones stand."""
    found = [known[name] for name in names if name in known][:MOST]
    return [WHO, *(found or [known[name] for name in USUAL])]


def _css(field: CustomField) -> str:
    return "num" if field.kind in {CustomField.Kind.NUMBER, CustomField.Kind.MONEY} else ""


def _custom(field: CustomField) -> Cell:
    def cell(row: Values, _asking: Asking) -> Any:
        return shown(field, row["custom"].get(field.key))

    return cell


def shown(field: CustomField, value: Any) -> Any:
    """A custom value as people read it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field.kind == CustomField.Kind.DATE:
        day = _day(value)
        return date_format(day, "j M Y") if day else value
    if isinstance(value, int | float):
        return number_format(value, force_grouping=True)
    return value


def _day(value: Any) -> date | None:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None
