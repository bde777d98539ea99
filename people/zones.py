"""Time zones: only IANA names, checked when saved (domain rule 8: a bad zone is an error, never a silent UTC)."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


@cache
def zone_names() -> tuple[str, ...]:
    """Every region/city name a person may pick, sorted, with UTC first."""
    regions = sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )
    return ("UTC", *regions)


def validate_zone(name: str) -> None:
    """Refuse a name that the zone database does not have."""
    if name not in zone_names():
        raise ValidationError(_("“%(name)s” is no time zone. Pick one such as Europe/Madrid."), params={"name": name})
