"""Who is let in to the addresses of what is held on a person (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.permissions.page import ADMINISTRATOR, SHOWN, Open, Page, act, form, reading

OFFICERS = frozenset({ADMINISTRATOR})
PAGES: dict[str, Page] = {
    "privacy": reading(OFFICERS),
    "privacy-unblock": act(OFFICERS),
    "lead-privacy": reading(OFFICERS, "lead"),
    "lead-export-held": act(OFFICERS, "lead", post=SHOWN),
    "lead-erase": form(OFFICERS, "lead"),
}
OPEN: dict[str, Open] = {}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    return {}
