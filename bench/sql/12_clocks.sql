INSERT INTO sla_clock (
    id, handoff_id, lead_id, owner_id, team_id, policy_version_id, kind, state, time_zone, started_at, warn_at, due_at,
    level_at, next_level, next_at, stopped_at, stopped_by_id, working_seconds
)
SELECT
    n, n, lead_id, owner_id, team_id, CASE WHEN soon THEN slow.id ELSE fast.id END, 'first_touch',
    CASE WHEN running THEN 'running' ELSE 'met' END,
    time_zone, started_at,
    CASE WHEN soon THEN started_at + interval '1 day' ELSE started_at + promise - interval '2 minutes' END,
    started_at + promise,
    ARRAY[started_at + promise, started_at + promise + interval '10 minutes', started_at + promise + interval '1 hour'],
    CASE WHEN running AND breached THEN 4 ELSE 1 END,
    CASE WHEN running AND NOT breached THEN started_at + promise END,
    CASE WHEN NOT running THEN started_at + interval '12 minutes' * answer END,
    CASE WHEN NOT running THEN n END,
    CASE WHEN NOT running THEN floor(720 * answer) END
FROM promised,
(SELECT version.id FROM sla_policyversion AS version JOIN sla_policy AS policy ON policy.id = version.policy_id
 WHERE policy.name = 'First touch') AS fast,
(SELECT version.id FROM sla_policyversion AS version JOIN sla_policy AS policy ON policy.id = version.policy_id
 WHERE policy.name = 'Three days') AS slow;
