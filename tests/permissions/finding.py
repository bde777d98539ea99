"""Who is let in to the addresses of the list of leads, saved views and bulk acts (see tests/test_permissions.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from leads.models import SavedView
from sla.models import BulkJob
from tests.cast import NOW
from tests.permissions.page import (
    AE,
    EVERYBODY,
    EXECUTIVE,
    GONE_ON,
    LEAD_EDITORS,
    MANAGER,
    MARKETER,
    NOT_ALLOWED,
    NOT_FOUND,
    REFUSED,
    SDR,
    SHOWN,
    Open,
    Page,
    act,
    reading,
)

BAD = 400
# A shared view of the SDR's: who may share views looks after it, the others only see it.
NOT_THEIRS = dict.fromkeys((AE, EXECUTIVE), (NOT_ALLOWED, NOT_FOUND))
# An act of the SDR's: an administrator sees all, the others their own.
NOT_THEIR_ACT = dict.fromkeys((MARKETER, MANAGER), (NOT_FOUND, NOT_ALLOWED))
NOT_THEIR_ACT_TO_CHANGE = dict.fromkeys((MARKETER, MANAGER), (NOT_ALLOWED, NOT_FOUND))

PAGES: dict[str, Page] = {
    "lead-count": reading(EVERYBODY),
    "list-columns": act(EVERYBODY),
    "view-create": act(EVERYBODY, post=REFUSED),
    "view-edit": Page(
        EVERYBODY, get=SHOWN, post=REFUSED, args="view", but=dict.fromkeys((AE, EXECUTIVE), (NOT_FOUND, NOT_FOUND))
    ),
    "view-save": Page(EVERYBODY, get=NOT_ALLOWED, post=GONE_ON, args="view", but=NOT_THEIRS),
    "view-delete": Page(EVERYBODY, get=NOT_ALLOWED, post=GONE_ON, args="view", but=NOT_THEIRS),
    "view-default": act(EVERYBODY, "view"),
    "bulk-list": reading(LEAD_EDITORS),
    # Without an act there is nothing to show.
    "bulk-new": Page(LEAD_EDITORS, get=BAD, post=BAD),
    "bulk-job": Page(LEAD_EDITORS, args="bulk_job", but=NOT_THEIR_ACT),
    "bulk-live": Page(LEAD_EDITORS, args="bulk_job", but=NOT_THEIR_ACT),
    "bulk-cancel": Page(LEAD_EDITORS, get=NOT_ALLOWED, post=GONE_ON, args="bulk_job", but=NOT_THEIR_ACT_TO_CHANGE),
    "bulk-undo": Page(LEAD_EDITORS, get=NOT_ALLOWED, post=GONE_ON, args="bulk_job", but=NOT_THEIR_ACT_TO_CHANGE),
}
OPEN: dict[str, Open] = {}


def rows(world: SimpleNamespace) -> dict[str, Any]:
    """What these addresses take: a row by the name that ``args`` uses, or a dictionary of the address's arguments."""
    sdr = world.people[SDR]
    job = BulkJob.objects.create(
        act=BulkJob.Act.STATUS,
        by=sdr,
        params={"status": world.lead.status_id},
        summary="Status",
        total=1,
        created_at=NOW,
    )
    job.items.create(lead_id=world.lead.pk)
    view = SavedView.objects.create(name="Everything", owner=sdr, is_shared=True)
    return {"view": view, "bulk_job": job}
