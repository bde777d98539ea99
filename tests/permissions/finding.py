"""Who is let in to the addresses of the list of leads, saved views and bulk acts (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.permissions.page import Open, Page

PAGES: dict[str, Page] = {}
OPEN: dict[str, Open] = {}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    return {}
