"""The SQL of a batch: composed of the constants here, every value is a parameter."""

from __future__ import annotations

TEXTS = (
    "first_name", "last_name", "email", "phone", "job_title", "country", "city", "language", "journey_step",
    "bant_budget", "bant_authority", "bant_need", "bant_timeline",
)  # fmt: skip
FLAGS = ("do_not_email", "do_not_call")
LISTED = ("source_id", "campaign_id", "lead_type_id")
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
    **dict.fromkeys(LISTED, "bigint"),
    "company_id": "bigint",
    "company_guessed": "boolean",
    "custom": "jsonb",
    "status_id": "bigint",
    "status_reason": "text",
    "stage_id": "bigint",
    "owner_id": "bigint",
    "captured_at": "timestamptz",
    "attempt_channel": "text",
    "attempt_outcome": "text",
    "attempt_at": "timestamptz",
    "attempt_note": "text",
    "attempt_by": "bigint",
}
STAGED = tuple(TYPES)

CREATE = f"""
CREATE TEMPORARY TABLE import_row ({", ".join(f"{name} {kind}" for name, kind in TYPES.items())},
    by_number bigint, by_email bigint, lead_id bigint, former boolean NOT NULL DEFAULT false,
    is_new boolean NOT NULL DEFAULT false, changed boolean NOT NULL DEFAULT false, refused text, other text,
    before jsonb, added_number bigint, attempt_id bigint, stage_change_id bigint);
CREATE TEMPORARY TABLE import_seen (key text PRIMARY KEY, line integer NOT NULL);
"""
DROP = "DROP TABLE IF EXISTS import_row, import_seen"

# External ids are looked up by a subquery per row on purpose: the statistics know nothing yet of a system that is
# imported for the first time, and as a join each batch would read all numbers of the batches before it.
MATCH = (
    """UPDATE import_row SET refused = 'nobody'
        WHERE attempt_at IS NOT NULL AND coalesce(attempt_by, owner_id, %(by)s::bigint) IS NULL""",
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
FORGET_REFUSED = "DELETE FROM import_seen s USING import_row r WHERE r.line = s.line AND r.refused IS NOT NULL"
DUPLICATES = (
    f"INSERT INTO import_seen (key, line) SELECT key, line FROM ({KEYS}) k ORDER BY line ON CONFLICT DO NOTHING",  # noqa: S608 - a constant
    f"""UPDATE import_row r SET refused = split_part(s.key, ' ', 1), other = s.line::text
          FROM ({KEYS}) k JOIN import_seen s ON s.key = k.key AND s.line < k.line
         WHERE k.line = r.line""",  # noqa: S608 - a constant
    FORGET_REFUSED,
)
# In the order of their ids, so that nobody who locks several leads waits for us while we wait for them.
LOCK_LEADS = """SELECT id FROM leads_lead WHERE id IN (SELECT lead_id FROM import_row WHERE refused IS NULL)
    ORDER BY id FOR NO KEY UPDATE"""
# Whether a lead was merged, deleted or given another key between the match and the lock.
GONE = """
    SELECT EXISTS (SELECT FROM import_row r WHERE r.refused IS NULL AND r.lead_id IS NOT NULL
                      AND NOT EXISTS (SELECT FROM leads_lead l WHERE l.id = r.lead_id))
        OR EXISTS (SELECT FROM import_row r JOIN leads_lead l ON l.id = r.by_email
                    WHERE r.refused IS NULL AND NOT r.former AND l.email <> r.email)
        OR EXISTS (SELECT FROM import_row r WHERE r.refused IS NULL AND r.former AND NOT EXISTS
            (SELECT FROM leads_formeremail f WHERE f.email = r.email AND f.lead_id = r.by_email))
        OR EXISTS (SELECT FROM import_row r WHERE r.refused IS NULL AND r.by_number IS NOT NULL AND NOT EXISTS
            (SELECT FROM leads_externalid x
              WHERE x.system = %(system)s AND x.value = r.external_id AND x.lead_id = r.by_number))
"""
REMEMBER = """UPDATE import_row r SET before = to_jsonb(l) FROM leads_lead l
    WHERE l.id = r.lead_id AND r.refused IS NULL"""

WANTED_MOVES = """SELECT r.lead_id, r.stage_id FROM import_row r JOIN leads_lead l ON l.id = r.lead_id
    WHERE r.refused IS NULL AND r.stage_id <> l.stage_id"""
MOVED = """UPDATE import_row r SET changed = true, stage_change_id = m.change
    FROM unnest(%(leads)s::bigint[], %(changes)s::bigint[]) AS m(lead, change)
    WHERE m.lead = r.lead_id AND r.refused IS NULL"""
NOT_MOVED = """UPDATE import_row r SET refused = 'stage', other = f.name || ' → ' || t.name
    FROM leads_lead l, leads_lifecyclestage f, leads_lifecyclestage t
    WHERE r.lead_id = ANY(%(leads)s) AND r.refused IS NULL
      AND l.id = r.lead_id AND f.id = l.stage_id AND t.id = r.stage_id"""

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
         RETURNING id, lead_id)
       UPDATE import_row r SET changed = true, added_number = added.id
         FROM added WHERE added.lead_id = r.lead_id AND r.refused IS NULL""",
    """INSERT INTO leads_stagechange (lead_id, to_stage_id, changed_at, by_id, reason, detail, version)
       SELECT l.id, l.stage_id, %(now)s, %(by)s::bigint, 'imported', %(detail)s, ''
         FROM import_row r JOIN leads_lead l ON l.id = r.lead_id WHERE r.is_new""",
)
_SAME_ATTEMPT = """EXISTS (SELECT FROM leads_attempt a WHERE a.lead_id = r.lead_id AND a.occurred_at = r.attempt_at
    AND a.user_id = coalesce(r.attempt_by, r.owner_id, %(by)s::bigint)
    AND a.channel = coalesce(r.attempt_channel, %(new_attempt_channel)s)
    AND a.outcome = coalesce(r.attempt_outcome, %(new_attempt_outcome)s))"""
# The same attempt again is no second one; the status follows as when it is logged by hand.
ATTEMPTS = (
    f"""WITH added AS (
         INSERT INTO leads_attempt (lead_id, user_id, channel, outcome, note, occurred_at, created_at)
         SELECT r.lead_id, coalesce(r.attempt_by, r.owner_id, %(by)s::bigint),
                coalesce(r.attempt_channel, %(new_attempt_channel)s),
                coalesce(r.attempt_outcome, %(new_attempt_outcome)s),
                coalesce(r.attempt_note, ''), r.attempt_at, %(now)s
           FROM import_row r WHERE r.refused IS NULL AND r.attempt_at IS NOT NULL AND NOT {_SAME_ATTEMPT}
         RETURNING id, lead_id)
       UPDATE import_row r SET changed = true, attempt_id = added.id
         FROM added WHERE added.lead_id = r.lead_id AND r.refused IS NULL""",  # noqa: S608 - a constant
    """UPDATE leads_lead l SET status_id = after.id, status_reason = '', updated_at = %(now)s
         FROM import_row r, leads_leadstatus known, leads_leadstatus after
        WHERE r.attempt_id IS NOT NULL AND l.id = r.lead_id AND known.id = l.status_id
          AND after.key = CASE WHEN coalesce(r.attempt_outcome, %(new_attempt_outcome)s) = 'connected'
                               THEN 'connected' ELSE 'attempting' END
          AND after.is_active
          AND (known.key = 'new' OR (known.key = 'attempting' AND after.key = 'connected'))""",
)
MARK = """INSERT INTO leads_changedlead (lead_id, queued_at, error)
       SELECT lead_id, %(now)s, '' FROM import_row WHERE is_new OR changed
        UNION SELECT l.id, %(now)s, '' FROM leads_lead l WHERE l.company_id = ANY(%(companies)s)"""
# Of what a lead was before, only what is different now.
RECORD = """
    INSERT INTO leads_importchange (job_id, lead_id, kind, before, added, left_at, fate)
    SELECT %(job)s, l.id, CASE WHEN r.is_new THEN 'created' ELSE 'updated' END,
           coalesce((SELECT jsonb_object_agg(b.key, b.value) FROM jsonb_each(r.before) b
                      WHERE b.value IS DISTINCT FROM to_jsonb(l) -> b.key), '{}'),
           jsonb_strip_nulls(jsonb_build_object('external_id', r.added_number, 'attempt', r.attempt_id,
                                                'stage_change', r.stage_change_id)),
           l.updated_at, 'stands'
      FROM import_row r JOIN leads_lead l ON l.id = r.lead_id WHERE r.is_new OR r.changed
"""
RECORD_COMPANIES = """
    INSERT INTO leads_importedcompany (job_id, company_id, is_new, filled)
    SELECT %(job)s, c.id, c.is_new, c.filled
      FROM unnest(%(ids)s::bigint[], %(new)s::boolean[], %(filled)s::jsonb[]) AS c(id, is_new, filled)
    ON CONFLICT (job_id, company_id) DO UPDATE SET filled = leads_importedcompany.filled || excluded.filled
"""
TALLY = """SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE changed AND NOT is_new AND refused IS NULL),
    count(*) FILTER (WHERE refused IS NULL AND NOT is_new AND NOT changed) FROM import_row"""


def _taken() -> dict[str, str]:
    """What each column of a known lead becomes: the file's word, unless an empty cell says nothing.

    Do-not flags are switched on and never off. Consent is taken when it is later than what is known, when nothing is
    known, or when it is a withdrawal without a time.
    """
    newer = """(r.consent IN ('granted', 'withdrawn') AND (l.consent = 'unknown' OR r.consent_at > l.consent_at
        OR (r.consent_at IS NULL AND r.consent = 'withdrawn' AND l.consent = 'granted')))"""
    return {
        **{name: f"coalesce(r.{name}, l.{name})" for name in (*TEXTS, *LISTED)},
        **{name: f"(l.{name} OR coalesce(r.{name}, false))" for name in FLAGS},
        "consent": f"CASE WHEN {newer} THEN r.consent ELSE l.consent END",
        "consent_at": f"CASE WHEN {newer} THEN coalesce(r.consent_at, %(now)s) ELSE l.consent_at END",
        "consent_source": f"CASE WHEN {newer} THEN coalesce(r.consent_source, '') ELSE l.consent_source END",
        # An address from before a merge finds the lead and does not come back into use.
        "email": "CASE WHEN r.former THEN l.email ELSE coalesce(r.email, l.email) END",
        "company_id": "CASE WHEN r.company_guessed THEN l.company_id ELSE coalesce(r.company_id, l.company_id) END",
        "custom": "l.custom || coalesce(r.custom, '{}')",
    }


def _sides() -> tuple[str, str, str]:
    """The columns, what they are, and what they become."""
    taken = _taken()
    return ", ".join(taken), ", ".join(f"l.{name}" for name in taken), ", ".join(taken.values())


def update() -> str:
    columns, before, after = _sides()
    return f"""
        WITH written AS (
          UPDATE leads_lead l SET ({columns}, updated_at) = ROW({after}, %(now)s)
            FROM import_row r
           WHERE l.id = r.lead_id AND r.refused IS NULL AND ROW({before}) IS DISTINCT FROM ROW({after})
          RETURNING r.line)
        UPDATE import_row r SET changed = true FROM written WHERE written.line = r.line
    """  # noqa: S608 - composed of the constants above, values are parameters


def foresee() -> tuple[str, ...]:
    """The same question as ``update`` and ``insert`` ask, answered without writing."""
    _columns, before, after = _sides()
    return (
        "UPDATE import_row SET is_new = true WHERE lead_id IS NULL AND refused IS NULL",
        f"""UPDATE import_row r SET changed = true FROM leads_lead l
             WHERE l.id = r.lead_id AND r.refused IS NULL
               AND (ROW({before}) IS DISTINCT FROM ROW({after})
                    OR (r.external_id IS NOT NULL AND r.by_number IS NULL)
                    OR (r.attempt_at IS NOT NULL AND NOT {_SAME_ATTEMPT}))""",  # noqa: S608 - as above
    )


def insert() -> str:
    """New leads: the file's word, else the mapping's constant, else the default."""
    values = {name: f"coalesce(r.{name}, %(new_{name})s, '')" for name in (*TEXTS, "status_reason", "consent_source")}
    values |= {name: f"coalesce(r.{name}, %(new_{name})s, false)" for name in FLAGS}
    values |= {name: f"coalesce(r.{name}, %(new_{name})s::bigint)" for name in (*LISTED, "status_id", "stage_id")}
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
