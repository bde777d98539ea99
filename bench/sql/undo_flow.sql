-- As if these leads had never asked for a demo: their hand-offs, clocks, messages, history and events are gone.
CREATE TEMPORARY TABLE gone AS
SELECT id FROM sla_escalation WHERE clock_id IN (SELECT id FROM sla_clock WHERE lead_id = ANY(%(leads)s));

CREATE TEMPORARY TABLE gone_notices AS
SELECT DISTINCT notice_id AS id FROM sla_notice_escalations WHERE escalation_id IN (SELECT id FROM gone);

DELETE FROM sla_deliverytry WHERE notice_id IN (SELECT id FROM gone_notices);
DELETE FROM sla_notice_recipients WHERE notice_id IN (SELECT id FROM gone_notices);
DELETE FROM sla_notice_escalations WHERE notice_id IN (SELECT id FROM gone_notices);
DELETE FROM sla_notice WHERE id IN (SELECT id FROM gone_notices);
DELETE FROM sla_escalation WHERE id IN (SELECT id FROM gone);
DROP TABLE gone, gone_notices;

DELETE FROM sla_clock WHERE lead_id = ANY(%(leads)s);
DELETE FROM sla_handoff WHERE lead_id = ANY(%(leads)s);
DELETE FROM leads_changedlead WHERE lead_id = ANY(%(leads)s);
DELETE FROM leads_stagechange WHERE lead_id = ANY(%(leads)s) AND reason <> 'created';
DELETE FROM leads_event WHERE lead_id = ANY(%(leads)s) AND idempotency_key = %(key)s || lead_id;

UPDATE leads_lead
SET owner_id = NULL, stage_id = stage.id
FROM leads_lifecyclestage AS stage
WHERE stage.key = 'lead' AND leads_lead.id = ANY(%(leads)s);

DELETE FROM leads_leadbefore WHERE pgh_obj_id = ANY(%(leads)s);
