INSERT INTO sla_handoff (
    id, lead_id, stage_id, stage_change_id, team_id, owner_id, model_id, explanation, routing, opened_at, assigned_at,
    closed_at
)
SELECT
    n, lead_id, mql.id, %(leads)s + n, team_id, owner_id, model.id,
    jsonb_build_object(
        'model', 'Scoring 1', 'model_id', model.id, 'fit', 31, 'engagement', 18, 'intent', 12, 'total', 61,
        'scored_at', started_at,
        'lines', jsonb_build_array(
            jsonb_build_object('rule', 1, 'name', 'Decides on purchases', 'part', 'fit', 'points', 20,
                               'fact', 'Job title contains manager'),
            jsonb_build_object('rule', 2, 'name', 'Company of our size', 'part', 'fit', 'points', 11,
                               'fact', 'Employees 240'),
            jsonb_build_object('rule', 3, 'name', 'Downloads', 'part', 'engagement', 'points', 18,
                               'fact', '3 × Content downloaded, last 2 Nov 2026'),
            jsonb_build_object('rule', 4, 'name', 'Looks at prices', 'part', 'intent', 'points', 12,
                               'fact', '2 × Pricing page viewed, last 4 Nov 2026')
        )
    ),
    jsonb_build_object('rule', 'Everybody', 'why', 'next'),
    started_at, started_at,
    CASE WHEN NOT running AND stage NOT IN ('mql', 'sal') THEN started_at + interval '5 days' * span END
FROM promised, leads_lifecyclestage AS mql, scoring_scoringmodel AS model
WHERE mql.key = 'mql' AND model.state = 'published';
