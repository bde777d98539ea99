"""Phone numbers as the network knows them (E.164), with the lead's country as a hint."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from leads.matching.names import fold

SHORTEST = 7  # digits; less is an extension
_NOT_DIGIT = re.compile(r"\D+")


@lru_cache(maxsize=50_000)
def phone_key(phone: str, country: str) -> str:
    """The number in E.164; the bare digits when nobody can tell the country; nothing when it is no number."""
    digits = _NOT_DIGIT.sub("", phone)
    if len(digits) < SHORTEST:
        return ""
    written = re.sub(r"^\s*00", "+", phone)
    region = region_of(country)
    if written.lstrip().startswith("+") or region:
        return _formatted(written, region) or digits
    return _formatted(f"+{digits}", "", sure=True) or digits


def _formatted(text: str, region: str, *, sure: bool = False) -> str:
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    fits = phonenumbers.is_valid_number(number) if sure else phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if fits else ""


def region_of(country: str) -> str:
    """ES for Spain, España, ESP-less “es”: whatever language the country is written in; nothing when unknown."""
    word = " ".join(fold(country).split())
    return _regions().get(word, "") if word else ""


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    """Every name of every country in the languages that the library knows; loaded when first asked for."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    known = {"usa": "US", "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "uae": "AE"}
    for region, names in LOCALE_DATA.items():
        for name in names.values():
            if not name.startswith("*"):
                known.setdefault(fold(name), region)
    return known | {region.lower(): region for region in LOCALE_DATA}
