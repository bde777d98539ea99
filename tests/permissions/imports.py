"""Who is let in to the addresses of imports and exports (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from leads.models import ImportJob
from tests.cast import NOW
from tests.permissions.page import (
    ADMINISTRATOR,
    GONE_ON,
    MANAGER,
    MARKETER,
    NOT_ALLOWED,
    Open,
    Page,
    act,
    form,
    reading,
)

IMPORTERS = frozenset({MARKETER, MANAGER, ADMINISTRATOR})

PAGES: dict[str, Page] = {
    "import-list": reading(IMPORTERS),
    "import-create": form(IMPORTERS),
    "import-detail": reading(IMPORTERS, "import_job"),
    "import-live": reading(IMPORTERS, "import_job"),
    # Of an import that has ended nothing can be changed any more.
    "import-columns": Page(IMPORTERS, get=GONE_ON, post=GONE_ON, args="import_job"),
    "import-words": Page(IMPORTERS, get=GONE_ON, post=GONE_ON, args="import_job"),
    "import-sheet": act(IMPORTERS, "import_job"),
    "import-check": act(IMPORTERS, "import_job"),
    "import-start": act(IMPORTERS, "import_job"),
    "import-cancel": act(IMPORTERS, "import_job"),
    "import-undo": Page(IMPORTERS, get=GONE_ON, post=GONE_ON, args="import_job"),
    "import-rejects": reading(IMPORTERS, "import_job"),
    "import-mended": Page(IMPORTERS, get=NOT_ALLOWED, post=422, args="import_job"),
    "lead-export": reading(IMPORTERS),
}
OPEN: dict[str, Open] = {}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """An import that is over and made nothing."""
    job = ImportJob.objects.create(
        file_name="leads.csv",
        size=1,
        uploaded_by=world.people["marketer"],
        state=ImportJob.State.DONE,
        started_at=NOW,
        finished_at=NOW,
    )
    return {"import_job": job}
