-- Forget what was recorded and sent for the clocks of bench_due, and put these back as they were.
CREATE TEMPORARY TABLE gone AS
SELECT id FROM sla_escalation WHERE clock_id IN (SELECT id FROM bench_due);

CREATE TEMPORARY TABLE gone_notices AS
SELECT DISTINCT notice_id AS id FROM sla_notice_escalations WHERE escalation_id IN (SELECT id FROM gone);

DELETE FROM sla_deliverytry WHERE notice_id IN (SELECT id FROM gone_notices);
DELETE FROM sla_notice_recipients WHERE notice_id IN (SELECT id FROM gone_notices);
DELETE FROM sla_notice_escalations WHERE notice_id IN (SELECT id FROM gone_notices);
DELETE FROM sla_notice WHERE id IN (SELECT id FROM gone_notices);
DELETE FROM sla_escalation WHERE id IN (SELECT id FROM gone);
DROP TABLE gone, gone_notices;

UPDATE sla_clock
SET next_at = bench_due.next_at, next_level = bench_due.next_level, level_at = bench_due.level_at
FROM bench_due
WHERE sla_clock.id = bench_due.id;
