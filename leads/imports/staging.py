"""A batch of rows → the database: COPY into a temporary table, then a fixed number of set-based statements.

The order of one batch, all in one transaction:

    lock      one import writes at a time (an advisory lock until the batch commits), so two of them cannot
              create the same lead, nor wait for each other
    match     by the number in the source system, else by the e-mail address, also one from before a merge
    refuse    conflicts, and keys that an earlier row of the file had
    hold      the leads that were found; when one was merged away meanwhile, the batch begins again
    update    leads that differ, insert those that are new; what is the same is not written
    history   numbers, attempts, first stage, marks for the flow, and for an import that can be undone what was before
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Identifier

from leads.imports import statements
from leads.imports.rows import Reject
from leads.imports.statements import AT_CREATION, FLAGS, LISTED, STAGED, TEXTS
from leads.models import StageChange, WebhookKind
from leads.services.stages import StageMove, move_stages
from leads.services.webhooks import announce, is_heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from leads.imports.companies import Resolved
    from leads.imports.rows import Row

ADVISORY_LOCK = 0x6261746F6E  # "baton": any number that nothing else uses


class GoneError(IntegrityError):
    """A lead that a row was matched with is no longer that lead: match the batch again."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the rows of a batch; ``line`` is the last of them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    line: int = 0

    @property
    def marked(self) -> bool:
        return bool(self.created or self.updated)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for every batch of an import; ``job`` is where what it does is recorded to be undone."""

    system: str
    now: datetime
    detail: str
    constants: dict[str, Any]
    by: int | None = None
    job: int | None = None
    update_stage: bool = False


def prepare() -> None:
    """The temporary tables of this connection, empty."""
    with connection.cursor() as cursor:
        cursor.execute(statements.DROP)
        cursor.execute(statements.CREATE)


def tear_down() -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements.DROP)


def lock() -> None:
    """Wait for the batch that another import is writing; released at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def let_batch_pass() -> None:
    """For whoever saves single leads while an import runs: wait for its batch, and keep the next one waiting.

    A lead that came into being between a batch's look and its INSERT would stop the import. Those who call this do not
    wait for each other. Call it before anything else of the transaction is locked, as the batch itself does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ADVISORY_LOCK])


def write(rows: Sequence[Row], companies: Resolved, terms: Terms) -> Written:
    """Write a batch inside the caller's transaction, after ``lock``. Raises GoneError to have it begun again."""
    told = _parameters(terms, companies)
    with connection.cursor() as cursor:
        _stage(cursor, rows, companies, told)
        cursor.execute(statements.LOCK_LEADS)
        _all_there(cursor, told)
        if terms.job is not None:
            cursor.execute(statements.REMEMBER)
        if terms.update_stage:
            _move(cursor, _moves(cursor, terms), terms)
        attempts = statements.ATTEMPTS if any("attempt_at" in row.values for row in rows) else ()
        written = (statements.update(), statements.NUMBER_NEW, statements.insert(), *statements.HISTORY)
        for statement in (*written, *attempts, statements.MARK):
            cursor.execute(statement, told)
        if terms.job is not None:
            _record(cursor, companies, told)
        if is_heard(WebhookKind.LEAD_CREATED):
            cursor.execute("SELECT lead_id FROM import_row WHERE is_new ORDER BY line")
            announce(kind=WebhookKind.LEAD_CREATED, lead_ids=[pk for (pk,) in cursor.fetchall()], now=terms.now)
        return _tally(cursor, rows)


def foresee(rows: Sequence[Row], companies: Resolved, terms: Terms) -> Written:
    """What ``write`` would come to, without writing anything but the temporary tables."""
    told = _parameters(terms, companies)
    with connection.cursor() as cursor:
        _stage(cursor, rows, companies, told)
        for statement in statements.foresee():
            cursor.execute(statement, told)
        if terms.update_stage:
            _move(cursor, _moves(cursor, terms), terms, keep=False)
        return _tally(cursor, rows)


def remember(rows: Sequence[Row], companies: Resolved, terms: Terms) -> None:
    """Take note of the keys of rows that an interrupted import had written already."""
    with connection.cursor() as cursor:
        _stage(cursor, rows, companies, _parameters(terms, companies))


def _stage(cursor: Any, rows: Sequence[Row], companies: Resolved, told: dict[str, Any]) -> None:
    cursor.execute("TRUNCATE import_row")
    _copy(cursor, rows, companies.by_line)
    for statement in (*statements.MATCH, *statements.DUPLICATES):
        cursor.execute(statement, told)


def _copy(cursor: Any, rows: Iterable[Row], companies: dict[int, tuple[int, bool]]) -> None:
    columns = SQL(", ").join(Identifier(name) for name in STAGED)
    with cursor.copy(SQL("COPY import_row ({}) FROM STDIN").format(columns)) as copy:
        for row in rows:
            company, guessed = companies.get(row.line, (None, None))
            given = row.values | {
                "line": row.line,
                "company_id": company,
                "company_guessed": guessed,
                "custom": json.dumps(row.custom) if row.custom else None,
            }
            copy.write_row([given.get(name) for name in STAGED])
    cursor.execute("ANALYZE import_row")


def _all_there(cursor: Any, told: dict[str, Any]) -> None:
    cursor.execute(statements.GONE, told)
    if cursor.fetchone()[0]:
        raise GoneError(_("The lead it belongs to was merged or deleted at the same moment; import it again."))


def _moves(cursor: Any, terms: Terms) -> list[StageMove]:
    cursor.execute(statements.WANTED_MOVES)
    reason = StageChange.Reason.IMPORTED
    return [StageMove(lead, stage, reason, terms.detail, by_id=terms.by) for lead, stage in cursor.fetchall()]


def _move(cursor: Any, moves: Sequence[StageMove], terms: Terms, *, keep: bool = True) -> None:
    """Move known leads; the row of one that may not move so is refused."""
    with transaction.atomic():
        changes = move_stages(moves=moves, now=terms.now)
        transaction.set_rollback(not keep)
    made = {change.lead_id: change.pk for change in changes}
    cursor.execute(statements.MOVED, {"leads": list(made), "changes": list(made.values())})
    cursor.execute(statements.NOT_MOVED, {"leads": [move.lead_id for move in moves if move.lead_id not in made]})
    cursor.execute(statements.FORGET_REFUSED)


def _record(cursor: Any, companies: Resolved, told: dict[str, Any]) -> None:
    cursor.execute(statements.RECORD, told)
    touched: list[tuple[int, bool, dict[str, Any]]] = [(pk, True, {}) for pk in companies.made] + [
        (pk, False, facts) for pk, facts in companies.filled.items()
    ]
    if touched:
        ids, new, filled = zip(*touched, strict=True)
        facts = [json.dumps(one, default=str) for one in filled]
        told = told | {"ids": list(ids), "new": list(new), "filled": facts}
        cursor.execute(statements.RECORD_COMPANIES, told)


def _tally(cursor: Any, rows: Sequence[Row]) -> Written:
    cursor.execute(statements.TALLY)
    created, updated, unchanged = cursor.fetchone()
    cursor.execute("SELECT line, refused, other FROM import_row WHERE refused IS NOT NULL ORDER BY line")
    refused = {line: (code, other) for line, code, other in cursor.fetchall()}
    rejects = [
        Reject(row.line, _reason(*refused[row.line]), row.cells, repeats=refused[row.line][0] in REPEATS)
        for row in rows
        if row.line in refused
    ]
    return Written(created, updated, unchanged, rejects)


def _parameters(terms: Terms, companies: Resolved) -> dict[str, Any]:
    """Those of every statement; ``new_…`` is what a new lead gets where its row says nothing."""
    names = (*TEXTS, *FLAGS, *LISTED, *AT_CREATION, "consent", "consent_at", "consent_source")
    given = {f"new_{name}": terms.constants.get(name) for name in (*names, "attempt_channel", "attempt_outcome")}
    return given | {
        "new_custom": json.dumps(terms.constants.get("custom", {})),
        "system": terms.system,
        "now": terms.now,
        "detail": terms.detail,
        "by": terms.by,
        "job": terms.job,
        "companies": list(companies.filled),
    }


REPEATS = frozenset({"other_lead", "other_number", "number", "email", "lead"})


def _reason(code: str, other: str) -> str:
    reasons = {
        "other_lead": _("Its e-mail address belongs to another lead (no. %(other)s) than its number does."),
        "other_number": _("Its e-mail address belongs to a lead that has the number %(other)s."),
        "number": _("Has the same number as line %(other)s."),
        "email": _("Has the same e-mail address as line %(other)s."),
        "lead": _("Is the same lead as line %(other)s."),
        "stage": _("Its lead may not move so: %(other)s."),
        "nobody": _("Nobody is named who made its attempt."),
    }
    return reasons[code] % {"other": other}
