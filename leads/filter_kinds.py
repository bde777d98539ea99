"""Kinds of filters: how a text, a number, a day, a choice or a yes and no is asked for in a list and in its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from functools import lru_cache, partial
from html import escape
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django_filters.widgets import SuffixedMultiWidget

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from django.utils.functional import _StrPromise

    from people.models import User

LOOKUPS = (
    ("icontains", gettext_lazy("contains")),
    ("istartswith", gettext_lazy("begins with")),
    ("iexact", gettext_lazy("is")),
)
FROM_TO = ("from", "to")
WHOLE = 2**31 - 1
Method = Callable[[Any, str, Any], Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when: what a list holds may depend on both. Names of short lists are looked up once.

    ``find`` narrows leads by what was typed into the search; the zone and the language are the reader's.
    """

    by: User
    now: datetime
    known: dict[str, dict[int, str]] = dataclass_field(default_factory=dict)
    find: Callable[[Any, str], Any] = lambda rows, typed: rows.search(typed)
    zone: tzinfo = dataclass_field(default_factory=get_current_timezone)
    language: str | None = dataclass_field(default_factory=get_language)

    def names(self, what: str, rows: Callable[[], Any]) -> dict[int, str]:
        """The names of the rows by their ids, in their order; ``what`` says which rows they are."""
        if what not in self.known:
            self.known[what] = dict(rows().values_list("pk", "name"))
        return self.known[what]


Make = Callable[[Asking], django_filters.Filter]


@dataclass(frozen=True, slots=True)
class Offer:
    """A filter that the list offers: its name in the address, what people call it, and in which group it stands."""

    name: str
    label: _StrPromise | str
    group: _StrPromise | str
    make: Make
    suffixes: tuple[str, ...] = ("",)

    @property
    def parameters(self) -> tuple[str, ...]:
        """What it is called in the address."""
        return tuple(f"{self.name}_{suffix}" if suffix else self.name for suffix in self.suffixes)


def escaped(value: object) -> str:
    """As Django escapes, without its regard for text that is not translated yet: that takes longer than escaping."""
    return str(value) if hasattr(value, "__html__") else escape(str(value))


def _attributes(given: dict[str, Any]) -> str:
    return "".join(f' {key}="{escaped(one)}"' for key, one in given.items() if one not in (None, False))


class LeanSearch(forms.TextInput):
    """The field one searches by, drawn without a template: it is in every list."""

    input_type = "search"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - nothing to render by
        given = {"type": self.input_type, "class": "form-control", "name": name, "value": value or None}
        return mark_safe(f"<input{_attributes({**given, **self.attrs, **(attrs or {})})}>")  # noqa: S308 - every part is escaped


class LeanSelect(forms.Select):
    """A select that is drawn at once: two hundred owners by a template each take longer than the list itself."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - nothing to render by
        choices: Any = self.choices
        head = _attributes({**self.attrs, **(attrs or {}), "name": name, "class": "form-select"})
        options = _options(tuple((str(key), str(label)) for key, label in choices))
        chosen = f'<option value="{escape(str("" if value is None else value))}"'
        options = options.replace(f"{chosen}>", f"{chosen} selected>", 1)
        return mark_safe(f"<select{head}>{options}</select>")  # noqa: S308 - every part is escaped above

    def id_for_label(self, id_: str, index: str | None = None) -> str:  # noqa: ARG002 - one control, one label
        return id_


@lru_cache(maxsize=256)
def _options(choices: tuple[tuple[str, str], ...]) -> str:
    """The options of a select; kept by all that they say."""
    return "".join(f'<option value="{escape(key)}">{escape(label)}</option>' for key, label in choices)


class FromTo(SuffixedMultiWidget):  # type: ignore[misc]  # django-filter ships no types
    """Two controls: from, to."""

    suffixes = FROM_TO

    def __init__(self, control: type[forms.Widget], **attrs: Any) -> None:
        labels = (_("from"), _("to"))
        super().__init__([control({"aria-label": label, "placeholder": label, **attrs}) for label in labels])

    def decompress(self, value: Any) -> list[Any]:
        return [value.start, value.stop] if value else [None, None]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - nothing to render by
        """As lean as the select; what was typed stands in it again as it was typed."""
        values = value if isinstance(value, list) else self.decompress(value)
        given = {**(attrs or {}), "class": "form-control"}
        controls = (
            {**given, **widget.attrs, "type": widget.input_type, "name": f"{name}_{suffix}", "value": typed}
            | {"id": f"{given.get('id', name)}_{suffix}"}
            for widget, suffix, typed in zip(self.widgets, FROM_TO, values, strict=True)
        )
        return mark_safe("".join(f"<input{_attributes(one)}>" for one in controls))  # noqa: S308 - every part is escaped


class DayInput(forms.DateInput):
    input_type = "date"


class NumberRangeField(django_filters.fields.RangeField):  # type: ignore[misc]  # django-filter ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        limits = {"required": False, "max_value": kwargs.pop("most", None), "max_digits": 18}
        super().__init__(*args, fields=(forms.DecimalField(**limits), forms.DecimalField(**limits)), **kwargs)


class NumberRange(django_filters.RangeFilter):  # type: ignore[misc]  # django-filter ships no types
    field_class = NumberRangeField


class TextField(django_filters.fields.LookupChoiceField):  # type: ignore[misc]  # django-filter ships no types
    """A text and how it is compared; an address that does not say how means “contains”."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.widget.widgets[0].attrs["aria-label"] = kwargs.get("label") or ""
        self.widget.widgets[1].attrs["aria-label"] = _("how")

    def clean(self, value: Any) -> Any:
        typed, how = value or ("", "")
        return super().clean([typed, how or LOOKUPS[0][0]])


class TextFilter(django_filters.LookupChoiceFilter):  # type: ignore[misc]  # django-filter ships no types
    outer_class = TextField


def text(field: str, method: Method | None = None) -> tuple[Make, tuple[str, ...]]:
    def make(_asking: Asking) -> django_filters.Filter:
        return TextFilter(
            field_name=field,
            field_class=forms.CharField,
            lookup_choices=LOOKUPS,
            empty_label=None,
            max_length=200,
            method=method,
        )

    return make, ("", "lookup")


def number(field: str, *, most: int | None = None, method: Method | None = None) -> tuple[Make, tuple[str, ...]]:
    def make(_asking: Asking) -> django_filters.Filter:
        widget = FromTo(forms.NumberInput, step="any")
        return NumberRange(field_name=field, widget=widget, most=most, method=method)

    return make, FROM_TO


def days(field: str, method: Method | None = None) -> tuple[Make, tuple[str, ...]]:
    """From and to a day, both included, where the reader lives."""

    def make(_asking: Asking) -> django_filters.Filter:
        return django_filters.DateFromToRangeFilter(field_name=field, widget=FromTo(DayInput), method=method)

    return make, FROM_TO


def yes_no(field: str, method: Method | None = None) -> Make:
    def chosen(rows: Any, name: str, word: str) -> Any:
        return method(rows, name, word == "yes") if method else rows.filter(**{field: word == "yes"})

    return choice(field, [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))], chosen)


def choice(field: str, choices: Any, method: Method | None = None) -> Make:
    def make(_asking: Asking) -> django_filters.Filter:
        return django_filters.ChoiceFilter(
            field_name=field, choices=choices, empty_label="–", method=method, widget=LeanSelect
        )

    return make


def row(field: str, what: str, rows: Callable[[User], Any], *, empty: Any = "–", nobody: Any = None) -> Make:
    """One row of a short list, such as a stage; ``nobody`` offers leads that have none."""

    def make(asking: Asking) -> django_filters.Filter:
        names = list(asking.names(what, lambda: rows(asking.by)).items())
        choices = [("null", nobody), *names] if nobody else names
        return django_filters.ChoiceFilter(
            field_name=field,
            choices=lambda: choices,  # a form copies its fields, and would every choice
            empty_label=empty,
            method=partial(_same_row, field),
            widget=LeanSelect,
        )

    return make


def _same_row(field: str, rows: Any, _name: str, given: str) -> Any:
    return rows.filter(**{f"{field}__isnull": True} if given == "null" else {field: int(given)})


def said(field: forms.BoundField, value: Any) -> str:
    """A filter's value in words: “contains Kraków”, “from 3 Nov to 9 Nov”, “Yes”."""
    if isinstance(value, slice):
        start, stop = (_bound(one) for one in (value.start, value.stop))
        if start and stop:
            return _("%(start)s to %(stop)s") % {"start": start, "stop": stop}
        return _("from %(start)s") % {"start": start} if start else _("to %(stop)s") % {"stop": stop}
    if hasattr(value, "lookup_expr"):
        return f"{dict(LOOKUPS)[value.lookup_expr]} “{value.value}”"
    if isinstance(value, str) and hasattr(field.field, "choices"):
        return next((str(label) for key, label in field.field.choices if str(key) == value), value)
    return str(value)


def _bound(one: Any) -> str:
    if one is None:
        return ""
    if isinstance(one, Decimal):
        return number_format(one.normalize() if one % 1 else int(one))
    return date_format(localtime(one) if hasattr(one, "tzinfo") else one, "j M Y")
