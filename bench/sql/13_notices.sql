-- What the broken promises have led to: three levels each, a message for each, sent at the first try.
INSERT INTO sla_escalation (id, clock_id, level, level_at, recorded_at, state, error)
SELECT id * 3 + level - 1, id, level, level_at[level], level_at[level] + interval '4 seconds', 'noticed', ''
FROM sla_clock, generate_series(1, 3) AS level
WHERE next_level = 4;

INSERT INTO sla_notice (
    id, message_id, state, reason, subject, body, created_at, next_try_at, claimed_until, tries, sent_at
)
SELECT
    id, '<' || clock_id || '-' || level || '@bench.example>', 'sent', 'First touch, level ' || level,
    'Lead ' || clock_id || ' is waiting', 'Lead ' || clock_id || ' has waited since the promise was made.',
    recorded_at, NULL, NULL, 1, recorded_at + interval '3 seconds'
FROM sla_escalation;

INSERT INTO sla_notice_escalations (notice_id, escalation_id)
SELECT id, id FROM sla_escalation;

INSERT INTO sla_notice_recipients (notice_id, user_id)
SELECT escalation.id, who
FROM sla_escalation AS escalation
JOIN sla_clock AS clock ON clock.id = escalation.clock_id
CROSS JOIN LATERAL unnest(
    CASE escalation.level
        WHEN 1 THEN ARRAY[clock.owner_id]
        WHEN 2 THEN ARRAY[clock.owner_id, %(reps)s + clock.team_id]
        ELSE ARRAY[%(reps)s + %(teams)s + 1]::bigint[]
    END
) AS who;

INSERT INTO sla_deliverytry (notice_id, tried_at, ok, detail)
SELECT id, sent_at, TRUE, '250 accepted' FROM sla_notice;
