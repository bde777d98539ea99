"""A batch of rows → the database: COPY into a temporary table, then a fixed number of set-based statements.

The order of one batch, all in one transaction:

    lock      one import writes at a time (an advisory lock until the batch commits), so two of them cannot
              create the same lead, nor wait for each other
    match     by the number in the source system, else by the e-mail address, also one from before a merge
    refuse    conflicts, and keys that an earlier row of the file had
    update    leads that differ, insert those that are new; what is the same is not written
    history   numbers, first stage, marks for the flow
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Identifier

from leads.imports.rows import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from leads.imports.rows import Row

ADVISORY_LOCK = 0x6261746F6E  # "baton": any number that nothing else uses

TEXTS = ("first_name", "last_name", "email", "phone", "job_title", "country", "city", "language", "journey_step")
FLAGS = ("do_not_email", "do_not_call")
# Set when a lead is created; afterwards Baton itself moves them (docs/import.md).
AT_CREATION = ("status_id", "status_reason", "stage_id", "owner_id", "captured_at")
TYPES = {
    "line": "integer PRIMARY KEY",
    "external_id": "text",
    **dict.fromkeys(TEXTS, "text"),
    **dict.fromkeys(FLAGS, "boolean"),
    "consent": "text",
    "consent_at": "timestamptz",
    "consent_source": "text",
    "source_id": "bigint",
    "lead_type_id": "bigint",
    "company_id": "bigint",
    "company_guessed": "boolean",
    "custom": "jsonb",
    "status_id": "bigint",
    "status_reason": "text",
    "stage_id": "bigint",
    "owner_id": "bigint",
    "captured_at": "timestamptz",
}
STAGED = tuple(TYPES)

CREATE = """
CREATE TEMPORARY TABLE import_row ({columns},
    by_number bigint, by_email bigint, lead_id bigint,
    former boolean NOT NULL DEFAULT false,
    is_new boolean NOT NULL DEFAULT false, changed boolean NOT NULL DEFAULT false, refused text, other text);
CREATE TEMPORARY TABLE import_seen (key text PRIMARY KEY, line integer NOT NULL);
"""
DROP = "DROP TABLE IF EXISTS import_row, import_seen"

# External ids are looked up by a subquery per row on purpose: the statistics know nothing yet of a system that is
# imported for the first time, and as a join each batch would read all numbers of the batches before it.
MATCH = (
    """UPDATE import_row r SET by_number =
        (SELECT x.lead_id FROM leads_externalid x WHERE x.system = %(system)s AND x.value = r.external_id)
        WHERE r.external_id IS NOT NULL""",
    """UPDATE import_row r SET by_email = l.id FROM leads_lead l WHERE l.email = r.email AND l.email <> ''""",
    """UPDATE import_row r SET by_email = f.lead_id, former = true FROM leads_formeremail f WHERE f.email = r.email""",
    """UPDATE import_row r SET refused = 'other_lead', other = l.id::text FROM leads_lead l
        WHERE l.id = r.by_email AND r.by_number <> r.by_email""",
    """UPDATE import_row r SET other =
        (SELECT min(x.value) FROM leads_externalid x WHERE x.lead_id = r.by_email AND x.system = %(system)s)
        WHERE r.by_number IS NULL AND r.external_id IS NOT NULL AND r.by_email IS NOT NULL""",
    "UPDATE import_row SET refused = 'other_number' WHERE refused IS NULL AND other IS NOT NULL",
    "UPDATE import_row SET lead_id = coalesce(by_number, by_email) WHERE refused IS NULL",
)
# A key belongs to the first row that has it; later rows with it are refused, in this batch and in all that follow.
KEYS = """
    SELECT 'number ' || external_id AS key, line FROM import_row WHERE external_id IS NOT NULL AND refused IS NULL
    UNION ALL SELECT 'email ' || email, line FROM import_row WHERE email IS NOT NULL AND refused IS NULL
    UNION ALL SELECT 'lead ' || lead_id, line FROM import_row WHERE lead_id IS NOT NULL AND refused IS NULL
"""
DUPLICATES = (
    f"INSERT INTO import_seen (key, line) SELECT key, line FROM ({KEYS}) k ORDER BY line ON CONFLICT DO NOTHING",  # noqa: S608 - a constant
    f"""UPDATE import_row r SET refused = split_part(s.key, ' ', 1), other = s.line::text
          FROM ({KEYS}) k JOIN import_seen s ON s.key = k.key AND s.line < k.line
         WHERE k.line = r.line""",  # noqa: S608 - a constant
    "DELETE FROM import_seen s USING import_row r WHERE r.line = s.line AND r.refused IS NOT NULL",
)
# In the order of their ids, so that nobody who locks several leads waits for us while we wait for them.
LOCK_LEADS = """SELECT id FROM leads_lead WHERE id IN (SELECT lead_id FROM import_row WHERE refused IS NULL)
    ORDER BY id FOR NO KEY UPDATE"""

NUMBER_NEW = """
    UPDATE import_row r SET is_new = true, lead_id = n.id
      FROM (SELECT line, nextval(pg_get_serial_sequence('leads_lead', 'id')) AS id
              FROM (SELECT line FROM import_row WHERE lead_id IS NULL AND refused IS NULL ORDER BY line) o) n
     WHERE n.line = r.line
"""
HISTORY = (
    """WITH added AS (
         INSERT INTO leads_externalid (lead_id, system, value)
         SELECT lead_id, %(system)s, external_id FROM import_row
          WHERE refused IS NULL AND external_id IS NOT NULL AND by_number IS NULL
         RETURNING lead_id)
       UPDATE import_row r SET changed = true FROM added WHERE added.lead_id = r.lead_id AND r.refused IS NULL""",
    """INSERT INTO leads_stagechange (lead_id, to_stage_id, changed_at, reason, detail, version)
       SELECT l.id, l.stage_id, %(now)s, 'imported', %(detail)s, ''
         FROM import_row r JOIN leads_lead l ON l.id = r.lead_id WHERE r.is_new""",
    """INSERT INTO leads_changedlead (lead_id, queued_at, error)
       SELECT lead_id, %(now)s, '' FROM import_row WHERE is_new OR changed
        UNION SELECT l.id, %(now)s, '' FROM leads_lead l WHERE l.company_id = ANY(%(companies)s)""",
)
TALLY = """SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE changed AND NOT is_new),
    count(*) FILTER (WHERE refused IS NULL AND NOT is_new AND NOT changed) FROM import_row"""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the rows of a batch."""

    created: int
    updated: int
    unchanged: int
    rejects: list[Reject]

    @property
    def marked(self) -> bool:
        return bool(self.created or self.updated)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for every batch of an import."""

    system: str
    now: datetime
    detail: str
    constants: dict[str, Any]


def prepare() -> None:
    """The temporary tables of this connection, empty."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    with connection.cursor() as cursor:
        cursor.execute(DROP)
        cursor.execute(CREATE.replace("{columns}", columns))


def tear_down() -> None:
    with connection.cursor() as cursor:
        cursor.execute(DROP)


def lock() -> None:
    """Wait for the batch that another import is writing; released at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def write(rows: Sequence[Row], companies: dict[int, tuple[int, bool]], grown: list[int], terms: Terms) -> Written:
    """Write a batch inside the caller's transaction, after ``lock``.

    ``companies`` holds the company by line and whether it is a guess; ``grown`` the companies whose facts changed.
    """
    parameters = {
        "system": terms.system,
        "now": terms.now,
        "detail": terms.detail,
        "companies": grown,
        **_defaults(terms.constants),
    }
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE import_row")
        _copy(cursor, rows, companies)
        for statement in (*MATCH, *DUPLICATES):
            cursor.execute(statement, parameters)
        _lock_leads(cursor)
        for statement in (_update(), NUMBER_NEW, _insert(), *HISTORY):
            cursor.execute(statement, parameters)
        cursor.execute(TALLY)
        created, updated, unchanged = cursor.fetchone()
        cursor.execute("SELECT line, refused, other FROM import_row WHERE refused IS NOT NULL ORDER BY line")
        refused = {line: _reason(code, other) for line, code, other in cursor.fetchall()}
    rejects = [Reject(row.line, refused[row.line], row.cells) for row in rows if row.line in refused]
    return Written(created, updated, unchanged, rejects)


def _lock_leads(cursor: Any) -> None:
    """Hold the leads that the rows were matched with; when one was merged meanwhile, the batch is to begin again."""
    cursor.execute(LOCK_LEADS)
    held = {row[0] for row in cursor.fetchall()}
    cursor.execute("SELECT DISTINCT lead_id FROM import_row WHERE refused IS NULL AND lead_id IS NOT NULL")
    if any(lead_id not in held for (lead_id,) in cursor.fetchall()):
        raise IntegrityError(_("The lead it belongs to was merged or deleted at the same moment; import it again."))


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


def _taken() -> dict[str, str]:
    """What each column of a known lead becomes: the file's word, unless an empty cell says nothing.

    Do-not flags are switched on and never off. Consent is taken when it is later than what is known, when nothing is
    known, or when it is a withdrawal without a time.
    """
    newer = """(r.consent IN ('granted', 'withdrawn') AND (l.consent = 'unknown' OR r.consent_at > l.consent_at
        OR (r.consent_at IS NULL AND r.consent = 'withdrawn' AND l.consent = 'granted')))"""
    return {
        **{name: f"coalesce(r.{name}, l.{name})" for name in (*TEXTS, "source_id", "lead_type_id")},
        **{name: f"(l.{name} OR coalesce(r.{name}, false))" for name in FLAGS},
        "consent": f"CASE WHEN {newer} THEN r.consent ELSE l.consent END",
        "consent_at": f"CASE WHEN {newer} THEN coalesce(r.consent_at, %(now)s) ELSE l.consent_at END",
        "consent_source": f"CASE WHEN {newer} THEN coalesce(r.consent_source, '') ELSE l.consent_source END",
        # An address from before a merge finds the lead and does not come back into use.
        "email": "CASE WHEN r.former THEN l.email ELSE coalesce(r.email, l.email) END",
        "company_id": "CASE WHEN r.company_guessed THEN l.company_id ELSE coalesce(r.company_id, l.company_id) END",
        "custom": "l.custom || coalesce(r.custom, '{}')",
    }


def _update() -> str:
    taken = _taken()
    columns, before, after = ", ".join(taken), ", ".join(f"l.{name}" for name in taken), ", ".join(taken.values())
    return f"""
        WITH written AS (
          UPDATE leads_lead l SET ({columns}, updated_at) = ROW({after}, %(now)s)
            FROM import_row r
           WHERE l.id = r.lead_id AND r.refused IS NULL AND ROW({before}) IS DISTINCT FROM ROW({after})
          RETURNING r.line)
        UPDATE import_row r SET changed = true FROM written WHERE written.line = r.line
    """  # noqa: S608 - composed of the constants above, values are parameters


def _insert() -> str:
    """New leads: the file's word, else the mapping's constant, else the default."""
    values = {name: f"coalesce(r.{name}, %(new_{name})s, '')" for name in (*TEXTS, "status_reason", "consent_source")}
    values |= {name: f"coalesce(r.{name}, %(new_{name})s, false)" for name in FLAGS}
    values |= {
        name: f"coalesce(r.{name}, %(new_{name})s)" for name in ("source_id", "lead_type_id", "status_id", "stage_id")
    }
    consent = "coalesce(r.consent, %(new_consent)s, 'unknown')"
    values |= {
        "id": "r.lead_id",
        "owner_id": "coalesce(r.owner_id, %(new_owner_id)s::bigint)",
        "company_id": "r.company_id",
        "consent": consent,
        "consent_at": f"CASE WHEN {consent} <> 'unknown' THEN coalesce(r.consent_at, %(new_consent_at)s, %(now)s) END",
        "custom": "%(new_custom)s::jsonb || coalesce(r.custom, '{}')",
        "captured_at": "coalesce(r.captured_at, %(new_captured_at)s, %(now)s)",
        **dict.fromkeys(("stage_since", "created_at", "updated_at"), "%(now)s"),
    }
    return f"""
        INSERT INTO leads_lead ({", ".join(values)})
        SELECT {", ".join(values.values())} FROM import_row r WHERE r.is_new ORDER BY r.line
    """  # noqa: S608 - composed of the constants above, values are parameters


def _defaults(constants: dict[str, Any]) -> dict[str, Any]:
    """The parameters ``new_…`` of the INSERT."""
    names = (*TEXTS, *FLAGS, "consent", "consent_at", "consent_source", "source_id", "lead_type_id", *AT_CREATION)
    given = {f"new_{name}": constants.get(name) for name in names}
    return given | {"new_custom": json.dumps(constants.get("custom", {}))}


def _reason(code: str, other: str) -> str:
    reasons = {
        "other_lead": _("Its e-mail address belongs to another lead (no. %(other)s) than its number does."),
        "other_number": _("Its e-mail address belongs to a lead that has the number %(other)s."),
        "number": _("Has the same number as line %(other)s."),
        "email": _("Has the same e-mail address as line %(other)s."),
        "lead": _("Is the same lead as line %(other)s."),
    }
    return reasons[code] % {"other": other}
