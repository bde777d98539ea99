"""Where somebody came from: UTM parameters, the page and what led to it. No Django models in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

from leads.text import tidy

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
LONGEST = 200
LONGEST_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class Touch:
    """One way in. ``page`` and ``referrer`` are addresses without their query, which may hold what is private."""

    page: str = ""
    referrer: str = ""
    utm: dict[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        """What the link says, else the site one came from, when that is none of ours (``own`` are their hosts)."""
        if self.utm.get("utm_source"):
            return self.utm["utm_source"]
        came_from = host_of(self.referrer)
        return "" if came_from in self.own | {host_of(self.page)} else came_from

    @property
    def campaign(self) -> str:
        return self.utm.get("utm_campaign", "")

    @property
    def says_something(self) -> bool:
        return bool(self.source or self.campaign)


def utm_of(parameters: Mapping[str, object]) -> dict[str, str]:
    """The UTM parameters among these, tidied and cut to a length that a name may have."""
    given = {name: _name(parameters.get(name)) for name in UTM}
    return {name: text for name, text in given.items() if text}


def utm_of_address(address: str) -> dict[str, str]:
    parts = _split(address)
    return utm_of(dict(parse_qsl(parts.query, max_num_fields=100))) if parts and len(parts.query) < 5_000 else {}


def bare_address(address: object) -> str:
    """The address without query and fragment; nothing when it is none of the web."""
    parts = _split(address)
    if parts is None:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:LONGEST_ADDRESS]


def origin_of(address: object) -> str:
    """Scheme, host and port as browsers write them: “https://www.acme.com”."""
    parts = _split(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower() if parts else ""


def host_of(address: object) -> str:
    parts = _split(address)
    return (parts.hostname or "").removeprefix("www.") if parts else ""


def _split(address: object) -> SplitResult | None:
    text = tidy(str(address or "")).replace("\x00", "")
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and has_host else None


def _name(value: object) -> str:
    return " ".join(tidy(str(value or "")).replace("\x00", "").split())[:LONGEST].strip()
