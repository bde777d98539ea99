"""Who is let in to the addresses of the configured lists (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from leads.models import LeadType, Source
from tests.permissions.page import GLOSSARY_EDITORS, Open, Page, act, form, reading

EDITORS = GLOSSARY_EDITORS
PAGES: dict[str, Page] = {
    "lists": reading(EDITORS),
    "stage-moves": form(EDITORS),
    "list-detail": reading(EDITORS, "list"),
    "list-create": form(EDITORS, "list"),
    "list-edit": form(EDITORS, "listed"),
    "list-move": act(EDITORS, "listed"),
    "list-switch": act(EDITORS, "listed"),
    "list-delete": act(EDITORS, "listed"),
    "list-merge": form(EDITORS, "listed_source"),
}
OPEN: dict[str, Open] = {}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    listed = LeadType.objects.create(key="service", name="Service", position=90)
    source = Source.objects.create(name="Google")
    return {
        "list": {"what": "types"},
        "listed": {"what": "types", "pk": listed.pk},
        "listed_source": {"what": "sources", "pk": source.pk},
    }
