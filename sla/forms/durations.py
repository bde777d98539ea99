"""A length of time as people say it: a number and its unit. The value is whole seconds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# No days: a day of working time is no fixed length.
UNITS = ((1, _("seconds")), (60, _("minutes")), (3600, _("hours")))
LONGEST = 366 * 24 * 3600


def in_unit(seconds: int) -> tuple[int, int]:
    """The number and the largest unit that say it without a remainder."""
    unit = next((size for size, _name in reversed(UNITS) if seconds and seconds % size == 0), 60)
    return seconds // unit, unit


class DurationWidget(forms.MultiWidget):
    template_name = "sla/widgets/duration.html"

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 0, "aria-label": _("Number"), "inputmode": "numeric"})
        super().__init__([number, forms.Select(attrs={"aria-label": _("Unit")}, choices=UNITS)])

    def decompress(self, value: int | None) -> list[int | None]:
        return [None, 60] if value is None else list(in_unit(abs(value)))


class DurationField(forms.MultiValueField):
    """Seconds, typed as a number and a unit."""

    widget = DurationWidget

    def __init__(self, **kwargs: Any) -> None:
        number = forms.IntegerField(min_value=0, max_value=LONGEST)
        unit = forms.TypedChoiceField(choices=UNITS, coerce=int)
        super().__init__((number, unit), **kwargs)

    def compress(self, data_list: list[int]) -> int | None:
        if not data_list:
            return None
        number, unit = data_list
        if number * unit > LONGEST:
            raise ValidationError(_("That is more than a year."))
        return number * unit

    def has_changed(self, initial: Any, data: Any) -> bool:
        """The unit alone is not a value: a row in which nothing else was typed is an empty row."""
        return super().has_changed(initial, data) if initial is not None or (data and data[0]) else False
