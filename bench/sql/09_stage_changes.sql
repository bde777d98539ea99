INSERT INTO leads_stagechange (id, lead_id, from_stage_id, to_stage_id, changed_at, by_id, reason, detail, version)
SELECT lead.id, lead.id, NULL, stage.id, lead.captured_at, NULL, 'created', '', ''
FROM leads_lead AS lead, leads_lifecyclestage AS stage
WHERE stage.key = 'lead';

INSERT INTO leads_stagechange (id, lead_id, from_stage_id, to_stage_id, changed_at, by_id, reason, detail, version)
SELECT %(leads)s + n, lead_id, lead.id, mql.id, started_at, NULL, 'threshold', '61', 'Scoring 1'
FROM promised, leads_lifecyclestage AS lead, leads_lifecyclestage AS mql
WHERE lead.key = 'lead' AND mql.key = 'mql';
